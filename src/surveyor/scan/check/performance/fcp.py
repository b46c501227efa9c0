"""First Contentful Paint: when anything is to be seen; milliseconds."""

from __future__ import annotations

from surveyor.scan.check import threshold

#: web.dev/articles/fcp.
CHECK = threshold.check("fcp", good=1800, poor=3000)
