"""How a page loads: Core Web Vitals and their laboratory relatives against published bounds, and what explains them."""

from __future__ import annotations

from surveyor.scan.check.interface import Check
from surveyor.scan.check.performance import (
    cache_lifetime,
    cls,
    compression,
    dom_size,
    duplicate_javascript,
    fcp,
    font_display,
    http_version,
    image_dimensions,
    image_format,
    image_lazy,
    image_size,
    inp,
    lcp,
    lcp_image,
    legacy_javascript,
    long_tasks,
    redirects,
    render_blocking,
    si,
    tbt,
    third_parties,
    ttfb,
    unused_css,
    unused_javascript,
    weight,
)
from surveyor.scan.check.performance.words import WORDS

#: What is measured, and what explains it.
METRICS: tuple[Check, ...] = (lcp.CHECK, cls.CHECK, inp.CHECK, fcp.CHECK, tbt.CHECK, si.CHECK, ttfb.CHECK)
CAUSES: tuple[Check, ...] = (
    lcp_image.CHECK,
    render_blocking.CHECK,
    redirects.CHECK,
    compression.CHECK,
    unused_javascript.CHECK,
    unused_css.CHECK,
    legacy_javascript.CHECK,
    duplicate_javascript.CHECK,
    long_tasks.CHECK,
    third_parties.CHECK,
    image_size.CHECK,
    image_format.CHECK,
    image_lazy.CHECK,
    image_dimensions.CHECK,
    font_display.CHECK,
    cache_lifetime.CHECK,
    weight.CHECK,
    http_version.CHECK,
    dom_size.CHECK,
)
CHECKS: tuple[Check, ...] = (*METRICS, *CAUSES)

__all__ = ["CAUSES", "CHECKS", "METRICS", "WORDS"]
