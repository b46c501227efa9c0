"""URL → evidence: one file per source, listed here."""

from __future__ import annotations

from surveyor.scan.gather import http, psi
from surveyor.scan.gather.interface import Errand, Gatherer

GATHERERS: tuple[Gatherer, ...] = (http.GATHERER, psi.GATHERER)

__all__ = ["GATHERERS", "Errand", "Gatherer", "http", "psi"]
