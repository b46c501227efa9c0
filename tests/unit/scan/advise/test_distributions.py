"""Feeds of distributions, Debian's tracker and Alpine's secdb: from a folder, over a socket, and what they come to."""

from __future__ import annotations

import contextlib
import copy
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveyor.scan.advise import members as reader
from surveyor.scan.advise.feeds import alpine, debian
from surveyor.scan.advise.feeds.interface import Known
from surveyor.scan.advise.match import Advice, advise
from surveyor.scan.advise.members import members
from surveyor.scan.advise.origin import Directory
from surveyor.scan.advise.record import Mark, State, Unread
from surveyor.scan.advise.snapshot import open_snapshot, status
from surveyor.scan.advise.sources import want
from surveyor.scan.advise.update import Action, CollectionResult, update
from surveyor.scan.errors import LimitExceeded, Malformed, ScanError
from surveyor.scan.events import Progress
from surveyor.scan.model import Distro, Package, SourcePackage
from surveyor.scan.net import Client
from surveyor.scan.settings import AllowedHost, Settings
from tests.servers.osv_bucket import Bucket, record, serve, write
from tests.strange import documents, values
from tests.unit.scan.advise.conftest import deb, no_network, run

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def release(status: str = "resolved", **more: Any) -> dict[str, Any]:
    return {"status": status, "repositories": {"bookworm": "1.0"}, "urgency": "not yet assigned", **more}


TRACKER: dict[str, Any] = {
    "expat": {
        "CVE-2024-1001": {
            "description": "Reads beyond the end.",
            "scope": "remote",
            "releases": {
                "bookworm": release(fixed_version="2.5.0-1+deb12u2", urgency="high**"),
                "bullseye": release("open", nodsa="Minor issue", nodsa_reason=""),
                "sid": release(fixed_version="2.6.0-1"),
            },
        },
        "CVE-2024-1002": {"releases": {"bookworm": release(fixed_version="0"), "bullseye": release(fixed_version="0")}},
        "CVE-2024-1003": {"releases": {"bookworm": release("open", nodsa="No", nodsa_reason="ignored")}},
        "CVE-2024-1004": {"releases": {"bookworm": release("open", nodsa_reason="postponed")}},
        "CVE-2024-1005": {"releases": {"bookworm": release("open", urgency="end-of-life")}},
        "CVE-2024-1006": {"releases": {"bookworm": release("undetermined")}},
        "TEMP-0000001-ABCDEF": {"releases": {"bookworm": release("open", urgency="unimportant")}},
    },
    "zlib": {"CVE-2024-1009": {"releases": {"bookworm": release("open")}}},
}
TWICE = ("4.1-r0", "4.1-r2")
SECDB: dict[str, Any] = {
    "distroversion": "v3.19",
    "reponame": "main",
    "packages": [
        {"pkg": {"name": "openssl", "secfixes": {"3.1.4-r1": ["CVE-2023-1001 XSA-7"], "3.1.4-r3": ["CVE-2023-1002"]}}},
        {
            "pkg": {
                "name": "xen",
                "secfixes": {"0": ["CVE-2023-1003"], "4.1-r0": ["CVE-2023-1004"], "4.1-r2": ["CVE-2023-1004"]},
            }
        },
    ],
}


def put(folder: Path, name: str, value: Any) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")
    return folder


def load(feed: Any, source: Path | str, database: Path, fetch: Any = no_network) -> tuple[CollectionResult, ...]:
    return update([want(feed.FEED, source, fetch=fetch)], database, progress=Progress()).collections


def client(bucket: Bucket) -> Client:
    port = int(bucket.url.rpartition(":")[2])
    return Client(Settings(allow_hosts=(AllowedHost(host="127.0.0.1", port=port),)))


def ask(database: Path, *packages: Package) -> Advice:
    with open_snapshot(database) as snapshot:
        return advise(packages, snapshot, artifact="x", progress=Progress())


def apk(name: str, version: str, origin: str | None = None) -> Package:
    return Package(
        purl=f"pkg:apk/alpine/{name}@{version}",
        type="apk",
        namespace="alpine",
        name=name,
        version=version,
        source=SourcePackage(name=origin or name, version=version),
        distro=Distro(id="alpine", version="3.19.1"),
    )


