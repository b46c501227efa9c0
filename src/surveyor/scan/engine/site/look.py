"""From the scan's first page to its site: which pages are looked at, which are not, and what is asked around each."""

from __future__ import annotations

from surveyor.scan.engine.gathering import Shared
from surveyor.scan.engine.site.crawler import Crawler
from surveyor.scan.engine.site.member import Member, Site
from surveyor.scan.engine.site.told import CRAWL, PAGE
from surveyor.scan.engine.units import Ledger
from surveyor.scan.errors import ScanError
from surveyor.scan.model import Coverage, CoverageState
from surveyor.scan.net.turns import Turns
from surveyor.scan.plan import Crawl
from surveyor.scan.vocabulary import counted

#: Of a scan's time, how much finding its pages may take.
_SHARE = 0.4
_DETAIL = 1_000


def look(start: Shared, crawl: Crawl, turns: Turns, *, also: tuple[str, ...], ledger: Ledger) -> Site:
    """Crawl, and tell of each page; of a first page that cannot be had there is only that, and the slots say why."""
    clock = start.errand.clock
    began, seconds = clock(), start.errand.settings.limits.site_seconds
    crawler = Crawler(
        start=start, crawl=crawl, turns=turns, progress=ledger.progress, until=began + seconds * _SHARE, also=also
    )
    ledger.progress("crawl.start", f"{counted(crawl.pages, 'page')} at most from {start.asset.value}")
    try:
        with ledger.progress.timing("crawl"):
            crawler.run()
    except ScanError as error:
        ledger.progress("crawl.err", f"{start.asset.value}: {error}", reason=error.code)
    site = Site(members=crawler.members or [Member(shared=start)], met=crawler.met)
    site.settle()
    site.lost = crawler.unvisited.summary() or None if also else None
    for entry in _entries(site, crawler, turns):
        ledger.add(entry)
    return site


def _entries(site: Site, crawler: Crawler, turns: Turns) -> list[Coverage]:
    """The crawl as a whole, each page that is looked at, and those that are not."""
    pages, kinds = counted(len(site.members), "page"), counted(len(site.templates), "template")
    told = f"{pages} of {kinds}, {counted(turns.taken, 'request')}"
    left = crawler.unvisited.summary()
    more = f"; not looked at, {left}" if left else ""
    sampled = len(site.sampled)
    sample = "" if sampled == len(site.members) else f"; {sampled} of them, one a template, loaded, measured and traced"
    whole = Coverage(
        what=CRAWL,
        state=CoverageState.LOOKED,
        detail=f"{told}{sample}{more}"[:_DETAIL],
        asset=site.members[0].url,
        count=len(site.members),
    )
    looked = [
        Coverage(
            what=PAGE,
            state=CoverageState.LOOKED,
            detail=f"template {member.frame or 'unread'} {site.templates[member.frame].pattern}",
            asset=member.url,
        )
        for member in site.members
    ]
    return [whole, *looked, *crawler.unvisited.entries()]
