"""Running text that is read only by scrolling sideways in a window of 320 CSS pixels, which 1280 are at 400 %.

WCAG 2.1, success criterion 1.4.10. A line of text that is longer than the window decides it, where the page scrolls to
its end; what needs two dimensions (tables, code, pictures, tools) may scroll, and what scrolls by itself is not looked
into. DevTools Protocol domain Emulation.
"""

from __future__ import annotations

import contextlib

import orjson

from surveyor.scan.errors import Malformed, ScanError
from surveyor.scan.evidence import Barrier
from surveyor.scan.net.browser.measures import PLACE, barrier
from surveyor.scan.net.browser.tab import Tab

#: Its name, as barriers carry it.
WIDE = "surveyor-reflow"
_WINDOW = {"width": 320, "height": 256, "deviceScaleFactor": 1, "mobile": False}
_QUOTES, _SECONDS = 20, 3.0

#: Two frames: scripts that lay a page out anew have had their turn, and none that never end are waited for.
_FRAMES = """await Promise.race([new Promise(done => setTimeout(done, 500)),
    new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))]);"""

_LOOK = (
    """(async most => {
  PLACE
  FRAMES
  const root = document.documentElement, found = new Map();
  const own = 'table,pre,code,kbd,samp,svg,math,canvas,video,audio,iframe,object,embed,map,select,textarea,input,' +
    'button,nav,[role=table],[role=grid],[role=treegrid],[role=toolbar],[role=tablist],[role=menubar],[role=img],' +
    '[role=math],[role=application],[contenteditable]';
  const scrolls = document.scrollingElement && document.scrollingElement.scrollWidth > innerWidth + 8 &&
    [root, document.body].every(one => one && !/hidden|clip/.test(getComputedStyle(one).overflowX));
  const walker = document.createTreeWalker(document.body || root, NodeFilter.SHOW_TEXT);
  for (let count = 0; scrolls && walker.nextNode() && count < 4000 && found.size < 1000; count++) {
    const text = walker.currentNode, owner = text.parentElement;
    if (text.data.trim().length < 60 || owner.closest(own + ',script,style,noscript,template')) continue;
    if (!owner.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    const long = [...range.getClientRects()].find(one =>
      one.width > innerWidth + 8 && one.right > innerWidth + 8 && one.left + scrollX >= 0 && one.height > 1);
    if (!long) continue;
    let block = null, free = true;
    for (let at = owner; free && at && at !== root; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (!block && !/^(inline|contents)/.test(style.display)) block = at;
      free = at === document.body || (style.overflowX === 'visible' && style.position !== 'fixed');
    }
    if (free && block) found.set(block, `a line is ${Math.round(long.width)} pixels long in a window of ${innerWidth}`);
  }
  return JSON.stringify({count: found.size, nodes: [...found].slice(0, most).map(
    ([element, why]) => ({where: place(element), markup: element.outerHTML.slice(0, 1000), why}))}).toWellFormed();
})(%d)""".replace("PLACE", PLACE).replace("FRAMES", _FRAMES)
    % _QUOTES
)
_BACK = f"(async () => {{ {_FRAMES} }})()"


def narrow(tab: Tab, world: int, *, seconds: float) -> tuple[Barrier, ...]:
    """Blocks whose lines are longer than the narrow window; it is as wide as before when this ends."""
    seconds = min(seconds, _SECONDS)
    tab.ask("Emulation.setDeviceMetricsOverride", _WINDOW, seconds=seconds)
    try:
        told = tab.run(world, _LOOK, seconds=seconds).get("value")
    finally:
        with contextlib.suppress(ScanError):
            tab.ask("Emulation.clearDeviceMetricsOverride", seconds=seconds)
            tab.run(world, _BACK, seconds=seconds)
    if not isinstance(told, str):
        raise Malformed("how the page is in a narrow window was not told")
    found = barrier(WIDE, orjson.loads(told))
    return (found,) if found.count else ()
