"""What is known of flaws whatever package has them: how likely and whether they are exploited, how bad, of what kind.

A missing score is unknown, not zero: nothing is said where no feed of that kind was at hand or none knows the flaw.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from surveyor.scan.advise.record import Fact
from surveyor.scan.advise.snapshot import Snapshot
from surveyor.scan.model import KnownExploited
from surveyor.scan.values import frozen

EPSS, KEV, NVD = "epss", "kev", "nvd"


@frozen
class Known:
    """All that feeds of facts say about the names of one flaw; ``kev`` is ``None`` without a list to look in."""

    epss: float | None = None
    percentile: float | None = None
    epss_date: datetime | None = None
    kev: bool | None = None
    exploited: KnownExploited | None = None
    facts: tuple[Fact, ...] = ()


NOTHING = Known()


class Facts:
    """The facts about many flaws, asked for at once."""

    def __init__(self, snapshot: Snapshot, names: Iterable[str]) -> None:
        feeds = {status.feed: status for status in snapshot.collections.values() if status.updated_at}
        self._listing = KEV in feeds
        self._date = feeds[EPSS].date if EPSS in feeds else None
        self._any = bool(feeds.keys() & {EPSS, KEV, NVD})
        cves = (name for name in names if name.startswith("CVE-")) if self._any else ()
        self.found: Mapping[str, Mapping[str, Fact]] = snapshot.facts(cves)

    def count(self, feed: str) -> int:
        """How many of the flaws one feed knows."""
        return sum(feed in said for said in self.found.values())

    def of(self, names: Iterable[str]) -> Known:
        """What is known of a flaw by these names; of several scores the highest."""
        if not self._any:
            return NOTHING
        said = [self.found[name] for name in names if name in self.found]
        scored = [fact for by in said if (fact := by.get(EPSS)) and fact.score is not None]
        likely = max(scored, key=lambda fact: fact.score or 0.0, default=None)
        listed = next((fact.exploited for by in said if (fact := by.get(KEV)) and fact.exploited), None)
        return Known(
            epss=likely.score if likely else None,
            percentile=likely.percentile if likely else None,
            epss_date=self._date if likely else None,
            kev=bool(listed) if self._listing else None,
            exploited=KnownExploited(
                added=listed.added, due=listed.due, action=listed.action, ransomware=listed.ransomware
            )
            if listed
            else None,
            facts=tuple(fact for by in said for feed, fact in by.items() if feed != EPSS),
        )
