"""What becomes of focus that is given to elements of a loaded page: who takes it, and who hands it on.

Two claims of rules need it. What is hidden from assistive technology and is in the way of the tab key is no barrier
where it takes no focus, or hands it on at once, as sentinels around a dialog do. And an area that scrolls is one only
where it holds something to see beyond its edge and nothing that the tab key reaches. That a browser tells itself: its
key stops at the area if there is nothing to stop at in it (Chromium since 130; not so others, where it is a barrier).

Asked last, since handlers of the page hear of it. DevTools Protocol domain Input: nothing but the tab key is pressed.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import orjson

from surveyor.scan.errors import Malformed
from surveyor.scan.evidence import Barrier
from surveyor.scan.net.browser.measures import PLACE, SEEN, barrier
from surveyor.scan.net.browser.tab import Tab
from surveyor.scan.net.browser.tour import SHIFT, press

#: The name of areas that scroll, as barriers carry it.
SCROLLED = "surveyor-scrolled-unreached"
_MOST, _AREAS, _SECONDS = 40, 10, 3.0

#: Gives focus to what is hidden, and keeps the areas that scroll for the key.
_GIVEN = (
    """(async (most, limit) => {
  PLACE
  SEEN
  const rest = () => new Promise(done => setTimeout(done, 15));
  const takes = async element => {
    if (document.activeElement && document.activeElement !== document.body) document.activeElement.blur();
    element.focus({preventScroll: true});
    await rest();
    return document.activeElement === element;
  };
  const able = 'a[href],area[href],button,input,select,textarea,iframe,summary,audio[controls],video[controls],' +
    '[tabindex],[contenteditable]';
  const hidden = [...document.querySelectorAll(able)].filter(one => one.tabIndex >= 0 &&
    one.closest('[aria-hidden="true" i]'));
  const moved = [];
  for (const one of hidden.slice(0, most)) if (!await takes(one)) moved.push(place(one));
  const beyond = (area, down, across) => {
    const box = area.getBoundingClientRect(), left = box.left + area.clientLeft, top = box.top + area.clientTop;
    const past = one => (down && (one.bottom > top + area.clientHeight + 1 || one.top < top - 1)) ||
      (across && (one.right > left + area.clientWidth + 1 || one.left < left - 1));
    const walker = document.createTreeWalker(area, NodeFilter.SHOW_TEXT);
    for (let count = 0; walker.nextNode() && count < 2000; count++)
      if (walker.currentNode.data.trim() && seen(walker.currentNode, area).some(past)) return true;
    return [...area.querySelectorAll('img,svg,video,canvas,object,iframe')].slice(0, 200).some(one =>
      one.checkVisibility({visibilityProperty: true, opacityProperty: true}) && past(one.getBoundingClientRect()));
  };
  const longer = [...document.querySelectorAll('body *')].slice(0, 20000).filter(one =>
    one.scrollHeight > one.clientHeight + 13 || one.scrollWidth > one.clientWidth + 13);
  const scrolled = [];
  for (const one of longer.slice(0, 500)) {
    if (scrolled.length >= limit) break;
    const style = getComputedStyle(one), scrolls = value => value === 'auto' || value === 'scroll';
    const by = (distance, ...paddings) => distance > Math.max(13, ...paddings.map(parseFloat));
    const down = scrolls(style.overflowY) &&
      by(one.scrollHeight - one.clientHeight, style.paddingTop, style.paddingBottom);
    const across = scrolls(style.overflowX) &&
      by(one.scrollWidth - one.clientWidth, style.paddingLeft, style.paddingRight);
    if (!(down || across) || one.tabIndex >= 0 || one.matches('input,select,textarea')) continue;
    if (!one.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue;
    if (beyond(one, down, across)) scrolled.push(one);
  }
  globalThis.surveyorAreas = scrolled;
  const areas = scrolled.map(one => ({where: place(one), markup: one.outerHTML.slice(0, 1000), why: ''}));
  return JSON.stringify({moved, areas}).toWellFormed();
})(%d, %d)""".replace("PLACE", PLACE).replace("SEEN", SEEN)
    % (_MOST, _AREAS)
)

_TAKE = "surveyorAreas[%d].focus({preventScroll: true})"
_STOPPED = """new Promise(done => setTimeout(() => done(document.activeElement === surveyorAreas[%d]), 15))"""
_END = "document.activeElement && document.activeElement.blur()"


def give(
    tab: Tab, world: int, *, seconds: float, clock: Callable[[], float] = time.monotonic
) -> tuple[tuple[Barrier, ...], tuple[str, ...]]:
    """Areas that scroll and that nothing reaches, and the selectors of hidden elements that did not keep focus."""
    end = clock() + min(seconds, _SECONDS)

    def run(script: str) -> object:
        return tab.run(world, script, seconds=max(0.0, end - clock())).get("value")

    tab.ask("Emulation.setFocusEmulationEnabled", {"enabled": True}, seconds=seconds)
    found = run(_GIVEN)
    if not isinstance(found, str):
        raise Malformed("where focus goes was not told")
    told = orjson.loads(found)
    unreached = []
    for place, area in enumerate(told["areas"]):
        if clock() >= end:
            break
        run(_TAKE % place)
        # on, into the area if there is something, and back
        for modifiers in (0, SHIFT):
            press(tab, modifiers, seconds=max(0.0, end - clock()))
        if run(_STOPPED % place) is True:
            unreached.append(area)
    if told["areas"]:
        run(_END)
    scrolled = barrier(SCROLLED, {"count": len(unreached), "nodes": unreached})
    return ((scrolled,) if scrolled.count else ()), tuple(told["moved"])
