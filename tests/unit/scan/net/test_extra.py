"""What a scan's headers say shows nowhere, however it is written, and words that are no secret stay."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from surveyor.scan.figures import Device
from surveyor.scan.net.browser.sending import unfit
from surveyor.scan.net.extra import Extra

SENT = (
    ("Authorization", "Basic c3RhZ2U6b3BlbiZzZXNhbWUi"),  # stage:open&sesame"
    ("Cookie", "session=abc/def+ghi; plain"),
    ("X-Key", 'a"b<c>d/e'),
)
EXTRA = Extra("https://a.example/", SENT)


@dataclass(frozen=True)
class Told:
    """Something that was seen."""

    text: str
    lines: tuple[tuple[str, bytes], ...] = ()
    names: dict[str, str] = field(default_factory=dict)
    device: Device = Device.MOBILE


@pytest.mark.parametrize(
    "text",
    [
        "c3RhZ2U6b3BlbiZzZXNhbWUi",
        'open&sesame"',
        "open&amp;sesame&quot;",
        "abc/def+ghi",
        "abc%2Fdef%2Bghi",
        "abc\\/def+ghi",
        'a\\"b<c>d/e',
        "a&quot;b&lt;c&gt;d/e",
    ],
)
def test_every_spelling_is_hidden(text: str) -> None:
    assert EXTRA.text(f"-{text}-") == "-***-"
    assert EXTRA.text(f"it is cut: {text[:-1]}") == "it is cut: ***"


def test_a_value_is_the_same_where_nothing_is_hidden_and_another_where_something_is() -> None:
    plain = Told("the session of Basic things", (("session", b"plain"),), {"session": "s"})
    assert EXTRA.within(plain) is plain
    told = Told("t", (("a", b"abc/def+ghi"),), {"abc/def+ghi": "x"})
    assert EXTRA.within(told) == Told("t", (("a", b"***"),), {"***": "x"})


def test_an_origin_is_the_same_in_both_spellings_of_a_name() -> None:
    assert Extra("https://b\u00fccher.example/", SENT).meant("https://xn--bcher-kva.example:443/a")
    assert not EXTRA.meant("http://a.example/")
    assert not EXTRA.meant("https://[/")


def test_an_old_browser_is_given_no_cookie() -> None:
    assert "145" in (unfit(EXTRA, "Chrome/144.0.1.2") or "")
    assert unfit(EXTRA, "Chrome/156.0.1.2") is None
    plain = Extra("https://a.example/", SENT[:1])
    assert unfit(plain, "Chrome/120.0.0.0") is None
    for old in ("Chrome/119.0.0.0", "Chrome", "Chrome/x"):
        assert "120" in (unfit(plain, old) or ""), old
