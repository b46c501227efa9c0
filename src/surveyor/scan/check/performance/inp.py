"""Interaction to Next Paint: how long the page takes to answer a click; milliseconds, from real visits."""

from __future__ import annotations

from surveyor.scan.check import threshold

#: Core Web Vitals, web.dev/articles/inp.
CHECK = threshold.check("inp", (200, 500))
