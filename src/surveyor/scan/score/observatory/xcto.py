"""X-Content-Type-Options."""

from __future__ import annotations

from surveyor.scan.score.interface import Sample, Test


def judge(sample: Sample) -> str:
    """One value is known: ``nosniff``."""
    values = sample.page.headers_of("x-content-type-options")
    if not values:
        return "x-content-type-options-not-implemented"
    if ", ".join(values).lower() == "nosniff":
        return "x-content-type-options-nosniff"
    return "x-content-type-options-header-invalid"


TEST = Test(
    id="x-content-type-options",
    title="X-Content-Type-Options",
    outcomes=(
        "x-content-type-options-nosniff",
        "x-content-type-options-not-implemented",
        "x-content-type-options-header-invalid",
    ),
    judge=judge,
)