def test_debian_says_what_is_open_and_why(tmp_path: Path) -> None:
    load(debian, put(tmp_path / "d", "json", TRACKER), tmp_path / "a.db")
    found = {one.rule: one for one in ask(tmp_path / "a.db", deb("libexpat1", "2.5.0-1", source="expat")).findings}
    assert {rule: one.fix_state for rule, one in found.items()} == {
        "CVE-2024-1001": "fixed",
        "CVE-2024-1003": "will_not_fix",
        "CVE-2024-1004": "fix_deferred",
        "CVE-2024-1005": "end_of_life",
        "CVE-2024-1006": "under_investigation",
        "TEMP-0000001-ABCDEF": "not_fixed",
    }
    first = found["CVE-2024-1001"]
    assert (first.fixed_in, first.severity, first.ruled_by) == (("2.5.0-1+deb12u2",), "high", "only:debian")
    assert first.description == "Reads beyond the end."
    assert found["TEMP-0000001-ABCDEF"].severity == "low"
    mended = ask(tmp_path / "a.db", deb("expat", "2.5.0-1+deb12u2"))
    assert "CVE-2024-1001" not in [one.rule for one in mended.findings]
    eleven = ask(tmp_path / "a.db", deb("expat", "2.2", release="11"))
    assert [(one.rule, one.fix_state) for one in eleven.findings] == [("CVE-2024-1001", "not_fixed")]


