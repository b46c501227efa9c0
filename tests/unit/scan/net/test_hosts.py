"""Registered domains and the preload list."""

from __future__ import annotations

import pytest

from surveyor.scan.net import hosts


@pytest.mark.parametrize(
    ("host", "registered"),
    [
        ("www.example.com", "example.com"),
        ("EXAMPLE.com.", "example.com"),
        ("a.b.example.co.uk", "example.co.uk"),
        ("alice.github.io", "alice.github.io"),
        ("x.alice.github.io", "alice.github.io"),
        ("x.city.kobe.jp", "city.kobe.jp"),
        ("x.y.z.kobe.jp", "y.z.kobe.jp"),
        ("co.uk", "co.uk"),
        ("localhost", "localhost"),
        ("a.b.unknown-suffix", "b.unknown-suffix"),
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("", ""),
    ],
)
def test_the_part_that_somebody_registered(host: str, registered: str) -> None:
    assert hosts.registrable(host) == registered


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("bugzilla.mozilla.org", True),
        ("x.bugzilla.mozilla.org", True),
        ("anything.dev", True),
        ("a.b.c.d.e.f.app", True),
        ("facebook.com", True),
        ("x.facebook.com", False),
        ("example.com", False),
        ("gzilla.mozilla.org", False),
        ("192.0.2.1", False),
        ("straße.example", False),
        ("a" * 300 + ".dev", False),
        ("", False),
    ],
)
def test_what_browsers_know_beforehand(host: str, known: bool) -> None:
    assert hosts.preloaded(host) is known
