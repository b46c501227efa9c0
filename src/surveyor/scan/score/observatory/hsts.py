"""Strict-Transport-Security of the answer over https."""

from __future__ import annotations

from surveyor.scan.check import transport
from surveyor.scan.score.interface import Sample, Test


def judge(sample: Sample) -> str:
    """A host on browsers' list needs no header; one whose certificate is not valid cannot set it (RFC 6797 §8.1)."""
    if sample.preloaded(sample.host):
        return "hsts-preloaded"
    answer = sample.answer("https")
    if answer is None:
        return "hsts-not-implemented-no-https"
    values = answer.headers_of("strict-transport-security")
    if not values:
        return "hsts-not-implemented"
    if not answer.verified:
        return "hsts-invalid-cert"
    read = transport.read(", ".join(values))
    if read is None:
        return "hsts-header-invalid"
    if read.lasting:
        return "hsts-implemented-max-age-at-least-six-months"
    return "hsts-implemented-max-age-less-than-six-months"


TEST = Test(
    id="strict-transport-security",
    title="Strict-Transport-Security",
    outcomes=(
        "hsts-preloaded",
        "hsts-implemented-max-age-at-least-six-months",
        "hsts-implemented-max-age-less-than-six-months",
        "hsts-not-implemented",
        "hsts-header-invalid",
        "hsts-not-implemented-no-https",
        "hsts-invalid-cert",
    ),
    judge=judge,
)
