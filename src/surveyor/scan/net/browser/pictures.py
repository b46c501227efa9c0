"""Pictures of elements of a loaded page, each with a little of what is around it and an outline.

DevTools Protocol domain Page (``captureScreenshot`` with a clip). Bounded in number, pixels, bytes and seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

import orjson

from surveyor.scan.accessible import Picture
from surveyor.scan.errors import Malformed
from surveyor.scan.model import Evidence
from surveyor.scan.net.browser.tab import Tab

#: Pictures, bytes of one and of all in base64, and seconds for all.
_MOST, _BYTES, _ALL_BYTES, _SECONDS = 24, 40_000, 400_000, 4.0
_QUALITY = 60
_KIND = "data:image/webp;base64,"

#: Where an element is on the page, after it was brought there and outlined; nothing for what cannot be seen.
_SHOW = """(async (where, start) => {
  const plain = text => text.replace(/\\s+/g, ' ').trim();
  let root = document, element = null;
  try {
    const scopes = where.split(' >>> ');
    for (const scope of scopes) {
      const all = [...root.querySelectorAll(scope)].slice(0, 50);
      const last = scope === scopes[scopes.length - 1];
      element = (last && all.find(one => plain(one.outerHTML.slice(0, 2000)).startsWith(start))) || all[0];
      if (!element) return 'null';
      root = element.shadowRoot || element.contentDocument || element;
    }
  } catch { return 'null'; }
  if (['html', 'head', 'body'].includes(element.localName)) return 'null';
  element.scrollIntoView({block: 'center', inline: 'nearest', behavior: 'instant'});
  const kept = element.getAttribute('style');
  element.style.setProperty('outline', '3px solid #d4351c', 'important');
  element.style.setProperty('outline-offset', '2px', 'important');
  globalThis.surveyorRestore = () => {
    if (kept === null) element.removeAttribute('style'); else element.setAttribute('style', kept);
  };
  await new Promise(done => setTimeout(done, 30));
  const box = element.getBoundingClientRect();
  let left = box.left, top = box.top;
  for (let view = element.ownerDocument.defaultView; view && view.frameElement; view = view.parent) {
    const frame = view.frameElement.getBoundingClientRect();
    left += frame.left + view.frameElement.clientLeft; top += frame.top + view.frameElement.clientTop;
  }
  if (box.width < 1 || box.height < 1) return 'null';
  return JSON.stringify({left: left + scrollX, top: top + scrollY, width: box.width, height: box.height,
    across: Math.max(document.documentElement.scrollWidth, innerWidth),
    down: Math.max(document.documentElement.scrollHeight, innerHeight)});
})(%s, %s)"""
_RESTORE = "globalThis.surveyorRestore && surveyorRestore(); globalThis.surveyorRestore = undefined"
#: In CSS pixels: what is shown around an element, the least and the most that is shown at all.
_MARGIN = 24
_LEAST, _LARGEST = (200, 80), (600, 400)


def take(
    tab: Tab,
    world: int,
    wanted: Iterable[Evidence],
    *,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[Picture, ...]:
    """Pictures of the first elements that are named, as many as there is time and room for."""
    end = clock() + min(seconds, _SECONDS)
    room = _ALL_BYTES
    found: dict[str, Picture] = {}
    for one in wanted:
        if len(found) >= _MOST or clock() >= end or not one.where or one.where in found:
            continue
        try:
            data = _picture(tab, world, one, end - clock())
        except Malformed:  # an element that is not there any more, a selector that is none
            continue
        if data is not None and len(data) <= min(_BYTES, room):
            room -= len(data)
            found[one.where] = Picture(where=one.where, data=_KIND + data)
    return tuple(found.values())


def _picture(tab: Tab, world: int, one: Evidence, seconds: float) -> str | None:
    start = one.value.partition(">")[0][:100]
    asked = _SHOW % (_literal(one.where or ""), _literal(start))
    try:
        told = tab.run(world, asked, seconds=seconds).get("value")
        box = orjson.loads(told) if isinstance(told, str) else None
        if box is None:
            return None
        shot = {"format": "webp", "quality": _QUALITY, "clip": clip(box), "captureBeyondViewport": True}
        return str(tab.ask("Page.captureScreenshot", shot, seconds=seconds).get("data"))
    finally:
        tab.run(world, _RESTORE, seconds=seconds)


def clip(box: dict[str, Any]) -> dict[str, float]:
    """What of the page is shown: the element, or its beginning, within its surroundings, on the page."""
    width = min(max(box["width"] + 2 * _MARGIN, _LEAST[0]), _LARGEST[0], box["across"])
    height = min(max(box["height"] + 2 * _MARGIN, _LEAST[1]), _LARGEST[1], box["down"])
    left = min(max(0.0, box["left"] - _MARGIN), max(0.0, box["across"] - width))
    top = min(max(0.0, box["top"] - _MARGIN), max(0.0, box["down"] - height))
    return {"x": left, "y": top, "width": width, "height": height, "scale": 1}


def _literal(text: str) -> str:
    """Text as a script writes it."""
    return orjson.dumps(text.encode("utf-8", "replace").decode()).decode()
