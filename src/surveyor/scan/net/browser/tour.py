"""A walk through a loaded page by the tab key, as somebody without a mouse makes it.

It meets places where focus cannot be seen, and such where the key leads nowhere else.

DevTools Protocol domains Input (trusted key events) and Page (``captureScreenshot``). Nothing but the tab key is
pressed. Whether focus can be seen is asked of the picture where the element's outline does not say so: with focus and
without, the first screen of the page must not be the same to the last bit.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import orjson

from surveyor.scan.errors import Malformed
from surveyor.scan.evidence import Barrier
from surveyor.scan.net.browser.measures import PLACE, barrier
from surveyor.scan.net.browser.tab import Tab

#: Names of what is found, as barriers carry them.
UNSEEN, TRAP = "surveyor-focus-not-visible", "surveyor-keyboard-trap"
#: Presses of the key, pictures in pairs, and seconds for all of it.
_STOPS, _PICTURES, _SECONDS = 30, 10, 5.0
#: Presses in each direction after which an element that still has focus holds it.
_STUBBORN = 3
_TAB = {"key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9}
#: The modifier by which the key goes back.
SHIFT = 8

_BEGIN = "document.activeElement && document.activeElement.blur(); scrollTo(0, 0)"
#: Where focus is a moment after the key: handlers of pages move it on.
_WHERE = """(async () => {
  PLACE
  await new Promise(done => setTimeout(done, 25));
  const at = document.activeElement;
  if (!at || at === document.body || at === document.documentElement) return 'null';
  const style = getComputedStyle(at), box = at.getBoundingClientRect();
  const inner = at.shadowRoot || ['iframe', 'frame', 'object', 'embed', 'audio', 'video'].includes(at.localName) ||
    (at.localName === 'input' && !['button', 'submit', 'reset', 'checkbox', 'image', 'text'].includes(at.type));
  return JSON.stringify({
    where: place(at), markup: at.outerHTML.slice(0, 1000), inner: !!inner,
    key: [...document.querySelectorAll('*')].indexOf(at),
    outlined: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0,
    caret: at.isContentEditable || at.localName === 'textarea' || at.localName === 'input' || at.localName === 'select',
    seen: box.width > 2 && box.height > 2 && box.bottom > 0 && box.right > 0 && box.top < innerHeight &&
      box.left < innerWidth && at.checkVisibility({visibilityProperty: true, opacityProperty: true}),
  }).toWellFormed();
})()""".replace("PLACE", PLACE)
_BLUR = """(async () => {
  document.activeElement && document.activeElement.blur();
  await new Promise(done => setTimeout(done, 25));
})()"""
#: Whether the page says how else to get on: a key, or a way out.
_TOLD = (
    "/\\b(esc|escape|ctrl|control|alt|press|hit|key|keyboard|tast[eo]|touche|tecla)\\b/i.test(document.body.innerText)"
)


#: What a change of style begins is over at once: a picture shows how it ends.
_ENDED = """for (const one of document.getAnimations())
  if (one instanceof CSSTransition) { try { one.finish(); } catch {} }"""


def walk(tab: Tab, world: int, *, seconds: float, clock: Callable[[], float] = time.monotonic) -> tuple[Barrier, ...]:
    """What a walk meets; raises as asking the browser does."""
    tour = _Tour(tab, world, clock() + min(seconds, _SECONDS), clock)
    tour.walk()
    return tuple(one for one in (barrier(UNSEEN, told(tour.unseen)), barrier(TRAP, told(tour.traps))) if one.count)


def told(stops: list[dict[str, Any]]) -> dict[str, Any]:
    """Stops as measurements are told."""
    return {"count": len(stops), "nodes": [{**stop, "why": ""} for stop in stops]}


def press(tab: Tab, modifiers: int = 0, *, seconds: float) -> None:
    """Press the tab key and let it go."""
    for kind in ("rawKeyDown", "keyUp"):
        tab.ask("Input.dispatchKeyEvent", {"type": kind, "modifiers": modifiers, **_TAB}, seconds=seconds)


class _Tour:
    """One walk."""

    def __init__(self, tab: Tab, world: int, end: float, clock: Callable[[], float]) -> None:
        self._tab, self._world, self._end, self._clock = tab, world, end, clock
        self.unseen: list[dict[str, Any]] = []
        self.traps: list[dict[str, Any]] = []
        self._pairs = 0

    @property
    def _left(self) -> float:
        return max(0.0, self._end - self._clock())

    def walk(self) -> None:
        """Press the key until the page's end, a bound, or a trap."""
        self._tab.ask("Emulation.setFocusEmulationEnabled", {"enabled": True}, seconds=self._left)
        self._run(_BEGIN)
        last, seen = None, set[int]()
        for _ in range(_STOPS):
            if self._left <= 0:
                return
            stop = self._press()
            if stop is None or stop["key"] < 0:
                return
            if stop["key"] == last and not stop["inner"]:
                self._doubt(stop)
                return
            if stop["key"] == last:
                continue  # on within a frame or a player
            if stop["key"] in seen:
                return
            seen.add(stop["key"])
            last = stop["key"]
            if self._hides(stop):
                self.unseen.append(stop)

    def _doubt(self, stop: dict[str, Any]) -> None:
        """The key left focus where it was: whether it does so again and again, forwards and backwards."""
        for modifiers in (0,) * _STUBBORN + (SHIFT,) * _STUBBORN:
            again = self._press(modifiers)
            if again is None or again["key"] != stop["key"]:
                return
        if not self._run(_TOLD):
            self.traps.append(stop)

    def _hides(self, stop: dict[str, Any]) -> bool:
        """Whether the page looks the same without focus there; a caret is not waited for."""
        if stop["outlined"] or stop["caret"] or stop["inner"] or not stop["seen"] or self._pairs >= _PICTURES:
            return False
        self._pairs += 1
        self._run(_ENDED)
        focused = self._picture()
        self._run(_BLUR)
        self._run(_ENDED)
        same = focused == self._picture()
        self._run(f"document.querySelectorAll('*')[{int(stop['key'])}].focus({{preventScroll: true}})")
        return same

    def _picture(self) -> str:
        asked = {"format": "png", "optimizeForSpeed": True}
        return str(self._tab.ask("Page.captureScreenshot", asked, seconds=self._left).get("data"))

    def _press(self, modifiers: int = 0) -> dict[str, Any] | None:
        press(self._tab, modifiers, seconds=self._left)
        found = self._run(_WHERE)
        if not isinstance(found, str):
            raise Malformed("where focus is was not told")
        stop: dict[str, Any] | None = orjson.loads(found)
        return stop

    def _run(self, script: str) -> object:
        return self._tab.run(self._world, script, seconds=self._left).get("value")
