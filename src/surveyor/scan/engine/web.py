"""A web page from URL to findings: each slot gathers its evidence and runs its checks within its own deadline."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace

from surveyor.scan.address import normal
from surveyor.scan.check.registry import CHECKS
from surveyor.scan.engine import pictures
from surveyor.scan.engine.gathering import Shared, asset
from surveyor.scan.engine.kept import bundle, replay, sharing
from surveyor.scan.engine.kept.bundle import Bundle
from surveyor.scan.engine.kept.pool import Pool
from surveyor.scan.engine.parts import Parts
from surveyor.scan.engine.site.look import look
from surveyor.scan.engine.site.member import Member, Site
from surveyor.scan.engine.site.told import BROWSER
from surveyor.scan.engine.slot import Relay, Slot, outlines
from surveyor.scan.engine.units import Ledger
from surveyor.scan.evidence import Page
from surveyor.scan.gather import Errand
from surveyor.scan.model import Coverage, CoverageState, Domain, Target
from surveyor.scan.net import Client
from surveyor.scan.net.browser.visits import Loads, Visits
from surveyor.scan.net.extra import Extra, several
from surveyor.scan.net.turns import Turns
from surveyor.scan.plan import MOST_PAGES, Crawl, Request
from surveyor.scan.settings import Settings
from surveyor.scan.vocabulary import counted

#: What gathering may leave of a slot's seconds to parsing and checking.
_GATHER_SHARE = 0.9
#: Of the time of a scan of several pages, what is not left to write the report.
_SITE_SHARE = 0.95
#: By how much a scan that is narrowed to rules asks for more of what only the first are asked for.
_PROVING = 5
#: How many elements of one page of several are pictured.
_PICTURED = 8
#: How many requests a scan of several pages may make: for each page, and beside them.
_EACH, _BESIDE = 4, 400


def run(request: Request, settings: Settings, ledger: Ledger, *, client: Client | None = None) -> Parts:
    """Run the slots that were asked for, all at once; one that fails or hangs does not touch the others.

    Narrowed to rules, only the slots that hold one of them run; an id that no rule has is an entry of coverage.
    """
    client = client or Client(settings)
    if request.engine is not None:
        settings = replace(settings, performance_engine=request.engine)
    if request.headers:
        client = client.sending(Extra(request.source, several(request.headers)))
    crawl = _crawl(request)
    turns = None
    if crawl is not None:
        turns = Turns(rate=crawl.rate, requests=crawl.pages * _EACH + _BESIDE)
        client = client.taking_turns(turns)
    # what is to prove that nothing is wrong has to see more than what only looks for it
    times = 1 if request.rules is None else _PROVING
    errand = Errand(
        url=request.source,
        settings=settings,
        client=client,
        deadline=_deadline(settings),
        times=times,
        device=request.device,
    )
    if request.common is not None:
        errand = replace(errand, once=Pool(request.common).once)
    # a page that is loaded for all scanners is loaded for the one that shows pictures
    if settings.pictures and (request.common is not None or Domain.ACCESSIBILITY.value in request.slots):
        # of several pages each has its own barriers, and a report is to be read
        errand = replace(errand, pictured=pictures.Wanted(None if crawl is None else _PICTURED, request.rules))
    with contextlib.closing(Visits(client, settings.browser)) as visits:
        shared = Shared(replace(errand, visits=visits))
        site = Site(members=[Member(shared=shared)])
        seconds = settings.limits.page_seconds
        before = len(ledger.entries)
        if crawl is not None and turns is not None:
            site = _site(request, shared, crawl, turns, ledger)
            seconds = site.until - time.monotonic()
        found = tuple(ledger.entries[before:])
        parts = _judged(request, site, seconds, ledger)
        if crawl is not None and visits.loads.count:
            ledger.add(_loaded(visits.loads, site))
    if request.keeps:
        parts.evidence = _kept(request, site, found, ledger)
    return parts


def _site(request: Request, start: Shared, crawl: Crawl, turns: Turns, ledger: Ledger) -> Site:
    """The pages to look at; found by another process of the same scan, where there is one."""
    until = start.errand.clock() + start.errand.settings.limits.site_seconds * _SITE_SHARE

    def find() -> Site:
        return look(start, crawl, turns, also=request.also, ledger=ledger)

    site = find() if request.pages is None else sharing.site_of(request.pages, request, start, find, ledger)
    site.until = until
    return site


def _loaded(loads: Loads, site: Site) -> Coverage:
    """What pages asked for in a browser: that is beside the requests that a crawl is bounded by."""
    made = f"{counted(loads.requests, 'request')} and {loads.received:,} bytes"
    return Coverage(
        what=BROWSER,
        state=CoverageState.LOOKED,
        detail=f"{counted(loads.count, 'load')} of pages in a browser: {made}, beside those of the crawl",
        asset=site.members[0].url,
        count=loads.count,
    )


def again(kept: Bundle, request: Request, settings: Settings, ledger: Ledger) -> Parts:
    """Judge kept evidence by today's rules, those of ``request`` if it names some."""
    deadline = time.monotonic() + settings.limits.site_seconds
    errand = Errand(url=kept.source, settings=settings, client=Client(settings), deadline=deadline, device=kept.device)
    site = replay.site_of(kept, errand)
    for entry in (*kept.coverage, *replay.missing(kept, site, request.rules)):
        ledger.add(entry)
    return _judged(request, site, settings.limits.site_seconds, ledger)


def _judged(request: Request, site: Site, seconds: float, ledger: Ledger) -> Parts:
    """What the slots that were asked for say of the pages of a site."""
    relay = Relay(ledger.progress)
    slots = [Slot(name, site, relay, request) for name in request.slots if _wanted(name, request)]
    for slot in slots:
        slot.start()
    for slot in slots:
        slot.finish(seconds)
    parts = Parts(target=_target(request, site.members[0].shared.page))
    for slot in slots:
        slot.hand_over(parts, ledger)
    for key in _unknown(request):
        detail = f"there is no check {key[:100]}"
        ledger.add(Coverage(what=f"check.{key}", state=CoverageState.FAILED, reason="unknown_check", detail=detail))
    return parts


def _kept(request: Request, site: Site, found: tuple[Coverage, ...], ledger: Ledger) -> bytes | None:
    """What was seen, as a file; a scan without one is still whole, and says why there is none."""
    return ledger.attempt("evidence", lambda: bundle.encode(bundle.of(request, site, found)), stage="evidence")


def _crawl(request: Request) -> Crawl | None:
    """What is to be crawled; pages that are named are looked at, and no others."""
    if request.also:
        return Crawl(pages=len(request.also) + 1, depth=0, alike=MOST_PAGES, rate=(request.crawl or Crawl()).rate)
    return request.crawl


def _wanted(slot: str, request: Request) -> bool:
    rules = request.rules
    return rules is None or outlines(slot, request) or any(rule.id in rules for rule in CHECKS[Domain(slot)])


def _unknown(request: Request) -> list[str]:
    known = {rule.id for slot in request.slots for rule in CHECKS[Domain(slot)]}
    return [key for key in request.rules or () if key not in known]


def _deadline(settings: Settings) -> float:
    return time.monotonic() + settings.limits.page_seconds * _GATHER_SHARE


def _target(request: Request, page: Page | None) -> Target:
    """The URL as asked for; ``name`` is the one that answered, when that is another."""
    final = page.url if page is not None and normal(page.url) != asset(request.source).value else None
    return Target(kind=request.kind, source=request.source, type="url", name=final)
