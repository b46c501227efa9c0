"""Every feed's contract, and hostile records, archives and lists through the whole way into a database."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import struct
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from surveyor.scan.advise import archive
from surveyor.scan.advise import record as bounds
from surveyor.scan.advise.feeds import FEEDS, osv
from surveyor.scan.advise.feeds.interface import Feed
from surveyor.scan.advise.origin import Directory, checked
from surveyor.scan.advise.snapshot import open_snapshot
from surveyor.scan.advise.sources import want
from surveyor.scan.advise.update import Action, update
from surveyor.scan.errors import LimitExceeded, Malformed, ScanError, Unreachable
from surveyor.scan.events import Progress
from surveyor.scan.vocabulary import is_known
from tests.servers.osv_bucket import record, write
from tests.strange import documents

GOOD = record("GHSA-good", "npm", "left", fixed="1.0.0")
FULL = {
    **GOOD,
    "summary": "s",
    "aliases": ["CVE-2024-0001"],
    "upstream": ["CVE-2024-0002", "CVE-2024-0003"],
    "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N"}],
    "references": [{"type": "WEB", "url": "https://x.test/"}],
    "database_specific": {"severity": "HIGH", "cvss": "CVSS:3.1/AV:N"},
    "affected": [{**GOOD["affected"][0], "versions": ["1.0"], "severity": [], "database_specific": {"cvss": "x"}}],
}


@pytest.mark.parametrize("declared", FEEDS, ids=lambda declared: declared.id)
def test_a_feed_is_a_file_of_its_name_that_fetches_and_normalises_apart(declared: Feed) -> None:
    module = importlib.import_module(f"surveyor.scan.advise.feeds.{declared.id}")
    assert module.FEED is declared
    assert module.__doc__
    assert module.fetch.__doc__
    assert module.normalise.__doc__
    assert declared.address.startswith("https://")
    assert declared.title
    assert all(place.startswith("https://") for place in declared.mirrors)
    assert is_known(f"{declared.id}.update.done")


@pytest.mark.parametrize("declared", FEEDS, ids=lambda declared: declared.id)
@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b'{"id": 7}', b"\xff\xfe", b"[" * 1_000_000])
def test_hostile_records_raise_only_our_errors(declared: Feed, raw: bytes) -> None:
    with contextlib.suppress(Malformed, LimitExceeded):
        tuple(declared.normalise(raw, ""))


def affected(**more: Any) -> bytes:
    item = {"package": {"ecosystem": "npm", "name": "left"}, **more}
    return json.dumps({"id": "GHSA-x", "affected": [item]}).encode()


MALFORMED = {
    "nothing": b"",
    "not JSON": b"{",
    "a list": b"[]",
    "null": b"null",
    "broken UTF-8": b'{"id": "GHSA-\xff"}',
    "a lone surrogate": b'{"id": "GHSA-\\ud800"}',
    "a byte order mark": b'\xef\xbb\xbf{"id": "GHSA-x"}',
    "no id": b'{"affected": []}',
    "an id of another type": b'{"id": 7}',
    "an id with a path": b'{"id": "../../etc/passwd"}',
    "an id with a blank": b'{"id": "GHSA x"}',
    "an id with a null": b'{"id": "GHSA-\\u0000"}',
    "an over-long id": b'{"id": "' + b"G" * 200 + b'"}',
    "affected is a number": b'{"id": "GHSA-x", "affected": 5}',
    "affected is a string": b'{"id": "GHSA-x", "affected": "all"}',
    "affected holds strings": b'{"id": "GHSA-x", "affected": ["all"]}',
    "a package without a name": b'{"id": "GHSA-x", "affected": [{"package": {"ecosystem": "npm"}}]}',
    "a name of another type": b'{"id": "GHSA-x", "affected": [{"package": {"ecosystem": "npm", "name": [1]}}]}',
    "a control character": b'{"id": "GHSA-x", "affected": [{"package": {"ecosystem": "npm", "name": "a\\u001b"}}]}',
    "an empty name": b'{"id": "GHSA-x", "affected": [{"package": {"ecosystem": "npm", "name": ""}}]}',
    "ranges is a string": affected(ranges="all"),
    "events is a number": affected(ranges=[{"type": "SEMVER", "events": 5}]),
    "an unknown event": affected(ranges=[{"type": "SEMVER", "events": [{"exploded": "1"}]}]),
    "an event of another type": affected(ranges=[{"type": "SEMVER", "events": [{"fixed": 1}]}]),
    "versions is a string": affected(versions="1.0"),
    "versions holds numbers": affected(versions=[1.0]),
}


@pytest.mark.parametrize("raw", MALFORMED.values(), ids=MALFORMED)
def test_records_that_cannot_be_trusted_are_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        osv.normalise(raw, "npm")


@pytest.mark.parametrize("opening", [b"[", b'{"id":', b'{"id":"GHSA-x","affected":[{"ranges":['])
def test_depth_bombs_end_early(opening: bytes) -> None:
    with pytest.raises(Malformed):
        osv.normalise(opening + b"[" * 1_000_000, "npm")
    with pytest.raises(Malformed):
        osv.normalise(b'{"a":' * 100_000, "npm")


def test_a_million_events_and_other_crowds_are_over_the_limit() -> None:
    with pytest.raises(LimitExceeded):
        osv.normalise(affected(ranges=[{"type": "SEMVER", "events": [{"introduced": "0"}] * 1_000_000}]), "npm")
    with pytest.raises(LimitExceeded):
        osv.normalise(affected(versions=["1.0"] * (bounds.MAX_VERSIONS + 1)), "npm")
    with pytest.raises(LimitExceeded):
        osv.normalise(json.dumps({"id": "GHSA-x", "affected": [{}] * (bounds.MAX_AFFECTED + 1)}).encode(), "npm")


ODD: dict[str, Any] = {
    "summary": 5,
    "details": ["x"],
    "published": {},
    "aliases": "CVE-2024-0001",
    "upstream": [None, 3, {}],
    "related": {"a": 1},
    "severity": "high",
    "references": {"url": "x"},
    "database_specific": [1],
    "modified": None,
}


@pytest.mark.parametrize("name", ODD)
def test_a_wrong_type_in_what_only_people_read_is_left_out(name: str) -> None:
    (advisory,) = osv.normalise(json.dumps({**GOOD, name: ODD[name]}).encode(), "npm")
    assert advisory.affected[0].name == "left"
    assert advisory.aliases == ()
    assert advisory.severity == ()
    assert advisory.references == ()


def test_wrong_types_inside_ratings_and_links() -> None:
    odd = {
        **GOOD,
        "severity": [None, 5, {"type": 1, "score": "x"}, {"type": "CVSS_V3"}],
        "references": [None, {"url": 5}, {"url": "javascript:alert(1)"}, {"url": "https://ok.test/", "type": 7}],
        "affected": [*GOOD["affected"], {"severity": 5, "database_specific": {"cvss": 5}}, {"package": None}],
    }
    (advisory,) = osv.normalise(json.dumps(odd).encode(), "npm")
    assert advisory.severity == ()
    assert advisory.references == ("https://ok.test/",)


def test_what_people_read_is_bounded() -> None:
    long = {**GOOD, "details": "x" * 1_000_000, "references": [{"url": f"https://x.test/{n}"} for n in range(5_000)]}
    (advisory,) = osv.normalise(json.dumps(long).encode(), "npm")
    assert len(advisory.details) == bounds.MAX_DETAILS
    assert len(advisory.references) == bounds.MAX_REFERENCES


def test_only_this_ecosystem_and_no_commits() -> None:
    raw = {
        **GOOD,
        "affected": [
            *GOOD["affected"],
            {"package": {"ecosystem": "PyPI", "name": "left"}},
            {
                "package": {"ecosystem": "npm", "name": "git"},
                "ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}],
            },
        ],
    }
    (advisory,) = osv.normalise(json.dumps(raw).encode(), "npm")
    assert [(item.name, item.ranges) for item in advisory.affected] == [
        ("left", (("i", "0", "f", "1.0.0"),)),
        ("git", ()),
    ]


@pytest.mark.parametrize(("word", "kept"), [("unmaintained", 0), ("notice", 0), ("unsound", 1), (5, 1)])
def test_notices_are_no_flaws(word: Any, kept: int) -> None:
    (advisory,) = osv.normalise(affected(database_specific={"informational": word}), "npm")
    assert len(advisory.affected) == kept


@given(document=documents(FULL))
@settings(max_examples=500, deadline=None)
def test_any_value_anywhere_raises_only_our_errors(document: Any) -> None:
    with contextlib.suppress(Malformed, LimitExceeded):
        osv.normalise(json.dumps(document).encode(), "npm")


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", "a\\b", "a\0b", "x" * 300, "a\nb"])
def test_names_that_are_no_step_of_a_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(Malformed):
        checked(name)
    with pytest.raises(Malformed), Directory(tmp_path).open(name, "all.zip", max_bytes=10):
        pass


def test_a_directory_gives_files_of_bounded_size_only(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    (tmp_path / "d").mkdir()
    with pytest.raises(LimitExceeded), Directory(tmp_path).open("a", max_bytes=4):
        pass
    with pytest.raises(Unreachable), Directory(tmp_path).open("d", max_bytes=4):
        pass


def test_ecosystems_that_lead_elsewhere_are_dropped(tmp_path: Path) -> None:
    (tmp_path / "ecosystems.txt").write_bytes(b"npm\n../x\n/etc\n[EMPTY]\nDebian:12\n\xff\xfe\nnpm\n\nRocky Linux\n")
    assert osv.ecosystems(Directory(tmp_path)) == ("npm", "\ufffd\ufffd", "Rocky Linux")


def read(content: bytes) -> list[tuple[str, bytes | ScanError]]:
    return list(archive.records(io.BytesIO(content), None))


def zipped(*entries: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in entries:
            target.writestr(name, content)
    return out.getvalue()


def test_a_bomb_in_a_zip_is_an_error_of_its_entry_and_small_in_memory() -> None:
    content = zipped(
        ("a.json", b"{}"), ("bomb.json", b"0" * (200 << 20)), ("ratio.json", b"0" * (4 << 20)), ("b.json", b"{}")
    )
    tracemalloc.start()
    found = dict(read(content))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found["a"] == found["b"] == b"{}"
    assert isinstance(found["bomb"], LimitExceeded)
    assert isinstance(found["ratio"], LimitExceeded)
    assert peak < 64 << 20


def test_lies_about_sizes_and_broken_streams() -> None:
    whole = bytearray(zipped(("a.json", b'{"id": 1}' * 100), ("b.json", b"{}")))
    # the directory claims that the first entry is empty
    at = whole.find(b"PK\1\2")
    struct.pack_into("<I", whole, at + 24, 0)
    assert [name for name, _ in read(bytes(whole))] == ["a", "b"]
    broken = bytearray(zipped(("a.json", bytes(range(256)) * 50), ("b.json", b"{}")))
    broken[60:90] = b"\xff" * 30
    found = dict(read(bytes(broken)))
    assert isinstance(found["a"], Malformed)
    assert found["b"] == b"{}"


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"PK\5\6" + b"\xff" * 18, zipped(("a.json", b"{}"))[:-10], b"\0" * 100]
)
def test_what_is_no_zip_is_malformed(content: bytes) -> None:
    with pytest.raises(Malformed):
        read(content)


def test_too_many_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_ENTRIES", 3)
    monkeypatch.setattr(archive, "MAX_INFLATED", 5)
    with pytest.raises(LimitExceeded, match="4 entries"):
        read(zipped(*((f"{n}.json", b"{}") for n in range(4))))
    with pytest.raises(LimitExceeded, match="more than 5 bytes"):
        read(zipped(*((f"{n}.json", b"{}") for n in range(3))))


def test_names_in_a_zip_are_never_paths_on_disk(tmp_path: Path) -> None:
    bucket, outside = write(tmp_path / "b", {"npm": [GOOD]}), tmp_path / "escaped.json"
    lines = "2026-01-01T00:00:00Z,../../escaped\n2026-01-01T00:00:00Z,GHSA-good\n,\nno comma\n"
    (bucket / "npm" / "modified_id.csv").write_bytes(lines.encode() + b"\xff\xfe,\xff\n")
    content = zipped(
        ("../../escaped.json", json.dumps({**GOOD, "id": "GHSA-evil"}).encode()),
        ("GHSA-good.json", json.dumps(GOOD).encode()),
    )
    (bucket / "npm" / "all.zip").write_bytes(content)

    def refuse(url: str, **_: Any) -> Any:
        raise AssertionError(url)

    (result,) = update([want(osv.FEED, bucket, fetch=refuse)], tmp_path / "a.db", progress=Progress()).collections
    assert result.action is Action.UPDATED
    assert not outside.exists()
    with open_snapshot(tmp_path / "a.db") as snapshot:
        assert sorted(row.ids[0] for row in snapshot.affected("npm", "left")) == ["GHSA-evil", "GHSA-good"]
