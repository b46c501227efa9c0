"""cpio made to hurt: lying sizes and names, entries without end, cuts and changed bytes."""

from __future__ import annotations

import random
import re
import time
from pathlib import Path

import pytest

from surveyor.scan.errors import LimitExceeded, Malformed, ScanError
from surveyor.scan.formats.rpm.file import opened
from surveyor.scan.limits import Budget, Limits
from surveyor.scan.tree.cpio import CpioLayer
from surveyor.scan.tree.entry import Blob, Wanted
from tests import cpios, rpms
from tests.images import npm, pack, purls, scan_bytes, troubles

FORMS = ("newc", "crc", "odc", "binary", "binary-big")
A = "node_modules/a/package.json"
ANY = Wanted(re.compile(rb""))
SECONDS = 10.0


def walk(data: bytes, limits: Limits | None = None) -> tuple[int, ScanError | None]:
    """How many entries came, each read, and the error that ended it."""
    layer, count, start = CpioLayer(blob=Blob(buffer=data, start=0, end=len(data))), 0, time.thread_time()
    try:
        for entry in layer.walk(ANY, Budget(limits or Limits())):
            entry.peek(entry.size)
            count += 1
    except ScanError as error:
        return count, error
    finally:
        assert time.thread_time() - start < SECONDS
    return count, None


@pytest.mark.parametrize("form", FORMS)
def test_cut_anywhere_keeps_what_came_before(form: str) -> None:
    whole = cpios.cpio({f"{number}/{A}": npm(f"a{number}", "1") for number in range(20)}, form=form)
    for cut in range(1, len(whole)):
        count, error = walk(whole[:cut])
        # an entry is given before it is known whether all of its bytes are there
        assert abs(count - cut * 20 // len(whole)) <= 1
        assert isinstance(error, Malformed) or cut > len(whole) - 512


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("packed", ["plain", "gzip"])
def test_changed_bytes_raise_only_our_errors(form: str, packed: str) -> None:
    dice = random.Random(form)
    whole = pack(cpios.cpio({f"{number}/{A}": npm(f"a{number}", "1") for number in range(20)}, form=form), packed)
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(dice.randint(1, 9)):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        walk(bytes(damaged))


def test_sizes_that_lie() -> None:
    entry = cpios.newc(b"a", b"x" * 10)
    for at, lie in ((54, b"FFFFFFFF"), (94, b"FFFFFFFF"), (94, b"00000000"), (54, b"-0000001"), (54, b" 0000001")):
        lying = entry[:at] + lie + entry[at + 8 :]
        _, error = walk(lying + cpios.newc(b"TRAILER!!!"))
        assert isinstance(error, Malformed), lie


def test_more_entries_than_a_scan_may_pass() -> None:
    data = cpios.newc(b"a") * 200_000 + cpios.newc(b"TRAILER!!!")
    _, error = walk(data, Limits(entries=100_000))
    assert isinstance(error, LimitExceeded)


def test_a_bomb_is_cut() -> None:
    data = pack(cpios.newc(b"a", bytes(64 << 20)) + cpios.newc(b"TRAILER!!!"), "gzip")
    _, error = walk(data, Limits(inflated_bytes=16 << 20))
    assert isinstance(error, LimitExceeded)


def test_hard_links_that_never_get_their_bytes() -> None:
    data = b"".join(cpios.newc(b"%d/x" % number, node=5, links=9) for number in range(20_000))
    assert isinstance(walk(data)[1], LimitExceeded)


def test_hard_links_that_climb() -> None:
    """A name that leads out is counted, whatever other names its file has."""
    entries = (cpios.newc(name, node=5, links=3) for name in (b"a/x", b"../x"))
    data = b"".join(entries) + cpios.newc(b"../../y", b"data", node=5, links=3) + cpios.newc(b"TRAILER!!!")
    assert walk(data) == (1, None)


def test_names_with_a_zero_byte_and_long_ones(tmp_path: Path) -> None:
    long = b"d/" * 20_000 + A.encode()
    data = (
        cpios.newc(A.encode() + b"\0.txt", npm("a", "1")) + cpios.newc(long, npm("b", "1")) + cpios.newc(b"TRAILER!!!")
    )
    report = scan_bytes(tmp_path, data)
    assert purls(report) == ["pkg:npm/a@1", "pkg:npm/b@1"]


def test_an_rpm_cut_at_every_boundary(tmp_path: Path) -> None:
    whole = rpms.file(rpms.package("a", "1-1"), pack(cpios.cpio({A: npm("a", "1")}), "gzip"))
    for cut in range(1, len(whole), 7):
        report = scan_bytes(tmp_path, whole[:cut])
        assert report.error or troubles(report), cut


def test_an_rpm_whose_header_lies() -> None:
    main = bytearray(rpms.package("a", "1-1"))
    main[:8] = b"\xff" * 8
    with pytest.raises(Malformed):
        opened(memoryview(rpms.file(bytes(main), b"")))
