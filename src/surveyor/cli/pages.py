"""What the command line says of pages: how many of a site, as what they are loaded, with which headers."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from surveyor.cli import complaint, destination
from surveyor.scan.errors import BadTarget
from surveyor.scan.figures import Device
from surveyor.scan.model import Kind
from surveyor.scan.plan import Crawl, Request

_ONLY_PAGES = "--crawl, --sitemap, --device, --header, --evidence and what belongs to them are for pages"


def crawl(*, pages: int | None, sitemap: bool, subdomains: bool, **numbers: float | None) -> Crawl | None:
    """The crawl that was asked for, if any; raises ``BadTarget`` for what belongs to one without it."""
    given = {name: value for name, value in numbers.items() if value is not None}
    if pages is None and not sitemap:
        if given or subdomains:
            raise BadTarget(f"--{next(iter(given), 'subdomains')} is of a crawl: say how many pages with --crawl")
        return None
    if pages is not None:
        given["pages"] = pages
    return Crawl(**given, sitemap=sitemap, subdomains=subdomains)  # type: ignore[arg-type]


def headers(given: Iterable[str], of_environment: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Headers as they are sent; raises ``BadTarget``, which tells no value."""
    found: list[tuple[str, str]] = []
    for text in given:
        name, colon, value = text.partition(":")
        if not colon:
            raise BadTarget("--header: expected 'NAME: VALUE'")
        found.append((name, value))
    for text in of_environment:
        name, sign, variable = text.partition("=")
        if not sign or variable not in os.environ:
            raise BadTarget(f"--header-env {name}=...: expected NAME=VARIABLE, of a variable that is set")
        found.append((name, os.environ[variable]))
    if not found:
        return ()
    from surveyor.scan.net.extra import several  # most scans send none

    return several(found)


def asked(
    request: Request,
    crawling: Crawl | None,
    *,
    device: str | None,
    headers: tuple[tuple[str, str], ...],
    evidence: Path | None,
) -> Request:
    """The request with what was said of pages; raises ``BadTarget`` where it is for none, or nothing can be kept."""
    if request.kind is not Kind.WEB:
        if crawling is not None or device is not None or headers or evidence is not None:
            raise BadTarget(_ONLY_PAGES)
        return request
    if evidence is not None:
        destination.check(evidence, option="--evidence")
    loaded = Device(device or Device.MOBILE)
    return replace(request, crawl=crawling, device=loaded, headers=headers, keeps=evidence is not None)


class Keeper:
    """Writes what was seen to a file, where there is one to write to; ``whole`` is false when that failed."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.whole = True

    def __call__(self, data: bytes) -> None:
        """Write it."""
        if self._path is None:
            return
        try:
            destination.write(self._path, data, option="--evidence")
        except BadTarget as error:
            complaint.say(str(error))
            self.whole = False
