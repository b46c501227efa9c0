"""axe-core in a page: run in every frame, in a world that the page's scripts do not see, and joined at the top.

By its API for frames that cannot speak to each other (``axe.runPartial``, ``axe.finishRun``), so nothing of it passes
through messages that a page could forge. The script is npm's, as it is, put here when Surveyor is built.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from surveyor.scan.errors import Absent, LimitExceeded, Malformed
from surveyor.scan.evidence import Barrier
from surveyor.scan.net.browser.measures import PLACE, barrier
from surveyor.scan.net.browser.tab import Tab

_SCRIPT = Path(__file__).parent / "vendor" / "axe.min.js"
_FRAMES, _PARTIAL_BYTES = 30, 16 << 20
_QUOTES = 20
_SECONDS = 15.0
#: Stands for a frame's result where it could not be run.
_LOST = "null"
#: Its tags of rules that are run: WCAG 2.1, levels A and AA.
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa")
#: Its rules beyond those levels that are run too.
_MORE = ("color-contrast-enhanced",)
_OPTIONS = orjson.dumps(
    {
        "runOnly": {"type": "tag", "values": TAGS},
        "rules": {rule: {"enabled": True} for rule in _MORE},
        "resultTypes": ["violations", "incomplete"],
        "preload": False,
    }
).decode()

#: Our selectors for elements of the page itself, theirs for what is in frames and shadow trees.
_FINISH = (
    """(async (partials, options, most) => {
  PLACE
  const where = target => {
    const own = target.length === 1 && typeof target[0] === 'string' && document.querySelector(target[0]);
    return own ? place(own) : target.flat(2).join(' >>> ');
  };
  const inside = node => node.target.length > 1 || typeof node.target[0] !== 'string';
  const told = (result, undecided, within) => {
    // of what is repeated on each page, a frame's document has nothing to be passed
    const nodes = within && result.id === 'bypass' ? [] : result.nodes.filter(node => inside(node) === within);
    return {
      rule: result.id, undecided, within, count: nodes.length,
      nodes: nodes.slice(0, most).map(node => ({
        where: where(node.target), markup: node.html.slice(0, 1000),
        why: ([...node.any, ...node.all, ...node.none][0] || {}).message || '',
      })),
    };
  };
  const found = await axe.finishRun(partials, options);
  const both = undecided => one => [told(one, undecided, false), told(one, undecided, true)];
  const all = [...found.violations.flatMap(both(false)), ...found.incomplete.flatMap(both(true))];
  return JSON.stringify(all.filter(one => one.count)).toWellFormed();
})(%s, %s, %d)"""
).replace("PLACE", PLACE)


def run(tab: Tab, *, seconds: float, clock: Callable[[], float] = time.monotonic) -> tuple[tuple[Barrier, ...], int]:
    """What axe-core finds in a page and its frames, and in how many of those it could not be run.

    Raises ``Absent`` where it was not put at build time.
    """
    try:
        script = _SCRIPT.read_text("utf-8")
    except OSError:
        raise Absent("axe-core is not in this installation") from None
    work = _Run(tab, script, clock() + min(seconds, _SECONDS), clock)
    top = str(tab.frames(seconds=work.left).get("frame", {}).get("id", ""))
    world = work.partial(top, "document")
    if world is None:
        raise Malformed("axe-core did not run in the page")
    partials = f"[{','.join(work.partials)}]"
    found = tab.run(world, _FINISH % (partials, _OPTIONS, _QUOTES), seconds=work.left).get("value")
    if not isinstance(found, str):
        raise Malformed("axe-core told nothing of the page")
    return barriers(found), work.partials.count(_LOST)


class _Run:
    """One pass over a page's frames, parents before what is in them, as ``finishRun`` wants their results."""

    def __init__(self, tab: Tab, script: str, end: float, clock: Callable[[], float]) -> None:
        self._tab, self._script, self._end, self._clock = tab, script, end, clock
        self._frames = 0
        self._bytes = 0
        self.partials: list[str] = []

    @property
    def left(self) -> float:
        """Seconds for all that is still to do."""
        return max(0.0, self._end - self._clock())

    def partial(self, frame: str, context: str) -> int | None:
        """Run in one frame and in those within it; its world, or nothing where it could not be run."""
        try:
            world = self._tab.world(frame, seconds=self.left)
            self._tab.run(world, f"{self._script};0", seconds=self.left)
            asked = f"axe.runPartial({context}, {_OPTIONS}).then(JSON.stringify)"
            self._keep(str(self._tab.run(world, asked, seconds=self.left).get("value")))
            within = self._tab.run(world, _CONTEXTS % (context, _OPTIONS), seconds=self.left).get("value")
        except Malformed:
            self.partials.append(_LOST)
            return None
        for selector, inner in orjson.loads(str(within)):
            child = self._frame(world, selector)
            if child is None:
                self.partials.append(_LOST)
            else:
                self.partial(child, inner)
        return world

    def _keep(self, result: str) -> None:
        self._frames += 1
        self._bytes += len(result)
        if self._frames > _FRAMES or self._bytes > _PARTIAL_BYTES:
            raise LimitExceeded("more frames, or elements in them, than are judged")
        self.partials.append(result)

    def _frame(self, world: int, selector: str) -> str | None:
        asked = f"axe.utils.shadowSelect({selector})"
        try:
            found = self._tab.run(world, asked, seconds=self.left, by_value=False)
            node = self._tab.ask("DOM.describeNode", {"objectId": found["objectId"]}, seconds=self.left)["node"]
        except (Malformed, KeyError):
            return None
        return str(node["frameId"]) if "frameId" in node else None


#: Selectors and contexts as JSON texts, since they are only handed on.
_CONTEXTS = """JSON.stringify(axe.utils.getFrameContexts(%s, %s).map(
  one => [JSON.stringify(one.frameSelector), JSON.stringify(one.frameContext)]))"""


def barriers(text: str) -> tuple[Barrier, ...]:
    """What axe-core found, as our script in the page tells it; raises ``Malformed`` where a page made it tell more."""
    try:
        return tuple(map(_barrier, orjson.loads(text)))
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        raise Malformed("axe-core told something else than barriers") from None


def _barrier(entry: dict[str, Any]) -> Barrier:
    found = barrier(str(entry["rule"]), entry)
    return replace(found, undecided=bool(entry["undecided"]), within=bool(entry["within"]))
