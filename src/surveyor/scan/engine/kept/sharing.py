"""Scanners of one scan in processes of their own: one of them finds the pages of the site, for all on this machine."""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from surveyor.scan.engine.gathering import Shared
from surveyor.scan.engine.kept import bundle
from surveyor.scan.engine.kept.bundle import Bundle
from surveyor.scan.engine.site.member import Member, Site
from surveyor.scan.engine.units import Ledger
from surveyor.scan.errors import ScanError
from surveyor.scan.plan import Request
from surveyor.scan.vocabulary import counted

#: What is locked while the pages are looked for: it is free again when its holder is done, or dead.
_LOCK = ".lock"


def site_of(path: Path, request: Request, start: Shared, find: Callable[[], Site], ledger: Ledger) -> Site:
    """The pages that another process found, or those that ``find`` does while the others wait for them."""
    with path.with_suffix(_LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with suppress(FileNotFoundError, ScanError):
            return _found(bundle.decode(path.read_bytes()), start, ledger)
        before = len(ledger.entries)
        site = find()
        # where the first page was not to be had, each says so of itself
        with suppress(ScanError):
            if start.page is not None:
                told = tuple(ledger.entries[before:])
                partial = path.with_suffix(".partial")
                partial.write_bytes(bundle.encode(bundle.of(request, site, told)))
                partial.replace(path)
        return site


def _found(kept: Bundle, start: Shared, ledger: Ledger) -> Site:
    """Pages as they were answered; what is around them is still to be asked for."""
    if kept.pages[0].page is None or kept.pages[0].url != start.errand.url:
        raise ScanError("the pages of another scan")
    start.page = kept.pages[0].page
    shared = [start]
    for seen in kept.pages[1:]:
        limits = replace(start.errand.settings.limits, page_bytes=seen.limit)
        errand = replace(start.errand, url=seen.url, settings=replace(start.errand.settings, limits=limits))
        home = shared[seen.home] if seen.home is not None and seen.home < len(shared) else None
        shared.append(Shared(errand, page=seen.page, home=home))
    site = Site(
        members=[
            Member(shared=one, frame=seen.frame, depth=seen.depth)
            for one, seen in zip(shared, kept.pages, strict=True)
            if one.page is not None
        ],
        met=kept.met,
    )
    site.settle()
    for entry in kept.coverage:
        ledger.add(entry)
    ledger.progress(
        "crawl.done", f"{counted(len(site.members), 'page')} that another scanner found", pages=len(site.members)
    )
    return site
