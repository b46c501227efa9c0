"""Referrer-Policy, of headers and the page."""

from __future__ import annotations

from surveyor.scan.score.interface import Sample, Test

_PRIVATE = frozenset({"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"})
_UNSAFE = frozenset({"origin", "origin-when-cross-origin", "unsafe-url", "no-referrer-when-downgrade"})


def judge(sample: Sample) -> str:
    """The last token that browsers know decides; a meta element's comes after the headers'."""
    values = [*sample.page.headers_of("referrer-policy"), *sample.document.referrers]
    if not values:
        return "referrer-policy-not-implemented"
    tokens = [token.strip().lower() for value in values for token in value.split(",")]
    known = [token for token in tokens if token in _PRIVATE | _UNSAFE]
    if not known:
        return "referrer-policy-header-invalid"
    return "referrer-policy-private" if known[-1] in _PRIVATE else "referrer-policy-unsafe"


TEST = Test(
    id="referrer-policy",
    title="Referrer-Policy",
    outcomes=(
        "referrer-policy-private",
        "referrer-policy-not-implemented",
        "referrer-policy-unsafe",
        "referrer-policy-header-invalid",
    ),
    judge=judge,
)
