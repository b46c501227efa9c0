"""Barriers that can be decided from markup alone, each tied to success criteria of WCAG 2.1."""

from __future__ import annotations

from surveyor.scan.check.interface import Check, Table

CHECKS: tuple[Check, ...] = ()
WORDS: Table = {}

__all__ = ["CHECKS", "WORDS"]
