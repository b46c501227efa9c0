"""Policies as browsers combine them, and hostile ones."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveyor.scan.check import cookie, policy, structured, transport


def merged(*headers: str, metas: tuple[str, ...] = ()) -> dict[str, list[str]]:
    found = policy.parse(headers, metas)
    assert found is not None
    return {name: sorted(sources) for name, sources in found.directives.items()}


@pytest.mark.parametrize(
    ("headers", "sources"),
    [
        (["'self' https://a.example", "'self' https://a.example https://b.example"], ["'self'", "https://a.example"]),
        (["https://a.example", "https://b.example"], ["'none'"]),
        (["https://a.example/fire", "https://a.example/firefox/"], ["'none'"]),
        (["https://a.example/b/", "https://a.example/b/c/"], ["https://a.example/b/c/"]),
        (["https://a.example/b/c/", "https://a.example/b/"], ["https://a.example/b/c/"]),
        (["https:", "https://a.example"], ["https://a.example"]),
        (["http: http:", "https: https:"], ["'none'"]),
        (["https://a.example https:"], ["https:"]),
        (["a.example a.example/b"], ["a.example", "a.example/b"]),
        ([""], ["'none'"]),
    ],
)
def test_a_source_survives_only_if_every_policy_allows_it(headers: list[str], sources: list[str]) -> None:
    assert merged(*(f"default-src {header}" for header in headers)) == {"default-src": sources}


def test_policies_add_up_over_headers_lists_and_meta_elements() -> None:
    assert merged("img-src 'self', font-src a.example", metas=("default-src 'none'; frame-ancestors *",)) == {
        "img-src": ["'self'"],
        "font-src": ["a.example"],
        "default-src": ["'none'"],
    }
    assert policy.parse([], ["frame-ancestors 'none'; report-uri /r; sandbox"]) is None
    assert policy.parse([]) is None


def test_a_nonce_or_hash_turns_inline_off_and_strict_dynamic_everything_else() -> None:
    assert merged("script-src 'nonce-a' 'unsafe-inline' https:")["script-src"] == ["'nonce-a'", "https:"]
    assert merged("script-src 'strict-dynamic' 'sha256-a' 'self' https: *")["script-src"] == [
        "'sha256-a'",
        "'strict-dynamic'",
    ]


HUGE = [
    ";".join(f"d{number} a b c" for number in range(10_000)),
    "default-src " + " ".join(f"https://h{number}.example/" for number in range(10_000)),
    "default-src https://a.example/" + "/" * 60_000,
    "default-src " + "x" * 1_000_000,
    ";" * 100_000,
    "," * 100_000,
    ", ".join(["default-src https://a.example/b/"] * 20_000),
    "default-src " + "https://a/b/c " * 50_000,
]


@pytest.mark.parametrize("value", HUGE, ids=range(len(HUGE)))
def test_a_huge_policy_takes_time_in_proportion(value: str) -> None:
    started = time.process_time()
    found = policy.parse([value, value[: len(value) // 2]], [value])
    if found is not None:
        policy.flags(found)
        policy.weaknesses(found, secure=True)
    assert time.process_time() - started < 2


HEADERS = [
    " " * 100_000,
    "=" * 100_000,
    ";" * 100_000,
    "a=b" * 50_000,
    '"' * 50_000 + "a",
    "a;b=" + "c;" * 50_000,
    "max-age = " * 20_000,
]


@pytest.mark.parametrize("value", HEADERS, ids=range(len(HEADERS)))
def test_other_headers_are_read_in_proportion_too(value: str) -> None:
    started = time.process_time()
    structured.token((value,))
    transport.read(value)
    cookie.read([value, *value.split(";")])
    assert time.process_time() - started < 1


@given(st.lists(st.text(max_size=100), max_size=5), st.lists(st.text(max_size=100), max_size=5))
def test_no_text_is_too_strange(headers: list[str], metas: list[str]) -> None:
    found = policy.parse(headers, metas)
    if found is not None:
        policy.flags(found)
        policy.weaknesses(found, secure=True)
    structured.token(tuple(headers))
    cookie.read(headers)
    for header in headers:
        transport.read(header)


def test_cookies_are_read_as_browsers_do() -> None:
    one, other = cookie.read(
        ["a=1; Path=/x; SECURE ;HttpOnly; SameSite = Lax; domain=.A.example", "b==; samesite", "c"]
    )
    assert (one.name, one.secure, one.http_only, one.same_site, one.domain, one.path) == (
        "a",
        True,
        True,
        "lax",
        "a.example",
        "/x",
    )
    assert (other.name, other.secure, other.same_site) == ("b", False, "")
    (last,) = cookie.read(["a=1", "a=2; Secure"])
    assert last.secure
    assert len(cookie.read(f"c{number}=1" for number in range(1000))) == 300
