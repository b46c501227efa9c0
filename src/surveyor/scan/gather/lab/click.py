"""Interaction to Next Paint of one click (Event Timing), where a click is safe; ms.

The page's network is gone before: whatever its scripts make of the click, it reaches nobody. Only what opens or shows
something by its nature is clicked, a summary or a button that submits nothing, never a link.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from surveyor.scan.errors import Malformed
from surveyor.scan.formats.loose import number, part
from surveyor.scan.net.browser import emulation
from surveyor.scan.net.browser.tab import Tab

_SECONDS, _STEP = 1.0, 0.1

_FIND = """(() => {
  const plain = element => !element.closest('a[href], label, [contenteditable], dialog:not([open])')
    && (element.localName === 'summary' || (!element.disabled
        && (element.type === 'button' || (!element.form && element.type === 'submit'))));
  for (const element of [...document.querySelectorAll('summary, button')].slice(0, 200)) {
    if (!plain(element)) continue;
    element.scrollIntoView({block: 'center', behavior: 'instant'});
    const box = element.getBoundingClientRect();
    const x = box.left + box.width / 2, y = box.top + box.height / 2;
    const hit = document.elementFromPoint(x, y);
    if (!hit || !(hit === element || element.contains(hit))) continue;
    globalThis.told = [];
    for (const type of ['event', 'first-input'])
      new PerformanceObserver(list => {
        for (const entry of list.getEntries()) if (entry.interactionId) told.push(entry.duration);
      }).observe({type, durationThreshold: 16});
    return {x, y};
  }
  return null;
})()"""
#: Durations under 16 ms are not told, only that there was a click.
_TOLD = "told.length ? Math.max(...told) : null"
_CLICKED = "performance.eventCounts.get('click') > 0 ? 16 : null"


def interact(tab: Tab, world: int, *, seconds: float, clock: Callable[[], float] = time.monotonic) -> float | None:
    """How long one click takes to its next paint, at least 16; ``None`` where nothing can be clicked."""
    emulation.cut_off(tab, seconds=seconds)
    try:
        at = part(tab.run(world, _FIND, seconds=seconds), "value")
        x, y = number(at.get("x")), number(at.get("y"))
        if x is None or y is None:
            return None
        for kind in ("mousePressed", "mouseReleased"):
            click = {"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1}
            tab.ask("Input.dispatchMouseEvent", click, seconds=seconds)
        end = clock() + _SECONDS
        while clock() < end:
            told = number(tab.run(world, _TOLD, seconds=seconds).get("value"))
            if told is not None:
                return told
            time.sleep(_STEP)
        return number(tab.run(world, _CLICKED, seconds=seconds).get("value"))
    except Malformed:  # the page is gone, or its world
        return None
