"""Alternatives that are put together by how they begin match what they matched before."""

from __future__ import annotations

import re
from itertools import product

import pytest

from surveyor.scan.acquire import ACQUIRERS
from surveyor.scan.catalog import CATALOGERS
from surveyor.scan.catalog.unread import UNREAD
from surveyor.scan.engine.alternatives import sorted_out, split, written_out
from surveyor.scan.engine.concern import last_names, wishes

#: Beginnings and endings of names that units want, and what is near to them.
_PIECES = rb"""status status.d stat .wh. .wh.x package.json package.jsonc packages.config Packages Packages.gz pom.xml
requirements.txt requirements-dev.txt requirements.in a.jar a.JAR a.Jar so libz.so libz.so.1.2.3 libz.so.x a.deps.json
x.pkg.tar.zst x.pkg.tar. primary.xml 0af-primary.xml.gz 0ag-primary.xml ROOTFS.img rootfs.squashfs ext4 x.ext4 x.ext5
Cargo.lock Cargo.toml cargo.lock uv.lock u.lock bun.lock bun.lockb METADATA metadata rpmdb.sqlite rpmdb.sqlite-wal
conda-lock.yml dev.conda-lock.yaml a.pkg a.PKG a.mPkg a.xip a.IPA a.Iso a.dmg a.SMI Disk.RAW ext3fs.img installed
index.json x.json x.list x.md5sums x.plist x.txt
""".split()
_FOLDERS = (b"", b"dpkg/status.d/", b"dpkg/info/", b"/dpkg/info/", b"a/conda-meta/", b"b/receipts/", b"c/requirements/")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (rb"status|snap|zip", rb"s(?:tatus|nap)|zip"),
        (rb"a(?:b|c)|[|)]d|\|e", [rb"a(?:b|c)", rb"[|)]d", rb"\|e"]),
        (rb"(?:ab|ac)d|a", rb"a(?:bd|cd|)"),
        (rb"(?:ab)?c|a+", rb"(?:ab)?c|a+"),
        (rb"[ab]r|bs", rb"ar|b(?:r|s)"),
        (rb"[^/]+\.zip|[^/]+\.(?:gem|gz)", rb"[^/]+\.(?:zip|g(?:em|z))"),
        (rb"(?i:ab|Cd)e|f", rb"f|(?=[ACac])(?i:ab|Cd)e"),
        (rb"(?i:a?b|c)|(?i:[d]e)", rb"(?i:a?b|c)|(?i:[d]e)"),
        (rb"(?<=/a\.d/)x|(?<=bc/)y|(?<=ef/)[^/]+", rb"(?<=[\.be][cdf][/])(?:(?<=/a\.d/)x|(?<=bc/)y|(?<=ef/)[^/]+)"),
        (rb"(?<=/a/)x|(?<=b.)y", rb"(?<=/a/)x|(?<=b.)y"),
    ],
)
def test_put_together(pattern: bytes, expected: bytes | list[bytes]) -> None:
    assert (split(pattern) if isinstance(expected, list) else sorted_out(pattern)) == expected


def test_all_units_want_what_they_wanted() -> None:
    units = (*CATALOGERS, *UNREAD, *ACQUIRERS)
    before = re.compile(rb"(?:" + last_names(units) + rb")\Z", re.DOTALL)
    after = re.compile(rb"(?:" + sorted_out(last_names(units)) + rb")\Z", re.DOTALL)
    names = {one[:cut] + other for one in _PIECES for other in (*_PIECES, b"") for cut in (len(one), 1)}
    assert sum(bool(before.match(name)) for name in names) > len(names) // 20
    for folder in _FOLDERS:
        for name in names:
            at = len(folder)
            assert bool(before.match(folder + name, at)) == bool(after.match(folder + name, at)), folder + name


@pytest.mark.parametrize(
    ("alternative", "texts"),
    [
        (rb"a\.b-c", [b"a.b-c"]),
        (rb"a(?:b|c[de]?)f", [b"abf", b"acdf", b"acef", b"acf"]),
        (rb"ya?ml", [b"yaml", b"yml"]),
        (rb"(?:a(?:b|c)?)?", [b"ab", b"ac", b"a", b""]),
        (rb"", [b""]),
        (rb"a+", None),
        (rb"a?b*", None),
        (rb"(?:ab)??c", None),
        (rb"(?:a|b*)c", None),
        (rb"a{2}", None),
        (rb"[a-c]", None),
        (rb"[^a]", None),
        (rb"\d", None),
        (rb"a.", None),
        (rb"(?<=/)a", None),
        (rb"(?i:a)", None),
        (rb"a\Z", None),
        (rb"(a|b)", None),
        (rb"[abcd][abcd][abcd]", sorted(bytes(one) for one in product(b"abcd", repeat=3))),
        (rb"[abcd][abcd][abcd]a?", None),
    ],
)
def test_written_out(alternative: bytes, texts: list[bytes] | None) -> None:
    found = written_out(alternative)
    assert (sorted(found) if found else found) == (sorted(texts) if texts else texts)
    assert all(re.fullmatch(alternative, text) for text in texts or ())


def test_who_wants_a_name_is_looked_up_as_its_pattern_says() -> None:
    named = [unit for unit in (*CATALOGERS, *UNREAD) if unit.names or unit.endings]
    patterns = [re.compile(rb"(?:" + last_names([unit]) + rb")\Z", re.DOTALL) for unit in named]
    ends = (*_PIECES, b"", b".", b"\n")
    names = {
        one[:cut] + between + other
        for one in _PIECES
        for other in ends
        for cut in (len(one), 1)
        for between in (b"", b".")
    }
    asked = [(folder, name) for folder in _FOLDERS for name in (*names, b"x" * 300 + b".jar", b"." * 300, b".jar")]
    wanted = 0
    for folder, name in asked:
        expected = [unit.id for unit, one in zip(named, patterns, strict=True) if one.match(folder + name, len(folder))]
        assert [unit.id for unit in wishes(folder + name)] == expected, folder + name
        wanted += bool(expected)
    assert wanted > len(asked) // 20
