"""First Contentful Paint: when anything is to be seen; milliseconds."""

from __future__ import annotations

from surveyor.scan.check import threshold

#: web.dev/articles/fcp; Lighthouse's desktop curve: score 0.9 and 0.5.
CHECK = threshold.check("fcp", (1800, 3000), desktop=(934, 1600))
