"""Total Blocking Time: how long the page could not answer while loading; milliseconds, laboratory only."""

from __future__ import annotations

from surveyor.scan.check import threshold

#: Lighthouse's mobile curve: score 0.9 and 0.5.
CHECK = threshold.check("tbt", good=200, poor=600)
