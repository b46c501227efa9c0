"""A page at rest: its images as they are shown, and how large its document is.

One script of ours in a world of its own; what it answers is text of a page, typed and cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from surveyor.scan.formats.loose import URL, listed, number, part, text, truth, whole
from surveyor.scan.net.browser.measures import PLACE
from surveyor.scan.net.browser.places import QUOTED
from surveyor.scan.net.browser.tab import Tab
from surveyor.scan.speed import Picture, Place, Resource

_IMAGES, _STYLED = 200, 3_000

_LOOK = (
    "((most, styled) => {"
    + PLACE
    + QUOTED
    + """
  const full = url => { try { return new URL(url, document.baseURI).href } catch { return '' } };
  const fold = box => box.width > 0 && box.height > 0 && box.top < innerHeight && box.bottom > 0
    && box.left < innerWidth && box.right > 0;
  const images = [];
  const add = (element, url, more) => {
    if (images.length >= most || !url || url.startsWith('data:') || url.startsWith('blob:')) return;
    const box = element.getBoundingClientRect();
    images.push({url: full(url).slice(0, 2000).toWellFormed(), where: place(element), snippet: quoted(element),
                 width: box.width, height: box.height, fold: fold(box), ...more});
  };
  for (const image of document.images) {
    const style = getComputedStyle(image);
    const sized = (image.hasAttribute('width') && image.hasAttribute('height')) || style.position === 'absolute'
      || style.position === 'fixed' || /^\\d/.test(style.aspectRatio.replace('auto ', ''));
    add(image, image.currentSrc, {natural: [image.naturalWidth, image.naturalHeight], lazy: image.loading === 'lazy',
                                  sized, background: false});
  }
  let seen = 0, nodes = 0, depth = 0, children = 0;
  const walker = document.createTreeWalker(document, NodeFilter.SHOW_ELEMENT);
  const depths = new Map();
  for (let element = walker.nextNode(); element && nodes < 200000; element = walker.nextNode()) {
    nodes += 1;
    const deep = (depths.get(element.parentElement) || 0) + 1;
    if (element.firstElementChild) depths.set(element, deep);
    depth = Math.max(depth, deep);
    children = Math.max(children, element.childElementCount);
    if (++seen <= styled) {
      const found = /url\\("(.*?)"\\)/.exec(getComputedStyle(element).backgroundImage);
      if (found) add(element, found[1], {background: true});
    }
  }
  return {images, nodes, depth, children};
})(%d, %d)"""
)


def look(tab: Tab, world: int, *, seconds: float) -> Mapping[str, Any]:
    """What the script saw, as it told it."""
    return part(tab.run(world, _LOOK % (_IMAGES, _STYLED), seconds=seconds), "value")


def pictures(told: Mapping[str, Any], loaded: Mapping[str, Resource]) -> Iterator[Picture]:
    """Images of what ``look`` told that were loaded over the network, by their URL in ``loaded``."""
    for one in listed(told.get("images")):
        url = text(one.get("url"), URL)
        if (resource := loaded.get(url)) is None:
            continue
        background = truth(one.get("background")) is True
        yield Picture(
            url=url,
            place=Place(where=text(one.get("where")), snippet=text(one.get("snippet"))),
            natural=_natural(one.get("natural")),
            shown=(number(one.get("width")) or 0.0, number(one.get("height")) or 0.0),
            format=resource.mime.partition("/")[2] if resource.mime.startswith("image/") else "",
            transfer=resource.transfer,
            lazy=None if background else truth(one.get("lazy")),
            fold=truth(one.get("fold")),
            sized=None if background else truth(one.get("sized")),
            background=background,
        )


def _natural(value: object) -> tuple[int, int] | None:
    sizes = [whole(one) for one in value] if isinstance(value, list) and len(value) == 2 else []
    width, height = sizes or (None, None)
    return (width, height) if width and height else None
