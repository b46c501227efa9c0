"""What of a page's scripts and stylesheets it did not need until it was loaded, and how its fonts are shown.

Counted while the page is measured, by function, as Lighthouse does: by block it would slow the page down. Rules of
stylesheets are counted when the page has come to rest. DevTools Protocol domains Profiler (precise coverage) and CSS
(rule usage).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any
from urllib.parse import urljoin

from surveyor.scan.formats.loose import URL, listed, number, part, text, truth, whole
from surveyor.scan.net.browser.tab import Tab
from surveyor.scan.values import frozen

_SHEETS, _FONTS = 500, 100


@frozen
class Use:
    """Shares (0 to 1) that nothing needed, by URL; family and ``font-display`` by a font's URL."""

    shares: Mapping[str, float] = field(default_factory=dict)
    fonts: Mapping[str, tuple[str, str]] = field(default_factory=dict)


class Counting:
    """Counts in one page from before it is gone to."""

    def __init__(self) -> None:
        self._sheets: dict[str, tuple[str, float]] = {}
        self._fonts: list[Mapping[str, Any]] = []

    def start(self, tab: Tab, *, seconds: float) -> None:
        """Count from now on."""
        for method, params in (
            ("DOM.enable", None),
            ("CSS.enable", None),
            ("Profiler.enable", None),
            ("Profiler.startPreciseCoverage", {"callCount": False, "detailed": False}),
        ):
            tab.ask(method, params, seconds=seconds)

    def hear(self, method: str, params: Mapping[str, Any]) -> None:
        """One event of the protocol; in the reading thread."""
        if method == "CSS.styleSheetAdded" and len(self._sheets) < _SHEETS:
            header = part(params, "header")
            url = text(header.get("sourceURL"), URL)
            if url.startswith(("http:", "https:")) and truth(header.get("isInline")) is not True:
                self._sheets[text(header.get("styleSheetId"), 100)] = url, number(header.get("length")) or 0.0
        elif method == "CSS.fontsUpdated" and len(self._fonts) < _FONTS:
            self._fonts.append(part(params, "font"))

    def stop(self, tab: Tab, *, page: str, seconds: float) -> Use:
        """What was counted for the document at ``page``, whose own scripts stand in it and are not told apart."""
        scripts = tab.ask("Profiler.takePreciseCoverage", seconds=seconds).get("result")
        tab.ask("Profiler.stopPreciseCoverage", seconds=seconds)
        tab.ask("CSS.startRuleUsageTracking", seconds=seconds)
        rules = tab.ask("CSS.stopRuleUsageTracking", seconds=seconds).get("ruleUsage")
        shares = dict(self._of_sheets(rules)) | dict(_of_scripts(scripts))
        shares.pop(page, None)
        return Use(shares=shares, fonts=dict(self._shown(page)))

    def _of_sheets(self, rules: object) -> Iterator[tuple[str, float]]:
        used = defaultdict[str, float](float)
        for rule in rules if isinstance(rules, list) else ():
            one = part({"rule": rule}, "rule")
            start, end = number(one.get("startOffset")), number(one.get("endOffset"))
            if start is not None and end is not None and truth(one.get("used")) is True:
                used[text(one.get("styleSheetId"), 100)] += max(0.0, end - start)
        for sheet, (url, length) in self._sheets.items():
            if length:
                yield url, 1 - min(1.0, used[sheet] / length)

    def _shown(self, page: str) -> Iterator[tuple[str, tuple[str, str]]]:
        for font in self._fonts:
            if url := _joined(page, text(font.get("src"), URL)):
                yield url, (text(font.get("fontFamily"), 100), text(font.get("fontDisplay"), 20) or "auto")


def _joined(page: str, source: str) -> str:
    try:
        return urljoin(page, source)
    except ValueError:
        return source


def _of_scripts(scripts: object) -> Iterator[tuple[str, float]]:
    found = dict[str, float]()
    for script in scripts if isinstance(scripts, list) else ():
        one = part({"script": script}, "script")
        url = text(one.get("url"), URL)
        ranges = list(_ranges(one.get("functions")))
        length = max((end for _, end, _ in ranges), default=0)
        if url.startswith(("http:", "https:")) and length:
            # a script that is run twice needs what either needs
            found[url] = min(found.get(url, 1.0), uncovered(ranges) / length)
    yield from found.items()


def _ranges(functions: object) -> Iterator[tuple[int, int, int]]:
    for function in functions if isinstance(functions, list) else ():
        for one in listed(part({"function": function}, "function").get("ranges")):
            start, end, count = (whole(one.get(name)) for name in ("startOffset", "endOffset", "count"))
            if start is not None and end is not None and count is not None and end > start:
                yield start, end, count


def uncovered(ranges: list[tuple[int, int, int]]) -> int:
    """Length of what never ran: start, end and count of blocks, of which the innermost tells."""
    length, at = 0, 0
    around = list[tuple[int, int]]()
    for start, end, count in sorted(ranges, key=lambda one: (one[0], -one[1])):
        while around and around[-1][0] <= start:
            until, ran = around.pop()
            length += 0 if ran else max(0, until - at)
            at = max(at, until)
        if around and not around[-1][1]:
            length += max(0, start - at)
        at = max(at, start)
        around.append((end, count))
    while around:
        until, ran = around.pop()
        length += 0 if ran else max(0, until - at)
        at = max(at, until)
    return length
