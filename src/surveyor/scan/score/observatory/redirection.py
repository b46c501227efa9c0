"""The way from http to https."""

from __future__ import annotations

from surveyor.scan.address import host_of
from surveyor.scan.score.interface import Sample, Test


def judge(sample: Sample) -> str:
    """The first hop decides most: only one to https on the same host lets HSTS be set for it."""
    answer = sample.answer("http")
    if answer is None:
        return "redirection-not-needed-no-http"
    route = answer.route
    secure = [step.url.lower().startswith("https:") for step in route]
    if not all(step.verified for step in route):
        return "redirection-invalid-cert"
    if all(sample.preloaded(host_of(step.url)) for step in route):
        return "redirection-all-redirects-preloaded"
    if len(route) == 1:
        return "redirection-missing"
    if not secure[-1]:
        return "redirection-not-to-https"
    if not secure[1]:
        return "redirection-not-to-https-on-initial-redirection"
    if host_of(route[0].url) != host_of(route[1].url):
        return "redirection-off-host-from-http"
    return "redirection-to-https"


TEST = Test(
    id="redirection",
    title="Redirection to https",
    outcomes=(
        "redirection-all-redirects-preloaded",
        "redirection-to-https",
        "redirection-not-needed-no-http",
        "redirection-off-host-from-http",
        "redirection-not-to-https-on-initial-redirection",
        "redirection-not-to-https",
        "redirection-missing",
        "redirection-invalid-cert",
    ),
    judge=judge,
)
