"""The twelve tests, each outcome by a site of our own; points, letters, and what a missing answer does to them."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveyor.scan.figures import NOT_LOOKED, Score
from surveyor.scan.score import observatory
from surveyor.scan.score.interface import Sample
from surveyor.scan.score.observatory import MODIFIERS, TESTS, WORDS, letter, total
from tests.unit.scan.score.samples import ORIGIN, page, route, sample

BY_ID = {test.id: test for test in TESTS}
CSP, COOKIE, HSTS = "Content-Security-Policy", "Set-Cookie", "Strict-Transport-Security"
YEAR = "max-age=31536000"


def sent(name: str, *values: str, **more: object) -> Sample:
    return sample(page(*((name, value) for value in values), **more))  # type: ignore[arg-type]


def policy(*values: str, **more: object) -> Sample:
    return sent(CSP, *values, **more)


def body(text: str, **more: object) -> Sample:
    return sample(page(body=text, **more))  # type: ignore[arg-type]


def cookies(*values: str, hsts: str | None = None) -> Sample:
    headers = [(COOKIE, value) for value in values] + ([(HSTS, hsts)] if hsts else [])
    return sample(page(*headers))


def origin(*headers: tuple[str, str]) -> Sample:
    return sample(cors=page(*headers))


def way(*urls: str, preloaded: tuple[str, ...] = ()) -> Sample:
    return sample(http=route(*urls), preloaded=preloaded)


META = "<meta http-equiv='content-security-policy' content=\"{}\">"
S, S2 = "http://site.example/", "https://site.example/"
REFERRER = "<meta name=referrer content=same-origin>"
SCRIPT = "<script src='{}' {}></script>"

CASES: list[tuple[str, Sample]] = [
    ("csp-not-implemented", sample()),
    ("csp-not-implemented", body(META.format("frame-ancestors 'none'; sandbox; report-uri /r"))),
    ("csp-not-implemented", body(META.format("default-src 'none'"), content_type="text/plain")),
    ("csp-not-implemented-but-reporting-enabled", sent(f"{CSP}-Report-Only", "default-src 'none'")),
    ("csp-header-invalid", policy("")),
    ("csp-header-invalid", policy("  ")),
    ("csp-header-invalid", policy("defa")),
    ("csp-header-invalid", policy("default-src 'none'; img-src 'self'; default-src 'none'")),
    ("csp-header-invalid", policy("default-src 'none'; script-src 'strict-dynamic'")),
    ("csp-header-invalid", policy("default-src 'strict-dynamic'")),
    ("csp-header-invalid", policy("default-src 'none'", "defa")),
    ("csp-implemented-with-unsafe-inline", policy("default-src 'UNSAFE-INLINE'")),
    ("csp-implemented-with-unsafe-inline", policy("script-src 'none'")),
    ("csp-implemented-with-unsafe-inline", policy("default-src 'none'; script-src data:")),
    ("csp-implemented-with-unsafe-inline", policy("default-src 'none'; script-src 'self'; object-src http://*")),
    ("csp-implemented-with-unsafe-inline", policy("frame-anchestors 'none'")),
    ("csp-implemented-with-insecure-scheme", policy("default-src 'none'; script-src http://a.example")),
    ("csp-implemented-with-insecure-scheme", policy("default-src 'none'; connect-src ftp://a.example")),
    ("csp-implemented-with-no-unsafe", policy("default-src 'self' http://a.example", url=S)),
    ("csp-implemented-with-unsafe-eval", policy("default-src 'none'; script-src 'unsafe-eval'")),
    ("csp-implemented-with-unsafe-eval", policy("default-src 'none'; style-src 'unsafe-eval'")),
    (
        "csp-implemented-with-insecure-scheme-in-passive-content-only",
        policy("default-src 'none'; media-src http:; style-src 'unsafe-inline'"),
    ),
    ("csp-implemented-with-unsafe-inline-in-style-src-only", policy("default-src 'none';;; ;style-src *")),
    ("csp-implemented-but-duplicate-directives", policy("default-src 'none'; report-uri /a; report-uri /b")),
    ("csp-implemented-but-duplicate-directives", policy("default-src 'self'; report-to a; report-to b")),
    ("csp-implemented-with-unsafe-inline", policy("report-to a; report-to b")),
    ("csp-implemented-with-no-unsafe", policy("default-src https://a.example;; ; script-src 'none'")),
    ("csp-implemented-with-no-unsafe", policy("default-src 'self'; style-src 'nonce-A' 'unsafe-inline'")),
    ("csp-implemented-with-no-unsafe-default-src-none", policy("default-src http:", "default-src https:")),
    ("csp-implemented-with-no-unsafe-default-src-none", policy("default-src 'none', ")),
    (
        "csp-implemented-with-no-unsafe-default-src-none",
        policy("default-src 'none'; script-src 'strict-dynamic' 'nonce-a' https: 'self' 'unsafe-inline'"),
    ),
    (
        "csp-implemented-with-no-unsafe-default-src-none",
        policy("default-src 'none'; style-src 'unsafe-inline'", "default-src 'none'; style-src 'self'"),
    ),
    ("csp-implemented-with-no-unsafe-default-src-none", body(META.format("default-src 'none'"))),
    ("cookies-not-found", sample()),
    ("cookies-not-found", cookies("no pair")),
    ("cookies-secure-with-httponly-sessions", cookies("SESSIONID=a; Secure; HttpOnly", "foo=a; Secure")),
    ("cookies-secure-with-httponly-sessions", cookies("a=1; Secure; SameSite=Lax", "heroku-session-affinity=1")),
    (
        "cookies-secure-with-httponly-sessions-and-samesite",
        cookies("SESSION=a; Secure; HttpOnly; SameSite=Strict", "a=1; secure; samesite=none"),
    ),
    ("cookies-without-secure-flag-but-protected-by-hsts", cookies("foo=bar", hsts=YEAR)),
    ("cookies-session-without-secure-flag-but-protected-by-hsts", cookies("login=a; HttpOnly", hsts=YEAR)),
    ("cookies-without-secure-flag", cookies("foo=bar")),
    ("cookies-without-secure-flag", cookies("foo=bar", hsts="max-age=60")),
    ("cookies-samesite-flag-invalid", cookies("SESSIONID=a; Secure; HttpOnly; SameSite=")),
    ("cookies-samesite-flag-invalid", cookies("SESSIONID=a; Secure; HttpOnly; SameSite=True")),
    ("cookies-samesite-flag-invalid", cookies("a=1; SameSite=None", hsts=YEAR)),
    ("cookies-anticsrf-without-samesite-flag", cookies("CSRFTOKEN=a; Secure; HttpOnly")),
    ("cookies-session-without-httponly-flag", cookies("SESSIONID=a; Secure")),
    ("cookies-session-without-secure-flag", cookies("SESSIONID=a; HttpOnly")),
    ("cookies-session-without-secure-flag", cookies("SESSIONID=a")),
    *((f"coep-{outcome}", sent("Cross-Origin-Embedder-Policy", *values)) for outcome, values in [
        ("implemented-with-require-corp", ["require-corp"]),
        ("implemented-with-credentialless", ['credentialless; report-to="a"']),
        ("implemented-with-unsafe-none", [" unsafe-none "]),
        ("not-implemented", []),
        ("header-invalid", ["Require-Corp"]),
        ("header-invalid", ['"require-corp"']),
        ("header-invalid", ["require-corp", "require-corp"]),
        ("header-invalid", ["require-corp, unsafe-none"]),
        ("header-invalid", [""]),
    ]),
    *((f"coop-{outcome}", sent("Cross-Origin-Opener-Policy", *values)) for outcome, values in [
        ("implemented-with-same-origin", ["same-origin"]),
        ("implemented-with-same-origin-allow-popups", ["same-origin-allow-popups;a=1;b"]),
        ("implemented-with-noopener-allow-popups", ["noopener-allow-popups"]),
        ("implemented-with-unsafe-none", ["unsafe-none"]),
        ("not-implemented", []),
        ("header-invalid", ["same-origin;report-to=a b"]),
        ("header-invalid", ["same-origin;"]),
    ]),
    *((f"corp-{outcome}", sent("Cross-Origin-Resource-Policy", *values)) for outcome, values in [
        ("implemented-with-same-origin", ["same-origin"]),
        ("implemented-with-same-site", ["same-site"]),
        ("implemented-with-cross-origin", ["cross-origin"]),
        ("not-implemented", []),
        ("header-invalid", ["same-origin", "same-origin"]),
        ("header-invalid", ["nobody"]),
    ]),
    *((f"cross-origin-resource-sharing-{outcome}", origin(*headers)) for outcome, headers in [
        ("not-implemented", ()),
        ("implemented-with-public-access", [("Access-Control-Allow-Origin", "*")]),
        ("implemented-with-restricted-access", [("Access-Control-Allow-Origin", ORIGIN)]),
        ("implemented-with-restricted-access", [
            ("Access-Control-Allow-Origin", "https://a.example"), ("Access-Control-Allow-Credentials", "true")]),
        ("implemented-with-universal-access", [
            ("access-control-allow-origin", ORIGIN), ("access-control-allow-credentials", "true")]),
    ]),
    ("redirection-not-needed-no-http", sample(http=None)),
    ("redirection-missing", way(S)),
    ("redirection-not-to-https", way(S, "http://www.site.example/")),
    ("redirection-not-to-https-on-initial-redirection", way(S, "http://www.site.example/", "https://www.site.example/")),
    ("redirection-off-host-from-http", way(S, "https://www.site.example/")),
    ("redirection-to-https", way(S, S2, "https://www.site.example/")),
    ("redirection-to-https", way(S, "https://site.example:8443/")),
    ("redirection-all-redirects-preloaded", way(S, "https://a.dev/", preloaded=("site.example", "a.dev"))),
    ("redirection-invalid-cert", sample(http=route(S, S2, verified=False))),
    ("referrer-policy-not-implemented", sample()),
    *((f"referrer-policy-{kind}", sent("Referrer-Policy", value)) for kind, value in [
        ("private", "No-Referrer"),
        ("private", "unsafe-url, same-origin, new-thing"),
        ("unsafe", "no-referrer, origin"),
        ("unsafe", "no-referrer-when-downgrade"),
        ("header-invalid", "never"),
    ]),
    ("referrer-policy-private", sample(page(("Referrer-Policy", "origin"), body=REFERRER))),
    ("hsts-preloaded", sample(preloaded=("site.example",))),
    ("hsts-not-implemented", sample()),
    ("hsts-not-implemented-no-https", replace(sample(), answers={})),
    ("hsts-invalid-cert", sample(page((HSTS, YEAR), verified=False))),
    ("hsts-implemented-max-age-at-least-six-months", sent(HSTS, "max-age=15552000; includeSubDomains; preload")),
    ("hsts-implemented-max-age-less-than-six-months", sent(HSTS, "max-age=15551999")),
    ("hsts-header-invalid", sent(HSTS, "includeSubDomains")),
    ("hsts-header-invalid", sent(HSTS, YEAR, YEAR)),
    ("hsts-header-invalid", sent(HSTS, f"{YEAR}; includeSubDomains, {YEAR}")),
    ("sri-not-implemented-response-not-html", sample(page(content_type="application/json"))),
    ("sri-not-implemented-but-no-scripts-loaded", body("<script>1</script><script src=' '></script>")),
    ("sri-not-implemented-but-all-scripts-loaded-from-secure-origin", body(SCRIPT.format("/a.js", ""))),
    (
        "sri-not-implemented-but-all-scripts-loaded-from-secure-origin",
        body(SCRIPT.format("https://cdn.site.example/a.js", "") + SCRIPT.format("https://[::1", "")),
    ),
    ("sri-implemented-and-all-scripts-loaded-securely", body(SCRIPT.format("a.js", "integrity=sha256-a"))),
    (
        "sri-implemented-and-external-scripts-loaded-securely",
        body(SCRIPT.format("https://cdn.example/a.js", "integrity=sha256-a") + SCRIPT.format("/b.js", "")),
    ),
    ("sri-not-implemented-but-external-scripts-loaded-securely", body(SCRIPT.format("https://cdn.example/a.js", ""))),
    ("sri-implemented-but-external-scripts-not-loaded-securely", body(SCRIPT.format("//cdn.example/a", "integrity=x"))),
    ("sri-not-implemented-and-external-scripts-not-loaded-securely", body(SCRIPT.format("//site.example/a.js", ""))),
    ("sri-not-implemented-and-external-scripts-not-loaded-securely", body(SCRIPT.format("http://cdn.example/a", ""))),
    ("x-content-type-options-not-implemented", sample()),
    ("x-content-type-options-nosniff", sent("X-Content-Type-Options", " NoSniff ")),
    ("x-content-type-options-header-invalid", sent("X-Content-Type-Options", "sniff")),
    ("x-frame-options-not-implemented", sample()),
    ("x-frame-options-sameorigin-or-deny", sent("X-Frame-Options", "deny ")),
    ("x-frame-options-allow-from-origin", sent("X-Frame-Options", "ALLOW-FROM https://a.example")),
    ("x-frame-options-header-invalid", sent("X-Frame-Options", "SAMEORIGIN, SAMEORIGIN")),
    ("x-frame-options-header-invalid", sent("X-Frame-Options", "DENY", "DENY")),
    ("x-frame-options-implemented-via-csp", policy("frame-ancestors *")),
    ("x-frame-options-implemented-via-csp", body(META.format("frame-ancestors 'none'"))),
]  # fmt: skip
OWNERS = {outcome: test for test in TESTS for outcome in test.outcomes}


@pytest.mark.parametrize(("outcome", "site"), CASES, ids=[f"{at}-{case[0]}" for at, case in enumerate(CASES)])
def test_a_site_comes_to_its_outcome(outcome: str, site: Sample) -> None:
    assert OWNERS[outcome].judge(site) == outcome


def test_every_outcome_has_a_case_points_and_words() -> None:
    assert {outcome for outcome, _ in CASES} == set(OWNERS) == set(MODIFIERS) == set(WORDS)
    assert len(OWNERS) == sum(len(test.outcomes) for test in TESTS)


def test_bonuses_count_from_ninety_and_nothing_falls_below_zero() -> None:
    assert total([]) == 100
    assert total([5, 10, 10]) == 125
    assert total([-10, 5]) == 95
    assert total([-11, 50]) == 89
    assert total([-50, -50, -50, 5]) == 0


@pytest.mark.parametrize(
    ("score", "grade"),
    [
        (135, "A+"), (100, "A+"), (99, "A"), (95, "A"), (90, "A"), (89, "A-"), (85, "A-"), (84, "B+"), (80, "B+"),
        (79, "B"), (70, "B"), (65, "B-"), (64, "C+"), (60, "C+"), (59, "C"), (50, "C"), (45, "C-"), (40, "D+"),
        (39, "D"), (30, "D"), (29, "D-"), (25, "D-"), (24, "F"), (0, "F"),
    ],
)  # fmt: skip
def test_letters(score: int, grade: str) -> None:
    assert letter(score) == grade


GOOD = (
    (CSP, "default-src 'none'; frame-ancestors 'none'"),
    (HSTS, YEAR),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
)


def test_a_whole_grade() -> None:
    found = observatory.score(sample(page(*GOOD), http=route(S, S2)))
    assert (found.scanner, found.profile, found.asset) == ("security", "observatory-6", S2)
    assert (found.score, found.grade, found.lowest, found.highest, found.detail) == (120, "A+", 120, 120, None)
    assert [test.id for test in found.tests] == [test.id for test in TESTS]
    assert sum(test.modifier or 0 for test in found.tests) == 20
    assert all(test.detail for test in found.tests)


def test_a_bare_page_fails() -> None:
    found = observatory.score(sample(http=route(S)))
    assert (found.score, found.grade) == (10, "F")


def test_what_could_not_be_looked_at_bounds_the_grade_and_never_makes_it_better() -> None:
    site = sample(page(*GOOD), http=route(S, S2), missed={"cors": "no answer in time", "http": "no answer in time"})
    found = observatory.score(site)
    assert (found.score, found.grade, found.lowest, found.highest) == (None, None, 30, 120)
    assert found.detail == "between D and A+: not every test could look"
    unseen = {test.id: test for test in found.tests if test.outcome == NOT_LOOKED}
    assert set(unseen) == {"redirection", "cross-origin-resource-sharing"}
    assert all(test.modifier is None and test.detail == "no answer in time" for test in unseen.values())


def test_a_grade_that_no_missing_answer_can_change_is_given() -> None:
    found = observatory.score(sample(page((COOKIE, "session=1")), http=route(S), missed={"cors": "broken"}))
    assert (found.score, found.grade) == (0, "F")


def test_hsts_is_asked_only_where_it_matters_to_a_cookie() -> None:
    missed = {"https": "no answer in time"}
    assert BY_ID["cookies"].judge(sample(page((COOKIE, "a=1; Secure")), missed=missed)).endswith("httponly-sessions")
    unsure: Score = observatory.score(sample(page((COOKIE, "a=1")), missed=missed))
    assert {test.id for test in unsure.tests if test.outcome == NOT_LOOKED} == {"cookies", "strict-transport-security"}


@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_an_error_page_has_no_grade(status: int) -> None:
    found = observatory.score(sample(page(*GOOD, status=status)))
    assert (found.score, found.grade, found.lowest, found.highest, found.tests) == (None, None, None, None, ())
    assert str(status) in (found.detail or "")


@pytest.mark.parametrize("status", [200, 204, 304, 401, 403])
def test_what_asks_for_a_login_has_one(status: int) -> None:
    assert observatory.score(sample(page(*GOOD, status=status), http=route(S, S2))).grade == "A+"


def test_a_page_that_was_cut_proves_nothing_about_its_scripts() -> None:
    (test,) = [one for one in observatory.score(sample(page(cut=True))).tests if one.id == "subresource-integrity"]
    assert test.outcome == NOT_LOOKED
    bad = page(body=SCRIPT.format("//cdn.example/a.js", ""), cut=True)
    assert BY_ID["subresource-integrity"].judge(sample(bad)).endswith("external-scripts-not-loaded-securely")


NAMES = sorted({CSP, COOKIE, HSTS, "Referrer-Policy", "X-Frame-Options", "X-Content-Type-Options",
                *(f"Cross-Origin-{kind}-Policy" for kind in ("Embedder", "Opener", "Resource"))})  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.text(max_size=200)), max_size=8), st.text(max_size=300))
def test_whatever_is_sent_has_a_score_with_an_outcome_of_each_list(headers: list[tuple[str, str]], text: str) -> None:
    found = observatory.score(sample(page(*headers, body=text), http=route(S, S2), cors=page(*headers)))
    assert found.score is not None
    assert all(result.outcome in test.outcomes for result, test in zip(found.tests, TESTS, strict=True))


TOKENS = ("default-src", "script-src", "'none'", "'nonce-a'", "https:", "https://a.example/b/", "*", ";", ",")


@given(st.lists(st.sampled_from(TOKENS), max_size=30).map(" ".join))
def test_whatever_a_policy_is_made_of_has_an_outcome(text: str) -> None:
    assert BY_ID["content-security-policy"].judge(policy(text)) in BY_ID["content-security-policy"].outcomes


def test_a_later_test_never_changes_an_earlier_ones_bounds() -> None:
    for missed in itertools.combinations(("http", "https", "cors"), 2):
        found = observatory.score(sample(page(*GOOD), missed=dict.fromkeys(missed, "gone")))
        assert found.lowest is not None
        assert found.highest is not None
        assert found.lowest <= found.highest
