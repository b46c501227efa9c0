"""Checks of what is around a page, one line a case: evidence in, keys out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from surveyor.scan.check import cookie
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Outcome
from surveyor.scan.evidence import (
    Certificate,
    Exposed,
    Kept,
    Loading,
    Page,
    Rendered,
    Schemes,
    Script,
    Scripts,
    Sharing,
    Step,
    Tls,
    WellKnown,
)
from tests.unit.scan.check.pages import BY_ID, keys, page

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
S, S2, W, W2 = "http://site.example/", "https://site.example/", "http://www.site.example/", "https://www.site.example/"
HSTS = "Strict-Transport-Security"


def judged(rule: str, evidence: Any) -> list[Outcome]:
    check = BY_ID[f"security_{rule}"]
    found: Iterable[Outcome] = getattr(check, check.needs)(evidence)
    return list(found)


def told(rule: str, evidence: Any) -> list[str]:
    outcomes = judged(rule, evidence)
    assert all(outcome.evidence for outcome in outcomes)
    return [outcome.key for outcome in outcomes]


def way(*urls: str, headers: tuple[tuple[str, str], ...] = ()) -> Page:
    hops = tuple(Step(url=url, status=301) for url in urls[:-1])
    return replace(page("", *headers, url=urls[-1]), hops=hops, asked=urls[0])


@pytest.mark.parametrize(
    ("urls", "expected"),
    [
        ((), []),
        ((S,), ["missing"]),
        ((S, W), ["missing"]),
        ((S, W, W2), ["late"]),
        ((S, W2), ["off_host"]),
        ((S, S2, W2), []),
    ],
)
def test_redirection(urls: tuple[str, ...], expected: list[str]) -> None:
    assert told("redirection", Schemes(http=way(*urls) if urls else None)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("max-age=31536000; includeSubDomains; preload", []),
        ("max-age=31536000", []),
        ("max-age=1", []),
        ("nonsense; preload", []),
        ("max-age=31536000; preload", ["ineligible"]),
        ("max-age=31535999; includeSubDomains; preload", ["ineligible"]),
    ],
)
def test_preload_is_judged_only_where_it_is_asked_for(value: str, expected: list[str]) -> None:
    assert told("hsts_preload", Schemes(http=way(S, S2), https=page("", (HSTS, value)))) == expected


def test_what_keeps_a_host_off_the_list() -> None:
    good = "max-age=31536000; includeSubDomains; preload"
    for http, secure in (
        (way(S, W2), page("", (HSTS, good))),
        (way(S), page("", (HSTS, good))),
        (way(W, W2), page("", (HSTS, good), url=W2)),
        (None, replace(page("", (HSTS, good)), verified=False)),
    ):
        (outcome,) = judged("hsts_preload", Schemes(http=http, https=secure))
        assert [evidence.kind for evidence in outcome.evidence] == ["header", "reason", "reason"]
        assert "the list known here is of 20" in outcome.evidence[-1].value
    listed = page("", (HSTS, "max-age=1; preload"), url="https://bugzilla.mozilla.org/")
    assert told("hsts_preload", Schemes(https=listed)) == []


ORIGIN = "https://stranger.invalid"


@pytest.mark.parametrize(
    ("allowed", "credentials", "expected"),
    [
        (None, None, []),
        ("*", "true", []),
        ("https://a.example", "true", []),
        (ORIGIN, None, []),
        (ORIGIN, "false", []),
        (ORIGIN, "true", ["credentials"]),
        ("null", "true", ["credentials"]),
        ("null", None, []),
    ],
)
def test_sharing(allowed: str | None, credentials: str | None, expected: list[str]) -> None:
    names = {"Access-Control-Allow-Origin": allowed, "Access-Control-Allow-Credentials": credentials}
    answer = page("", *((name, value) for name, value in names.items() if value))
    assert told("sharing", Sharing(origin=ORIGIN, request=answer)) == expected
    assert told("sharing", Sharing(origin=ORIGIN, request=page(), preflight=answer)) == expected


OPENER, EMBEDDER, RESOURCE = (f"Cross-Origin-{kind}-Policy" for kind in ("Opener", "Embedder", "Resource"))


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ((), []),
        (((OPENER, "same-origin"), (EMBEDDER, "require-corp"), (RESOURCE, "same-site")), []),
        (((OPENER, "same-origin-allow-popups"),), []),
        (((EMBEDDER, "unsafe-none"),), []),
        (((OPENER, "Same-Origin"),), ["invalid"]),
        (((RESOURCE, "same-site"), (RESOURCE, "same-site")), ["invalid"]),
        (((EMBEDDER, "require-corp"),), ["unpaired"]),
        (((EMBEDDER, 'credentialless; report-to="x"'), (OPENER, "unsafe-none")), ["unpaired"]),
    ],
)
def test_isolation(headers: tuple[tuple[str, str], ...], expected: list[str]) -> None:
    assert keys("security_isolation", page("", *headers)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a=1; Secure", []),
        ("__Host-a=1; Secure; Path=/", []),
        ("session=1; Secure; HttpOnly; SameSite=Lax", []),
        ("a=1", ["insecure"]),
        ("session=1; Secure", ["readable"]),
        ("a=1; Secure; SameSite=maybe", ["same_site"]),
        ("a=1; SameSite=None", ["insecure", "same_site"]),
        ("csrftoken=1; Secure", ["unguarded"]),
        ("__Host-a=1; Secure; Path=/; Domain=site.example", ["prefix"]),
        ("__Secure-a=1", ["insecure", "prefix"]),
    ],
)
def test_cookies(value: str, expected: list[str]) -> None:
    assert keys("security_cookies", page("", ("Set-Cookie", value))) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a=1; Secure; SameSite=Lax", []),
        ("a=1; SameSite=None", []),
        ("a=1; Secure; SameSite=None", ["other"]),
        ("a=1; Secure; SameSite=None; Partitioned", []),
        ("session=1; Secure; HttpOnly; SameSite=None; Partitioned", ["session"]),
        ("csrftoken=1; Secure; SameSite=none", ["session"]),
    ],
)
def test_cookies_that_other_sites_bring_along(value: str, expected: list[str]) -> None:
    assert keys("security_cookies_cross_site", page("", ("Set-Cookie", value))) == expected


@pytest.mark.parametrize(
    ("names", "login", "form"),
    [
        ("PHPSESSID JSESSIONID connect.sid sid laravel_session auth_token access-token jwt __Host-auth", True, False),
        (
            ".AspNetCore.Identity.Application .ASPXAUTH sb-access-token remember_me token SSID cftoken",
            True,
            False,
        ),
        ("csrftoken XSRF-TOKEN .AspNetCore.Antiforgery.x __RequestVerificationToken session_csrf", False, True),
        (
            "_ga _hjSessionUser_1 heroku-session-affinity _pk_ses.1 author sidebar considered",
            False,
            False,
        ),
    ],
)
def test_what_a_cookie_is_for_by_its_name(names: str, login: bool, form: bool) -> None:
    for name in names.split():
        one = cookie.Cookie(name=name)
        assert (one.of_login, one.of_form) == (login, form), name


def test_cookies_of_redirects_count_and_values_are_not_told() -> None:
    hop = Step(url=S, status=302, cookies=("session=topsecret; HttpOnly",))
    (outcome,) = judged("cookies", Document(replace(page(), hops=(hop,))))
    assert [(evidence.where, evidence.value) for evidence in outcome.evidence] == [("session", "…; HttpOnly")]
    plain = replace(page(url=S), hops=(hop,))
    assert told("cookies", Document(plain)) == []


def test_integrity_is_for_scripts_of_other_registered_domains() -> None:
    own = "<script src=/a.js></script><script src=https://cdn.site.example/b.js></script><script>1</script>"
    assert keys("security_integrity", own) == []
    foreign = "<script src=https://cdn.example/a.js></script>"
    assert keys("security_integrity", own + foreign) == ["missing"]
    assert keys("security_integrity", foreign.replace(" src", " integrity=sha384-x src")) == []
    assert keys("security_integrity", "<script src='https://[::1'></script>") == []


MIXED = ["active", "passive"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<script src=https://a.example/x></script><img src=//a.example/x><a href=http://a.example>", []),
        ("<script src=HTTP://a.example/x></script>", ["active"]),
        ("<link rel='alternate stylesheet' href=http://a.example/x>", ["active"]),
        ("<link rel=canonical href=http://a.example/x>", []),
        ("<iframe src=' http://a.example/x'></iframe>", ["active"]),
        ("<img src=http://a.example/x><video src=http://a.example/x></video>", ["passive"]),
        ("<form action=http://a.example/x><input></form>", ["form"]),
        ("<form><button formaction=http://a.example/x>x</button></form>", ["form"]),
        ("<img src=/a srcset='/b 1x, http://a.example/c 2x'>", ["passive"]),
        ("<video poster=http://a.example/x></video><input type=image src=http://a.example/y>", ["passive"]),
        ("<base href=http://a.example/><script src=x.js></script><img src=/y srcset=https://a.example/z>", MIXED),
        ("<base href=http://a.example/><script></script><img srcset=''><form></form><input><a href=/a>a</a>", []),
    ],
)
def test_mixed_content(body: str, expected: list[str]) -> None:
    assert keys("security_mixed_content", body) == expected
    assert keys("security_mixed_content", page(body, url=S)) == []


def test_a_policy_that_upgrades_leaves_only_forms() -> None:
    body = "<img src=http://a.example/x><form action=http://a.example/></form>"
    upgraded = page(body, ("Content-Security-Policy", "upgrade-insecure-requests"))
    assert keys("security_mixed_content", upgraded) == ["form"]


def shown(*requests: tuple[str, str], cookies: tuple[Kept, ...] = ()) -> Rendered:
    asked = tuple(Loading(url=url, kind=kind, failure="net::ERR_BLOCKED") for url, kind in requests)
    return Rendered(url=S2, html="", browser="x", sandboxed=True, requests=asked, cookies=cookies)


@pytest.mark.parametrize(
    ("requests", "expected"),
    [
        ((("https://a.example/x", "Script"),), []),
        ((("http://a.example/x", "Script"),), ["active"]),
        ((("ws://a.example/x", "WebSocket"), ("http://a.example/y", "Image")), ["active", "passive"]),
        ((("http://a.example/x.png", "Image"),), ["passive"]),
        ((("http://127.0.0.1/x", "Fetch"), ("http://dev.localhost/x", "Fetch"), ("http://[::1]/", "XHR")), []),
        ((("http://a.example/named", "Image"), ("http://a.example/b/c", "Image"), ("http://a.example/d", "Image")), []),
    ],
)
def test_requests_without_tls(requests: tuple[tuple[str, str], ...], expected: list[str]) -> None:
    body = (
        "<img src=' http://a.example/named'><a href='http://['><base href=http://a.example/b/><img srcset='c, /d 2x'>"
    )
    judge = BY_ID["security_mixed_requests"].rendered
    assert judge is not None
    assert [outcome.key for outcome in judge(Document(page(body)), shown(*requests))] == expected
    assert all(outcome.count == 1 for outcome in judge(Document(page(body)), shown(*requests, *requests)))
    assert not list(judge(Document(page(body, url=S)), shown(*requests)))


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        (Kept(name="a", domain="site.example", secure=True), []),
        (Kept(name="a", domain="www.site.example"), ["insecure"]),
        (Kept(name="sent", domain="site.example"), []),
        (Kept(name="session", domain="site.example", secure=True), ["readable"]),
        (Kept(name="session", domain="site.example", secure=True, http_only=True), []),
        (Kept(name="id", domain="ads.example", secure=True), ["foreign"]),
    ],
)
def test_cookies_that_a_browser_keeps(kept: Kept, expected: list[str]) -> None:
    document = Document(page("", ("Set-Cookie", "sent=1; Secure")))
    judge = BY_ID["security_cookies_kept"].rendered
    assert judge is not None
    assert [outcome.key for outcome in judge(document, shown(cookies=(kept,)))] == expected


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("default-src 'self'", []),
        ("default-src 'self'; script-src https://ajax.googleapis.com", ["host"]),
        ("default-src 'self'; script-src *.googleapis.com", ["host"]),
        ("default-src 'self'; script-src https://cdn.jsdelivr.net/npm/", ["host"]),
        ("default-src 'self'; script-src https://cdn.jsdelivr.net/gh/own/", []),
        ("default-src 'self'; script-src https://ajax.googleapis.com/ajax/libs/jquery/3.7.1/jquery.min.js", []),
        ("default-src 'self'; script-src https://*.cloudfront.net", ["host"]),
        ("default-src 'self'; script-src https://d111.cloudfront.net https://own.github.io", []),
        ("default-src 'self'; script-src https://www.googletagmanager.com", ["host"]),
        ("default-src 'self'; script-src https://www.googletagmanager.com/gtag/js", []),
        ("default-src 'self'; script-src notajax.googleapis.com.example", []),
        ("script-src 'unsafe-inline' https://unpkg.com; object-src 'none'", []),
        ("object-src 'none'; script-src 'nonce-a' 'strict-dynamic' https://unpkg.com; base-uri 'none'", []),
        ("object-src 'none'; script-src 'nonce-a'", ["base_uri"]),
        ("default-src 'self'; script-src 'nonce-a' unpkg.com", ["host", "base_uri"]),
        ("defa", []),
    ],
)
def test_ways_around_a_policy(policy: str, expected: list[str]) -> None:
    assert keys("security_csp_bypass", page("", ("Content-Security-Policy", policy))) == expected


CSP, ENDPOINTS = "Content-Security-Policy", "Reporting-Endpoints"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ((), []),
        (((CSP, "default-src 'self'; report-uri /r"),), []),
        (((CSP, "default-src 'self'; report-to main"),), ["undefined"]),
        (((CSP, "default-src 'self'; report-to main"), (ENDPOINTS, 'main="https://a.example/r"')), []),
        (((CSP, "report-to main"), ("Report-To", '{"group":"main","endpoints":[{"url":"https://a.example"}]}')), []),
        (((CSP, "report-to main"), ("Report-To", '[[[{"group":1}')), ["undefined", "broken"]),
        ((("Report-To", '{"group":"main","max_age":60,"endpoints":[]}'),), ["broken"]),
        ((("Report-To", '{"group":"main","max_age":0}'),), []),
        (((ENDPOINTS, "main=https://a.example"),), ["broken"]),
        (((ENDPOINTS, 'main="/reports"'), (CSP, "report-to main")), []),
        (((ENDPOINTS, 'main="https://a.example'), (CSP, "report-to main")), ["undefined", "broken"]),
        (((CSP, "default-src 'self'; report-uri http://a.example/r"),), ["insecure"]),
        (((OPENER, 'same-origin; report-to="x"'), (ENDPOINTS, 'y="https://a.example"')), ["undefined"]),
        (((ENDPOINTS, 'main="http://a.example/r", b="https://a.example"'),), ["insecure"]),
    ],
)
def test_reports_of_violations(headers: tuple[tuple[str, str], ...], expected: list[str]) -> None:
    assert keys("security_reporting", page("", *headers)) == expected


GOOD = Certificate(
    subject="CN=site.example",
    issuer="CN=An authority",
    not_before=NOW - timedelta(days=30),
    not_after=NOW + timedelta(days=60),
    names=("site.example", "*.site.example"),
    signature="sha256",
    key="EC 256",
    key_bits=256,
    sha256="00",
)


def shaken(
    *, host: str = "site.example", problem: str | None = None, tls: dict[str, Any] | None = None, **more: Any
) -> Tls:
    values = {"version": "TLSv1.3", "cipher": "TLS_AES_256_GCM_SHA384", "protocol": "h2", **(tls or {})}
    return Tls(host=host, at=NOW, certificate=replace(GOOD, **more), problem=problem, **values)


DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("tls", "expected"),
    [
        (shaken(), []),
        (shaken(host="www.site.example"), []),
        (shaken(host="a.b.site.example", problem="hostname mismatch"), ["other_name"]),
        (shaken(host="ite.example", problem="hostname mismatch"), ["other_name"]),
        (shaken(host="192.0.2.1", names=("192.0.2.1",)), []),
        (shaken(host="2001:db8::1", names=("2001:db8::1",)), []),
        (shaken(names=(), problem="mismatch"), ["other_name"]),
        (shaken(not_after=NOW - DAY, problem="expired"), ["expired"]),
        (shaken(not_after=NOW + 13 * DAY), ["expiring"]),
        (shaken(not_after=NOW + 15 * DAY), []),
        (shaken(not_before=NOW + DAY, problem="not yet valid"), ["not_yet"]),
        (shaken(issuer="CN=site.example", problem="self-signed certificate"), ["untrusted"]),
        (shaken(key="RSA 1024", key_bits=1024), ["weak"]),
        (shaken(signature="sha1"), ["weak"]),
        (shaken(key="Ed25519", key_bits=None, signature=""), []),
    ],
)
def test_certificates(tls: Tls, expected: list[str]) -> None:
    assert told("certificate", tls) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, []),
        ({"accepted": ("TLSv1.1", "TLSv1")}, ["old"]),
        ({"version": "TLSv1"}, ["old"]),
        ({"cipher": "DES-CBC3-SHA", "version": "TLSv1.2"}, ["cipher"]),
        ({"cipher": "ECDHE-RSA-AES128-GCM-SHA256", "version": "TLSv1.2"}, []),
    ],
)
def test_versions_and_ciphers(values: dict[str, Any], expected: list[str]) -> None:
    assert told("tls_protocol", shaken(tls=values)) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, []),
        ({"taken": {"group": "DHE_RSA_WITH_AES_128_GCM_SHA256"}, "group_bits": 2048}, []),
        ({"taken": {"broken": "RSA_WITH_RC4_128_SHA"}}, ["broken"]),
        ({"taken": {"static": "RSA_WITH_AES_128_GCM_SHA256"}}, ["static"]),
        ({"cipher": "AES128-SHA", "version": "TLSv1.2", "taken": {"static": "x"}}, ["no_secrecy"]),
        ({"cipher": "ECDHE-RSA-AES128-GCM-SHA256", "version": "TLSv1.2"}, []),
        ({"taken": {"group": "DHE_RSA_WITH_AES_128_CBC_SHA"}, "group_bits": 1024}, ["short_group"]),
    ],
)
def test_ciphers_that_a_host_takes(values: dict[str, Any], expected: list[str]) -> None:
    assert told("tls_ciphers", shaken(tls=values)) == expected


PATH, OLD = "/.well-known/security.txt", "/security.txt"
TEXT = "Contact: mailto:a@site.example\nExpires: 2027-01-01T00:00:00Z\n"


def kept(
    text: str | None, path: str = PATH, *, url: str = S2, kind: str = "text/plain", missed: tuple[str, ...] = ()
) -> WellKnown:
    files = {path: page(text, url=url, content_type=kind)} if text is not None else {PATH: page(status=404)}
    return WellKnown(at=NOW, files=files, missed=dict.fromkeys(missed, "no answer in time"))


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (kept(TEXT), []),
        (kept(TEXT.replace("\n", "\r\n")), []),
        (kept(None), ["missing"]),
        (kept(None, missed=(OLD,)), []),
        (kept("<h1>Welcome</h1>"), ["missing"]),
        (kept(TEXT, kind="text/html"), ["missing"]),
        (kept(TEXT, OLD), ["invalid"]),
        (kept(TEXT, url=S), ["invalid"]),
        (kept(TEXT, kind="application/octet-stream"), ["invalid"]),
        (kept("Contact: mailto:a@site.example\n"), ["invalid"]),
        (kept("Expires: 2027-01-01T00:00:00Z\n"), ["invalid"]),
        (kept(TEXT + "Expires: 2027-01-02T00:00:00Z\n"), ["invalid"]),
        (kept("Contact: http://site.example/\nExpires: 2027-01-01T00:00:00Z\n"), ["invalid"]),
        (kept(TEXT.replace("2027-01-01T00:00:00Z", "next year")), ["invalid"]),
        (kept(TEXT.replace("2027", "2025")), ["expired"]),
        (kept(TEXT.replace("2027-01-01T00:00:00Z", "2026-06-01T13:00:00+02:00")), ["expired"]),
    ],
)
def test_security_txt(files: WellKnown, expected: list[str]) -> None:
    assert told("contact", files) == expected


def answered(stray: Page | None = None, **files: bytes) -> Exposed:
    answers = {path: page(body, content_type="text/plain") for path, body in files.items()}
    return Exposed(answers=answers, stray=stray or page(status=404))


LEAKS = [
    ("exposed_repository", "/.git/HEAD", b"ref: refs/heads/main\n"),
    ("exposed_repository", "/.git/HEAD", b"a" * 40 + b"\n"),
    ("exposed_repository", "/.svn/wc.db", b"SQLite format 3\0..."),
    ("exposed_repository", "/.hg/requires", b"dotencode\nfncache\nrevlogv1\nstore\n"),
    ("exposed_secrets", "/.env", b"# settings\n\nexport APP_KEY=topsecret\nDB_PASSWORD=topsecret\n"),
    ("exposed_secrets", "/.htpasswd", b"admin:$apr1$topsecret$x\n"),
    ("exposed_secrets", "/wp-config.php.bak", b"<?php\ndefine('DB_PASSWORD', 'topsecret');"),
    ("exposed_secrets", "/index.php~", b"<?php $secret = 'topsecret';"),
    ("exposed_backup", "/backup.zip", b"PK\x03\x04topsecret"),
    ("exposed_backup", "/backup.tar.gz", b"\x1f\x8b\x08topsecret"),
    ("exposed_backup", "/backup.sql", b"-- MySQL dump 10.13\n-- topsecret\nCREATE TABLE"),
    ("exposed_backup", "/dump.sql", b"/*!40101 SET */;\nINSERT INTO users VALUES ('topsecret')"),
    ("exposed_backup", "/dump.sql", b"--\n-- PostgreSQL database dump\n--\n"),
    ("exposed_backup", "/.DS_Store", b"\0\0\0\x01Bud1topsecret"),
]


@pytest.mark.parametrize(("rule", "path", "body"), LEAKS, ids=[f"{path}-{at}" for at, (_, path, _) in enumerate(LEAKS)])
def test_a_file_that_should_not_be_there_is_known_by_what_it_holds(rule: str, path: str, body: bytes) -> None:
    (outcome,) = judged(rule, answered(**{path: body}))
    assert outcome.key == "readable"
    assert outcome.evidence[0].where == path
    assert "topsecret" not in outcome.evidence[0].value
    # the same as an answer to anything, as an error, after a redirect, or a page instead
    assert told(rule, answered(page(body), **{path: body})) == []
    assert told(rule, Exposed(answers={path: page(body, status=403)}, stray=page(status=404))) == []
    led = replace(page(body), hops=(Step(url=S, status=302),))
    assert told(rule, Exposed(answers={path: led}, stray=page(status=404))) == []
    assert told(rule, answered(**{path: b"<!doctype html><title>Welcome</title>"})) == []
    assert told(rule, answered()) == []


def test_of_settings_only_the_names_are_told() -> None:
    (outcome,) = judged("exposed_secrets", answered(**{"/.env": b"APP_KEY=a\nnot=this\nDB_PASSWORD = b\n"}))
    assert outcome.evidence[0].value == "APP_KEY=…, DB_PASSWORD=…"


MAP = b'{"version":3,"sources":["a.ts"],"mappings":"AAAA"}'


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        (MAP, 200, ["readable"]),
        (b")]}'\n" + MAP, 200, ["readable"]),
        (MAP, 404, []),
        (b"<html>not found</html>", 200, []),
        (b'{"error":"not found","version":1}', 200, []),
    ],
)
def test_source_maps(body: bytes, status: int, expected: list[str]) -> None:
    script = Script(page=page(url=S2 + "a.js"), map=page(body, url=S2 + "a.js.map", status=status))
    assert told("source_map", Scripts(scripts=(script, Script(page=page())))) == expected
