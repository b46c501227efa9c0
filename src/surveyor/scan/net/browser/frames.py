"""Pictures of a page as counts of its pixels by value: decoded by the browser, in a page where nothing of them acts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import orjson

from surveyor.scan.formats.loose import whole

#: Three colours of 256 values.
VALUES = 3 * 256

_COUNT = """(async pictures => {
  const all = [];
  for (const picture of pictures) {
    const bytes = Uint8Array.from(atob(picture), letter => letter.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], {type: 'image/jpeg'}));
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext('2d', {willReadFrequently: true});
    context.drawImage(image, 0, 0);
    const {data} = context.getImageData(0, 0, image.width, image.height);
    const counts = new Array(768).fill(0);
    for (let at = 0; at < data.length; at += 4) {
      const red = data[at], green = data[at + 1], blue = data[at + 2];
      if (red > 248 && green > 248 && blue > 248) continue;
      counts[red]++; counts[256 + green]++; counts[512 + blue]++;
    }
    all.push(counts);
  }
  return all;
})(%s)"""


def histograms(run: Callable[[str], Any], pictures: Sequence[str]) -> list[list[int]] | None:
    """Counts of each picture (JPEG in base64), red then green then blue, without what is white or nearly."""
    told = run(_COUNT % orjson.dumps(list(pictures)).decode())
    if not isinstance(told, list) or len(told) != len(pictures):
        return None
    found = [[whole(count) or 0 for count in counts] if isinstance(counts, list) else [] for counts in told]
    return found if all(len(counts) == VALUES for counts in found) else None
