"""Cumulative Layout Shift: how much jumps about while loading; no unit."""

from __future__ import annotations

from surveyor.scan.check import threshold

#: Core Web Vitals, web.dev/articles/cls.
CHECK = threshold.check("cls", good=0.1, poor=0.25)
