"""Response headers that protect visitors; the ids are what a verification names."""

from __future__ import annotations

from surveyor.scan.check.interface import Check
from surveyor.scan.check.security import csp, hsts, permissions, referrer, xcto, xfo
from surveyor.scan.check.security.words import WORDS

CHECKS: tuple[Check, ...] = (csp.CHECK, hsts.CHECK, xcto.CHECK, xfo.CHECK, referrer.CHECK, permissions.CHECK)

__all__ = ["CHECKS", "WORDS"]
