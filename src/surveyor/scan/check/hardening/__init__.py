"""How programs are protected against being taken over; the ids are what a verification names."""

from __future__ import annotations

from surveyor.scan.check.hardening import (
    aslr,
    canary,
    cfg,
    dep,
    fortify,
    pie,
    relro,
    rpath,
    runtime,
    safeseh,
    signature,
    stack,
    textrel,
    wx,
)
from surveyor.scan.check.hardening.words import WORDS
from surveyor.scan.check.interface import Check

CHECKS: tuple[Check, ...] = (
    pie.CHECK,
    aslr.CHECK,
    stack.CHECK,
    dep.CHECK,
    wx.CHECK,
    textrel.CHECK,
    relro.CHECK,
    canary.CHECK,
    fortify.CHECK,
    rpath.CHECK,
    cfg.CHECK,
    safeseh.CHECK,
    signature.CHECK,
    runtime.CHECK,
)

__all__ = ["CHECKS", "WORDS"]
