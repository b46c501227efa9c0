"""Why addresses of a site were not looked at, in words, and as entries of coverage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from surveyor.scan.model import Coverage, CoverageState

#: What coverage calls a crawl, and one page of it.
CRAWL, PAGE = "crawl", "crawl.page"
#: And what a browser asks for beside it.
BROWSER = "crawl.browser"
#: By reason: in words, and whether a scan that left such an address out saw less than it was asked for.
REASONS: dict[str, tuple[str, bool]] = {
    "robots": ("robots.txt forbids it", False),
    "nofollow": ("links to it ask not to be followed", False),
    "other_site": ("it is of another site", False),
    "depth": ("it is further from the first page than asked for", False),
    "budget_pages": ("as many pages as asked for were looked at", False),
    "budget_requests": ("the requests that so many pages may take are used up", False),
    "budget_bytes": ("what pages of one scan may weigh is used up", True),
    "alike": ("as many addresses of its form were asked for as wanted", False),
    "trap": ("its address looks like one of endlessly many", False),
    "leaving": ("it would log out whoever the headers stand for", False),
    "not_html": ("it is no HTML page", False),
    "answer": ("the server answered without a page", False),
    "same_page": ("it leads to a page that was looked at", False),
    "same_content": ("it is the same, byte for byte, as a page that was looked at", False),
    "soft_404": ("it is what the server answers where there is no page", False),
    "unreachable": ("no answer could be had", True),
    "no_time": ("there was no time left", True),
    "too_fast": ("the server asked for fewer requests", True),
}
#: How many addresses are told one by one, and how long one is.
_MOST, _LONGEST = 100, 500


class Unvisited:
    """The addresses that were left out: the first of them, and how many for each reason."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._first: dict[str, tuple[str, str]] = {}

    def add(self, url: str, reason: str, detail: str = "") -> None:
        """Count one; ``detail`` says more than the reason does. Links to other sites are none of this one's pages."""
        self.counts[reason] += 1
        if len(self._first) < _MOST and (detail or reason != "other_site"):
            self._first.setdefault(url[:_LONGEST], (reason, detail))

    def entries(self) -> Iterator[Coverage]:
        """One for each of the first, and one for each reason that has more."""
        left = self.counts.copy()
        for url, (reason, detail) in self._first.items():
            left[reason] -= 1
            yield self._entry(reason, detail or REASONS[reason][0], asset=url)
        for reason, count in sorted(left.items()):
            if count > 0:
                more = f"of {count:,} {'more' if count < self.counts[reason] else 'addresses'}: {REASONS[reason][0]}"
                yield self._entry(reason, more, count=count)

    def summary(self) -> str:
        """All reasons with their numbers, the most frequent first; empty where nothing was left out."""
        return "; ".join(f"{count}: {REASONS[reason][0]}" for reason, count in self.counts.most_common())

    def _entry(self, reason: str, detail: str, *, asset: str | None = None, count: int | None = None) -> Coverage:
        state = CoverageState.PARTIAL if REASONS[reason][1] else CoverageState.SKIPPED
        return Coverage(what=PAGE, state=state, reason=reason, detail=detail, asset=asset, count=count)
