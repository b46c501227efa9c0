"""Cross-Origin-Opener-Policy: that windows of other sites have no hold on the page's."""

from __future__ import annotations

from surveyor.scan.check import structured
from surveyor.scan.score.interface import Sample, Test

_VALUES = ("same-origin", "same-origin-allow-popups", "noopener-allow-popups", "unsafe-none")


def judge(sample: Sample) -> str:
    """One token of a structured field; browsers ignore anything else."""
    values = sample.page.headers_of("cross-origin-opener-policy")
    if not values:
        return "coop-not-implemented"
    value = structured.token(values)
    return f"coop-implemented-with-{value}" if value in _VALUES else "coop-header-invalid"


TEST = Test(
    id="cross-origin-opener-policy",
    title="Cross-Origin-Opener-Policy",
    outcomes=(*(f"coop-implemented-with-{value}" for value in _VALUES), "coop-not-implemented", "coop-header-invalid"),
    judge=judge,
)
