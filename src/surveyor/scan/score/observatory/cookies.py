"""Cookies of the page and of the redirects before it."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.check import cookie, transport
from surveyor.scan.check.cookie import Cookie
from surveyor.scan.score.interface import Sample, Test

#: A load balancer's, without a say for who runs the site.
_IGNORED = frozenset({"heroku-session-affinity"})
#: Worst first.
_OUTCOMES = (
    "cookies-session-without-secure-flag",
    "cookies-session-without-httponly-flag",
    "cookies-anticsrf-without-samesite-flag",
    "cookies-samesite-flag-invalid",
    "cookies-without-secure-flag",
    "cookies-session-without-secure-flag-but-protected-by-hsts",
    "cookies-without-secure-flag-but-protected-by-hsts",
)


def judge(sample: Sample) -> str:
    """The worst of what the cookies lack; that all have SameSite is worth more than that nothing is wrong."""
    found = [one for one in cookie.read(sample.page.cookies) if one.name not in _IGNORED]
    every = cookie.read(sample.page.cookies)
    if not every:
        return "cookies-not-found"
    wrong = {outcome for one in found for outcome in _wrong(one, sample)}
    if wrong:
        return min(wrong, key=_OUTCOMES.index)
    if all(one.same_site in cookie.SAME_SITE for one in every):
        return "cookies-secure-with-httponly-sessions-and-samesite"
    return "cookies-secure-with-httponly-sessions"


def _wrong(one: Cookie, sample: Sample) -> Iterator[str]:
    if one.same_site is not None and (
        one.same_site not in cookie.SAME_SITE or (one.same_site == "none" and not one.secure)
    ):
        yield "cookies-samesite-flag-invalid"
    if one.is_token and one.same_site is None:
        yield "cookies-anticsrf-without-samesite-flag"
    if not one.secure:
        kind = "cookies-session-without-secure-flag" if one.is_session else "cookies-without-secure-flag"
        yield f"{kind}-but-protected-by-hsts" if _never_plain(sample) else kind
    if one.is_session and not one.http_only:
        yield "cookies-session-without-httponly-flag"


def _never_plain(sample: Sample) -> bool:
    """Whether browsers that were here before send nothing without TLS."""
    if sample.preloaded(sample.host):
        return True
    answer = sample.answer("https")
    if answer is None or not answer.verified:
        return False
    read = transport.read(", ".join(answer.headers_of("strict-transport-security")))
    return read is not None and read.lasting


TEST = Test(
    id="cookies",
    title="Cookies",
    outcomes=(
        "cookies-secure-with-httponly-sessions-and-samesite",
        "cookies-secure-with-httponly-sessions",
        "cookies-not-found",
        *reversed(_OUTCOMES),
    ),
    judge=judge,
)
