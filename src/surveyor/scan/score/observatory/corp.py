"""Cross-Origin-Resource-Policy: who may embed the page as a resource."""

from __future__ import annotations

from surveyor.scan.score.interface import Sample, Test

_VALUES = ("same-origin", "same-site", "cross-origin")


def judge(sample: Sample) -> str:
    """One of three values as they are written; a header that is there twice is none of them (Fetch §3.8)."""
    values = sample.page.headers_of("cross-origin-resource-policy")
    if not values:
        return "corp-not-implemented"
    value = ", ".join(values)
    return f"corp-implemented-with-{value}" if value in _VALUES else "corp-header-invalid"


TEST = Test(
    id="cross-origin-resource-policy",
    title="Cross-Origin-Resource-Policy",
    outcomes=(*(f"corp-implemented-with-{value}" for value in _VALUES), "corp-not-implemented", "corp-header-invalid"),
    judge=judge,
)
