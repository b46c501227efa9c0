"""How a page loads: Core Web Vitals and their laboratory relatives against published bounds."""

from __future__ import annotations

from surveyor.scan.check.interface import Check
from surveyor.scan.check.performance import cls, fcp, inp, lcp, si, tbt
from surveyor.scan.check.performance.words import WORDS

CHECKS: tuple[Check, ...] = (lcp.CHECK, cls.CHECK, inp.CHECK, fcp.CHECK, tbt.CHECK, si.CHECK)

__all__ = ["CHECKS", "WORDS"]
