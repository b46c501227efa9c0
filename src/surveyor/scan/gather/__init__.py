"""URL → evidence: one file per source, listed here. What each brings may be gathered for several checks, once."""

from __future__ import annotations

from surveyor.scan.gather import (
    browser,
    exposed,
    http,
    lab,
    lighthouse,
    links,
    psi,
    schemes,
    scripts,
    sharing,
    sitemaps,
    tls,
    wellknown,
)
from surveyor.scan.gather.interface import Errand, Gathered, Gatherer

GATHERERS: tuple[Gatherer, ...] = (
    http.GATHERER,
    psi.GATHERER,
    lab.GATHERER,
    lighthouse.GATHERER,
    schemes.GATHERER,
    sharing.GATHERER,
    tls.GATHERER,
    wellknown.GATHERER,
    exposed.GATHERER,
    scripts.GATHERER,
    links.GATHERER,
    sitemaps.GATHERER,
    browser.GATHERER,
)

__all__ = ["GATHERERS", "Errand", "Gathered", "Gatherer", "http", "lab", "lighthouse", "psi"]
