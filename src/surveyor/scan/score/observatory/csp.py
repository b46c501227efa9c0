"""Content-Security-Policy, of headers and meta elements together."""

from __future__ import annotations

from surveyor.scan.check import policy
from surveyor.scan.score.interface import Sample, Test

_NAME = "content-security-policy"


def judge(sample: Sample) -> str:
    """The worst that the policy allows, in the Observatory's order; the first that applies is the outcome."""
    page = sample.page
    found = policy.parse(page.headers_of(_NAME), sample.document.policies)
    if found is None:
        reported = page.headers_of(f"{_NAME}-report-only")
        return "csp-not-implemented-but-reporting-enabled" if reported else "csp-not-implemented"
    if found.broken or found.dangling:
        return "csp-header-invalid"
    allowed = policy.flags(found)
    verdicts = (
        (allowed.unsafe_inline, "csp-implemented-with-unsafe-inline"),
        (allowed.insecure_scheme_active and page.secure, "csp-implemented-with-insecure-scheme"),
        (allowed.unsafe_eval, "csp-implemented-with-unsafe-eval"),
        (
            allowed.insecure_scheme_passive and page.secure,
            "csp-implemented-with-insecure-scheme-in-passive-content-only",
        ),
        (allowed.unsafe_inline_style, "csp-implemented-with-unsafe-inline-in-style-src-only"),
        (bool(found.repeated), "csp-implemented-but-duplicate-directives"),
        (allowed.default_none, "csp-implemented-with-no-unsafe-default-src-none"),
    )
    return next((outcome for applies, outcome in verdicts if applies), "csp-implemented-with-no-unsafe")


TEST = Test(
    id="content-security-policy",
    title="Content-Security-Policy",
    outcomes=(
        "csp-implemented-with-no-unsafe-default-src-none",
        "csp-implemented-with-no-unsafe",
        "csp-implemented-with-unsafe-inline-in-style-src-only",
        "csp-implemented-but-duplicate-directives",
        "csp-implemented-with-insecure-scheme-in-passive-content-only",
        "csp-implemented-with-unsafe-eval",
        "csp-implemented-with-insecure-scheme",
        "csp-implemented-with-unsafe-inline",
        "csp-header-invalid",
        "csp-not-implemented",
        "csp-not-implemented-but-reporting-enabled",
    ),
    judge=judge,
)
