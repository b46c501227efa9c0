"""X-Frame-Options, or a policy's frame-ancestors instead of it."""

from __future__ import annotations

from surveyor.scan.check import policy
from surveyor.scan.score.interface import Sample, Test


def judge(sample: Sample) -> str:
    """Any frame-ancestors counts here, even ``*`` and one in a meta element; the finding of that name knows better."""
    page = sample.page
    found = policy.parse(page.headers_of("content-security-policy"), sample.document.policies, frames=True)
    if found is not None and "frame-ancestors" in found.directives:
        return "x-frame-options-implemented-via-csp"
    values = page.headers_of("x-frame-options")
    if not values:
        return "x-frame-options-not-implemented"
    value = ", ".join(values).lower()
    if value in {"deny", "sameorigin"}:
        return "x-frame-options-sameorigin-or-deny"
    if value.startswith("allow-from "):
        return "x-frame-options-allow-from-origin"
    return "x-frame-options-header-invalid"


TEST = Test(
    id="x-frame-options",
    title="X-Frame-Options",
    outcomes=(
        "x-frame-options-implemented-via-csp",
        "x-frame-options-sameorigin-or-deny",
        "x-frame-options-allow-from-origin",
        "x-frame-options-not-implemented",
        "x-frame-options-header-invalid",
    ),
    judge=judge,
)
