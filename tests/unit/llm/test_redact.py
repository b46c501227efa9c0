"""What must not leave does not, and what is needed stays; no text makes the patterns slow."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveyor.llm.redact import redact

#: A text, and the part of it that must be gone.
SECRETS = (
    ("key AKIAIOSFODNN7EXAMPLE in use", "AKIAIOSFODNN7EXAMPLE"),
    ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", "ghp_abcdefghijklmnop"),
    ("token=github_pat_11ABCDEFG0abcdefghij_klmnop", "11ABCDEFG0abcdefghij"),
    ("glpat-x8fk2LmN9pQrStUvWxYz", "x8fk2LmN9p"),
    ("sv_live_" + "aB3_-" * 8 + "xyz", "aB3_-aB3"),
    ("sk-ant-api03-abcdefghijklmnopqrst", "api03-abcdef"),
    ("sk-proj-abcdefghijklmnopqrstuv", "abcdefghijklmnop"),
    ("Stripe sk_live_4eC39HqLyjWDarjtT1zdp7dc", "4eC39HqLyjWDarjtT1zdp7dc"),
    ("xoxb-123456789012-abcdefGHIJ", "123456789012-abc"),
    ("AIzaSyA-1234567890abcdefghijklmnopqrstuv", "SyA-1234567890"),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N", "eyJzdWIiOiIxMjM0In0"),
    ("Authorization: Bearer abcdef0123456789", "abcdef0123456789"),
    ("authorization: basic dXNlcjpwYXNzd29yZA==", "dXNlcjpwYXNzd29yZA"),
    ("postgresql://admin:hunter2secret@db.example.com/app", "hunter2secret"),
    ("https://x.example/cb?access_token=abc123def&state=9", "abc123def"),
    ('{"password": "correct-horse"}', "correct-horse"),
    ("client_secret = 'v3ry-s3cret'", "v3ry-s3cret"),
    ("db_passwd: swordfish", "swordfish"),
    ('<input type="hidden" name="csrf_token" class="a b" value="c3JmdmFsdWU">', "c3JmdmFsdWU"),
    ("Set-Cookie: sessionid=38afes7a8; HttpOnly", "38afes7a8"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAKC\n-----END RSA PRIVATE KEY-----", "MIIEow"),
    ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk", "b3BlbnNzaC1rZXk"),
    ("write to jane.doe+x@mail.example.org please", "jane.doe"),
    ("upstream 10.1.2.3:8080 answered", "10.1.2.3"),
    ("via 192.168.0.17", "192.168.0.17"),
    ("172.20.4.4 and 169.254.169.254", "169.254.169.254"),
    ("at fd12:3456:789a::1", "fd12:3456"),
    ("http://jenkins.corp/job/1", "jenkins.corp"),
    ("db-01.prod.internal refused", "db-01.prod.internal"),
    ("printer.local", "printer.local"),
    ("http://localhost:3000/debug", "localhost"),
    ("nonce Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MEFCQ0RFRg==", "Zm9vYmFyYmF6"),
)
#: What a judgement needs: versions, packages, digests, headers, markup, public hosts.
KEPT = (
    "pkg:npm/%40angular/core@12.2.0",
    "pkg:deb/debian/openssl@3.0.11-1~deb12u2?arch=amd64",
    "CVE-2024-3094: pkg:rpm/fedora/xz",
    "fixed in 1.0.2, 10.0.0.Final",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "Strict-Transport-Security: max-age=31536000; includeSubDomains",
    '<img src="/images/hero-banner.png" alt="IMG_0042.jpg">',
    "https://shop.example/products/blue-shoes?page=2",
    "usr/share/doc/libssl3/changelog.Debian.gz",
    "203.0.113.7 and 8.8.8.8",
    "design: blue, consider: this, sides=4",
    "main > ul:nth-of-type(2) > li:nth-of-type(3)",
)


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_secrets_are_taken_out(text: str, secret: str) -> None:
    assert secret in text
    assert secret not in redact(text)


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_also_when_they_stand_in_json(text: str, secret: str) -> None:
    said = redact(json.dumps({"evidence": [text], "after": "the rest stays"}))
    assert secret not in said
    assert json.loads(said)["after"] == "the rest stays"


@pytest.mark.parametrize("text", KEPT)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_twice_is_once(text: str, secret: str) -> None:
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize(
    "unit",
    [
        "a-",
        "eyJ-",
        "a.",
        "=aA1",
        "token",
        "name=token ",
        "a@",
        "://a",
        "-----BEGIN PRIVATE KEY-----",
        "aA1",
        "[",
        "a_=:",
    ],
)
def test_no_text_is_slow(unit: str) -> None:
    began = time.thread_time()
    redact(unit * (50_000 // len(unit)))
    assert time.thread_time() - began < 20


@given(st.text(max_size=500))
def test_any_text_is_redacted_without_an_error(text: str) -> None:
    assert isinstance(redact(text), str)
