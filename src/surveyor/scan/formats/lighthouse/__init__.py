"""Lighthouse's result (LHR, versions 10 to 13), as its program writes it and PageSpeed Insights sends it.

Every audit and every field of one may be missing or of another shape, between versions and in failed runs: what cannot
be read is unknown. Read by lighthouse/types/lhr and the golden result of 13.4.
"""

from __future__ import annotations

from surveyor.scan.formats.lighthouse.result import failure, read

__all__ = ["failure", "read"]