def test_the_tracker_outranks_what_osv_says_of_debian(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    wrong = record("DEBIAN-CVE-2024-1002", "Debian:12", "expat", upstream=["CVE-2024-1002"])
    run(write(tmp_path / "b", {"Debian": [wrong]}), path)
    package = deb("expat", "2.5.0-1+deb12u2")
    assert [one.rule for one in ask(path, package).findings] == ["CVE-2024-1002"]
    load(debian, put(tmp_path / "d", "json", TRACKER), path)
    advice = ask(path, package)
    assert "CVE-2024-1002" not in [one.rule for one in advice.findings]
    assert [entry.count for entry in advice.coverage if entry.reason == "overruled"] == [1]


def test_only_sources_that_changed_are_written_anew(tmp_path: Path) -> None:
    folder, path = put(tmp_path / "d", "json", TRACKER), tmp_path / "a.db"
    (first,) = load(debian, folder, path)
    assert (first.action, first.changed, first.rows) == (Action.UPDATED, 2, 8)
    assert load(debian, folder, path)[0].action is Action.UNCHANGED
    changed = copy.deepcopy(TRACKER)
    changed["zlib"]["CVE-2024-1009"]["releases"]["bookworm"] = release(fixed_version="1.3-1")
    changed["new"] = {"CVE-2025-1001": {"releases": {"bookworm": release("open")}}}
    del changed["expat"]
    (second,) = update(
        [want(debian.FEED, put(folder, "json", changed), fetch=no_network)], path, progress=Progress(), accept_loss=True
    ).collections
    assert (second.changed, second.removed, second.rows) == (2, 1, 2)
    assert ask(path, deb("expat", "2.5.0-1")).findings == ()
    assert [one.fixed_in for one in ask(path, deb("zlib", "1.2")).findings] == [("1.3-1",)]


def test_a_source_beyond_all_bounds_costs_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, path = put(tmp_path / "d", "json", TRACKER), tmp_path / "a.db"
    monkeypatch.setattr(debian, "_MAX_SOURCE", 500)
    (result,) = load(debian, folder, path)
    assert (result.action, result.broken, result.rows) == (Action.UPDATED, 1, 1)
    assert "expat: limit" in result.notes[0]
    monkeypatch.undo()
    (result,) = load(debian, folder, path)
    assert (result.broken, result.rows) == (0, 8)


def test_a_kernel_of_as_many_flaws_as_it_has_is_read(tmp_path: Path) -> None:
    said = {code: release(fixed_version="6.1.55-1") for code in ("bullseye", "bookworm", "trixie", "forky", "sid")}
    flaws = {f"CVE-2024-{number}": {"description": "x" * 800, "releases": said} for number in range(10_000, 16_500)}
    folder = put(tmp_path / "d", "json", {"linux": flaws})
    assert (folder / "json").stat().st_size > 8 << 20
    with debian.fetch(Directory(folder), "", Known(mark=Mark(), entries=dict, now=NOW)) as changes:
        assert changes
        ((_, _, raw),) = changes.records
    assert isinstance(raw, bytes)
    assert len(list(debian.normalise(raw, ""))) == 6_500


def test_the_tracker_over_a_socket_with_validators(tmp_path: Path) -> None:
    with serve(put(tmp_path / "d", "json", TRACKER)) as bucket:
        for _ in range(2):
            load(debian, bucket.url, tmp_path / "a.db", client(bucket).fetch)
        assert bucket.asked == [("/json", 200), ("/json", 304)]
    assert status(tmp_path / "a.db")[0].rows == 8


def test_alpine_is_matched_by_origin_and_by_release(tmp_path: Path) -> None:
    folder, path = put(tmp_path / "s", "v3.19/main.json", SECDB), tmp_path / "a.db"
    put(folder, "v3.19/community.json", {"packages": []})
    put(folder, "v3.9/main.json", {"packages": []})
    with serve(folder) as bucket:
        results = load(alpine, bucket.url, path, client(bucket).fetch)
        assert [(item.scope, item.rows) for item in results] == [("v3.9", 0), ("v3.19", 4)]
        assert [item.action for item in load(alpine, bucket.url, path, client(bucket).fetch)] == [Action.UNCHANGED] * 2
    found = ask(path, apk("libssl3", "3.1.4-r0", "openssl"), apk("xen-libs", "4.1-r1", "xen")).findings
    assert [(one.ids, one.fixed_in) for one in found] == [
        (("CVE-2023-1001", "XSA-7"), ("3.1.4-r1",)),
        (("CVE-2023-1002",), ("3.1.4-r3",)),
        (("CVE-2023-1004",), ("4.1-r2",)),
    ]
    assert ask(path, apk("libssl3", "3.1.4-r3", "openssl"), apk("xen", "4.1-r2")).findings == ()


def test_alpine_without_its_second_repository_and_without_any(tmp_path: Path) -> None:
    folder = put(tmp_path / "s", "v3.2/main.json", {"packages": []})
    (folder / "v3.3").mkdir()
    (folder / "edge").mkdir()
    with pytest.raises(ScanError):
        load(alpine, tmp_path / "s" / "edge", tmp_path / "b.db")
    results = load(alpine, folder, tmp_path / "a.db")
    assert [(item.scope, item.action) for item in results] == [("v3.2", Action.UPDATED), ("v3.3", Action.FAILED)]


def test_alpines_second_repository_that_cannot_be_had_now_is_not_forgotten(tmp_path: Path) -> None:
    folder, path = put(tmp_path / "s", "v3.19/main.json", SECDB), tmp_path / "a.db"
    put(folder, "v3.19/community.json", {"packages": [{"pkg": {"name": "vim", "secfixes": {"9-r1": ["CVE-2023-9"]}}}]})
    with serve(folder) as bucket:
        load(alpine, bucket.url, path, client(bucket).fetch)
        put(folder, "v3.19/main.json", {**SECDB, "reponame": "changed"})
        bucket.broken["/v3.19/community.json"] = 403
        with pytest.raises(ScanError, match=r"community\.json: HTTP 403"):
            load(alpine, bucket.url, path, client(bucket).fetch)
    assert "HTTP 403" in status(path)[0].failure
    assert [one.rule for one in ask(path, apk("vim", "9-r0")).findings] == ["CVE-2023-9"]


def test_a_package_of_alpine_that_cannot_be_read_any_more_is_as_it_was(tmp_path: Path) -> None:
    folder, path = put(tmp_path / "s", "v3.19/main.json", SECDB), tmp_path / "a.db"
    load(alpine, folder, path)
    openssl, xen = SECDB["packages"]
    put(folder, "v3.19/main.json", {"packages": [openssl, {"pkg": {"name": "xen", "secfixes": 5}}]})
    (result,) = load(alpine, folder, path)
    assert (result.action, result.rows, result.broken) == (Action.UPDATED, 4, 1)
    found = ask(path, apk("libssl3", "3.1.4-r0", "openssl"), apk("xen-libs", "4.1-r1", "xen")).findings
    assert [one.rule for one in found] == ["CVE-2023-1001", "CVE-2023-1002", "CVE-2023-1004"]
    # mended, it is read again and stands once
    put(folder, "v3.19/main.json", {"packages": [openssl, xen], "reponame": "main"})
    assert [(one.rows, one.broken) for one in load(alpine, folder, path)] == [(4, 0)]


@pytest.mark.parametrize(
    "value",
    [
        {"a": 5},
        {"a": {"not a flaw": {"releases": {}}}},
        {"a": {"CVE-2024-1001": 5}},
        {"a": {"CVE-2024-1001": {"releases": []}}},
        {"a": {"CVE-2024-1001": {"releases": {"bookworm": release(fixed_version=7)}}}},
        {"": {}},
        {"a\u001b": {}},
        {"a": {}, "b": {}},
        {},
    ],
)
def test_a_tracker_that_cannot_be_trusted_is_malformed(value: Any) -> None:
    with pytest.raises(Malformed):
        list(debian.normalise(json.dumps(value).encode(), ""))


@pytest.mark.parametrize(
    "value", [{"name": 1}, {"name": "a"}, {"name": "a", "secfixes": []}, {"name": "a", "secfixes": {"1": "CVE-1"}}]
)
def test_a_secdb_that_cannot_be_trusted_is_malformed(value: Any) -> None:
    with pytest.raises(Malformed):
        list(alpine.normalise(json.dumps(value).encode(), "v3.19"))


SOURCES, FIXES = ({"expat": TRACKER["expat"]}, SECDB["packages"][0]["pkg"])


@given(tracker=documents(SOURCES), fixes=documents(FIXES))
@settings(max_examples=300, deadline=None)
def test_any_value_anywhere_raises_only_our_errors(tracker: Any, fixes: Any) -> None:
    for feed, whole in ((debian, tracker), (alpine, fixes)):
        with contextlib.suppress(Malformed, LimitExceeded):
            made = list(feed.normalise(json.dumps(whole).encode(), "v3.19"))
            read = (one for one in made if not isinstance(one, Unread))
            assert all(item.state in set(State) for one in read for item in one.affected)


def test_crowds_are_over_the_limit() -> None:
    flaws = {f"CVE-2024-{n + 1000}": {"releases": {}} for n in range(50_001)}
    with pytest.raises(LimitExceeded):
        list(debian.normalise(json.dumps({"a": flaws}).encode(), ""))
    many = {"name": "a", "secfixes": {"1": [f"CVE-2024-{n + 1000}" for n in range(20_001)]}}
    with pytest.raises(LimitExceeded):
        list(alpine.normalise(json.dumps(many).encode(), "v3.19"))


@given(value=st.dictionaries(st.text(), values(), max_size=5), indent=st.sampled_from([None, 1]), ascii_=st.booleans())
def test_members_are_those_of_the_whole_document(value: dict[str, Any], indent: int | None, ascii_: bool) -> None:
    try:
        content = json.dumps(value, indent=indent, ensure_ascii=ascii_).encode()
    except UnicodeEncodeError:
        return
    if b"\\ud" in content:
        return  # half a pair may stand in JSON, and in no text
    pairs = members(content, limit=10, each=1_000_000)
    found = {name: json.loads(raw) for name, raw in pairs if isinstance(raw, bytes)}
    assert found == json.loads(content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{",
        b'{"a"',
        b'{"a":',
        b'{"a":1',
        b'{"a":1,,}',
        b'{"a":1 "b":2}',
        b"{a:1}",
        b'{"\xff":1}',
        b'{"a":tru}',
    ],
)
def test_what_is_no_object_is_malformed(content: bytes) -> None:
    with pytest.raises(Malformed):
        list(members(content, limit=10, each=100))


def test_members_are_bounded_in_depth_number_and_size() -> None:
    with pytest.raises(Malformed):
        list(members(b'{"a":' + b"[" * 100_000, limit=10, each=1 << 20))
    with pytest.raises(LimitExceeded, match="more than 2 members"):
        list(members(b'{"a":1,"b":2,"c":3}', limit=2, each=100))
    found = dict(members(b'{"a":"' + b"x" * 100 + b'","b":2}', limit=2, each=100))
    assert (str(found["a"]), found["b"]) == ("a value of 102 bytes", b"2")
    assert reader.__doc__
