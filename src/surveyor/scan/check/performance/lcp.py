"""Largest Contentful Paint: when the main thing is to be seen; milliseconds."""

from __future__ import annotations

from surveyor.scan.check import threshold

#: Core Web Vitals, web.dev/articles/lcp.
CHECK = threshold.check("lcp", good=2500, poor=4000)
