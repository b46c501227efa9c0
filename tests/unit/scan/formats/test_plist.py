"""Property lists: both forms give what plistlib wrote, and neither can be made to hurt."""

from __future__ import annotations

import plistlib
import random
import struct
from datetime import datetime

import pytest

from surveyor.scan.errors import LimitExceeded, Malformed, ScanError, Unsupported
from surveyor.scan.formats import plist

VALUE = {
    "CFBundleIdentifier": "org.example.App",
    "unicode": "Zoë 🌍",
    "numbers": [0, 1, -1, 255, 65536, 1 << 40, -(1 << 40), (1 << 64) - 1, 1.5, -0.25],
    "flags": {"yes": True, "no": False},
    "data": bytes(range(256)),
    "many": [str(number) for number in range(300)],
    "empty": [[], {}, "", b""],
}


def load(data: bytes) -> plist.Value:
    return plist.load(memoryview(data))


@pytest.mark.parametrize("form", [plistlib.FMT_XML, plistlib.FMT_BINARY])
def test_what_plistlib_writes_is_read(form: plistlib.PlistFormat) -> None:
    assert load(plistlib.dumps(VALUE, fmt=form)) == VALUE


def test_dates_and_uids_stand_for_themselves() -> None:
    date = datetime(2001, 1, 1, 0, 1)  # noqa: DTZ001 - plistlib takes no other
    assert load(plistlib.dumps(date, fmt=plistlib.FMT_XML)) == "2001-01-01T00:01:00Z"
    assert load(plistlib.dumps(date, fmt=plistlib.FMT_BINARY)) == 60.0
    assert load(plistlib.dumps(plistlib.UID(7), fmt=plistlib.FMT_BINARY)) == 7


def test_xml_in_utf_16_and_with_a_mark() -> None:
    text = plistlib.dumps({"a": "é"}).decode()
    assert load(b"\xef\xbb\xbf" + text.encode()) == {"a": "é"}
    assert load(text.replace("UTF-8", "UTF-16").encode("utf-16")) == {"a": "é"}


def test_a_name_of_an_external_dtd_is_no_entity() -> None:
    assert b"<!DOCTYPE" in plistlib.dumps({})
    bomb = b'<!DOCTYPE plist [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><plist><string>&b;</string></plist>'
    with pytest.raises(Malformed, match="entities"):
        load(bomb)


@pytest.mark.parametrize("tag", ["array", "dict"])
def test_depth_is_bounded(tag: str) -> None:
    inner = f"<{tag}>" + ("<key>a</key>" if tag == "dict" else "")
    with pytest.raises(LimitExceeded, match="deeper"):
        load(b"<plist>" + inner.encode() * 100_000)


def test_objects_are_bounded() -> None:
    with pytest.raises(LimitExceeded, match="objects"):
        load(b"<plist><array>" + b"<true/>" * 500_000 + b"</array></plist>")


@pytest.mark.parametrize(
    "body",
    [
        b"<plist><dict><string>no key</string></dict></plist>",
        b"<plist><html/></plist>",
        b"<plist><integer>one</integer></plist>",
        b"<plist><integer>" + b"9" * 5000 + b"</integer></plist>",
        b"<plist><real>x</real></plist>",
        b"<plist><data>A</data></plist>",
        b"<plist>",
        b"<plist/>",
        b"nothing",
        b"",
    ],
)
def test_broken_lists_are_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        load(body)


def test_the_old_text_form_is_told() -> None:
    with pytest.raises(Unsupported, match="old text form"):
        load(b"{ CFBundleName = App; }")


def binary(objects: list[bytes], *, top: int = 0, count: int | None = None, table: int | None = None) -> bytes:
    """A binary list of these objects; references take one byte."""
    body, offsets = bytearray(b"bplist00"), b""
    for one in objects:
        offsets += struct.pack(">I", len(body))
        body += one
    end = len(body) if table is None else table
    return bytes(body) + offsets + struct.pack(">6xBBQQQ", 4, 1, len(objects) if count is None else count, top, end)


def test_an_object_inside_itself_is_refused() -> None:
    with pytest.raises(Malformed, match="inside itself"):
        load(binary([b"\xa1\x00"]))
    with pytest.raises(Malformed, match="inside itself"):
        load(binary([b"\xa1\x01", b"\xa1\x00"]))


def test_objects_that_double_at_every_level_cost_nothing() -> None:
    levels = [b"\xa2" + bytes([number + 1, number + 1]) for number in range(60)]
    found = load(binary([*levels, b"\x09"]))
    for _ in range(60):
        assert isinstance(found, list)
        assert found[0] is found[1] or found == [True, True]
        found = found[0]


def test_a_long_chain_is_bounded() -> None:
    with pytest.raises(LimitExceeded, match="deeper"):
        load(binary([b"\xa1" + bytes([number + 1]) for number in range(200)] + [b"\x09"]))


@pytest.mark.parametrize(
    "data",
    [
        b"bplist00",
        binary([b"\x09"], count=1 << 40),
        binary([b"\x09"], table=1 << 50),
        binary([b"\x09"], top=9),
        binary([b"\xaf\x13" + b"\xff" * 8]),
        binary([b"\x5f\x12" + b"\xff" * 4]),
        binary([b"\x90"]),
        binary([b"\x16" + bytes(64)]),
        binary([b"\x27" + bytes(64)]),
        binary([b"\xd1\x00"]),
    ],
)
def test_lying_binary_lists_are_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        load(data)


def test_the_same_text_many_times_is_bounded() -> None:
    text = b"\x5f\x13" + (1 << 18).to_bytes(8, "big") + b"a" * (1 << 18)
    body = b"bplist00" + text
    array = b"\xaf\x11\x00\xff" + bytes(range(1, 256))
    offsets = struct.pack(">I", len(body)) + struct.pack(">I", 8) * 255
    data = body + array + offsets + struct.pack(">6xBBQQQ", 4, 1, 256, 0, len(body) + len(array))
    with pytest.raises(LimitExceeded, match="bytes of text"):
        load(data)


@pytest.mark.parametrize("form", [plistlib.FMT_XML, plistlib.FMT_BINARY])
def test_damage_raises_only_our_errors(form: plistlib.PlistFormat) -> None:
    whole, dice = plistlib.dumps(VALUE, fmt=form), random.Random(7)
    for at in range(0, len(whole), 7):
        with pytest.raises(ScanError):
            load(whole[:at])
    for _ in range(800):
        data = bytearray(whole)
        for _ in range(dice.randint(1, 4)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        try:
            load(bytes(data))
        except ScanError:
            continue
