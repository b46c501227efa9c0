"""CISA's catalogue: entries, dates and what nobody knows; hostile values anywhere."""

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

from surveyor.scan.advise import choice
from surveyor.scan.advise.feeds import kev
from surveyor.scan.advise.origin import Directory, Fetch, Manners, Mirrors
from surveyor.scan.advise.record import MAX_REFERENCES, Exploited, Fact
from surveyor.scan.advise.snapshot import open_snapshot, status
from surveyor.scan.advise.sources import want
from surveyor.scan.advise.update import Action, CollectionResult, update
from surveyor.scan.advise.web import Web
from surveyor.scan.errors import Malformed, ScanError, Unreachable
from surveyor.scan.events import Progress
from surveyor.scan.net import Client
from surveyor.scan.settings import AllowedHost, Settings
from tests.servers.flaws import listed, write_kev
from tests.servers.osv_bucket import serve
from tests.unit.scan.advise.conftest import no_network


def run(*sources: Path | str, database: Path, fetch: Fetch = no_network) -> CollectionResult:
    wanted = want(kev.FEED, *sources, fetch=fetch, manners=Manners(sleep=lambda _: None))
    (result,) = update([wanted], database, progress=Progress()).collections
    return result


def normalised(**more: Any) -> Fact:
    (fact,) = kev.normalise(json.dumps(listed("CVE-2025-48384", **more)).encode(), "")
    return fact


def test_an_entry_over_a_socket_with_a_validator_and_a_mirror(tmp_path: Path) -> None:
    folder, path = write_kev(tmp_path / "kev", [listed("CVE-2025-48384")]), tmp_path / "a.db"
    with serve(folder) as bucket, serve(folder) as mirror:
        ports = [int(server.url.rpartition(":")[2]) for server in (bucket, mirror)]
        fetch = Client(Settings(allow_hosts=tuple(AllowedHost(host="127.0.0.1", port=port) for port in ports))).fetch
        first = run(bucket.url, mirror.url, database=path, fetch=fetch)
        assert (first.action, first.rows) == (Action.UPDATED, 1)
        assert run(bucket.url, mirror.url, database=path, fetch=fetch).action is Action.UNCHANGED
        assert [status for _, status in bucket.asked] == [200, 304]
        assert mirror.asked == []
        bucket.broken["/known_exploited_vulnerabilities.json"] = 403
        assert run(bucket.url, mirror.url, database=path, fetch=fetch).action is Action.UNCHANGED
        assert [status for _, status in mirror.asked] == [304]
    with open_snapshot(path) as snapshot:
        assert snapshot.facts(["CVE-2025-48384"])["CVE-2025-48384"]["kev"] == Fact(
            cve="CVE-2025-48384",
            exploited=Exploited(
                added="2025-08-25", due="2025-09-15", action="Apply mitigations per vendor instructions."
            ),
            summary="Git contains a link following vulnerability.",
            cwes=("CWE-59", "CWE-436"),
            references=("https://example.test/advisory", "https://example.test/patch"),
        )
    assert status(path)[0].date == datetime(2025, 8, 25, 17, 4, 19, 979600, tzinfo=UTC)


@pytest.mark.parametrize(("word", "known"), [("Known", True), ("Unknown", None), ("", None), (7, None)])
def test_what_nobody_knows_of_ransomware_is_no_no(word: object, known: bool | None) -> None:
    exploited = normalised(knownRansomwareCampaignUse=word).exploited
    assert exploited
    assert exploited.ransomware is known


@pytest.mark.parametrize(
    "more", [{"cveID": "GHSA-x"}, {"cveID": None}, {"dateAdded": None}, {"dateAdded": "25/08/2025"}]
)
def test_an_entry_without_a_flaw_or_a_day_is_malformed(tmp_path: Path, more: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        normalised(**more)
    folder = write_kev(tmp_path / "kev", [listed("CVE-2025-1111"), listed("CVE-2025-2222", **more), 5])
    result = run(folder, database=tmp_path / "a.db")
    assert (result.rows, result.broken) == (1, 2)


def test_an_entry_that_cannot_be_read_any_more_is_as_it_was(tmp_path: Path) -> None:
    path, several = tmp_path / "a.db", [listed(f"CVE-2025-{n}") for n in range(1111, 1211)]
    run(write_kev(tmp_path / "kev", several), database=path)
    broken = [{**several[0], "dateAdded": "yesterday"}, *several[2:]]
    result = run(write_kev(tmp_path / "kev", broken), database=path)
    assert (result.action, result.rows, result.broken) == (Action.UPDATED, 99, 1)
    with open_snapshot(path) as snapshot:
        assert sorted(snapshot.facts(["CVE-2025-1111", "CVE-2025-1112"])) == ["CVE-2025-1111"]


def test_what_is_beside_may_be_missing_and_is_bounded() -> None:
    odd = normalised(dueDate="soon", requiredAction=5, notes=None, cwes=["CWE-x", 5, "CWE-79"], shortDescription={})
    assert odd.exploited == Exploited(added="2025-08-25")
    assert (odd.cwes, odd.summary, odd.references) == (("CWE-79",), "", ())
    long = normalised(
        notes=" ".join(f"https://x.test/{n}" for n in range(500)), shortDescription="x" * 9_999, cwes=["CWE-1"] * 99
    )
    assert len(long.references) == MAX_REFERENCES
    assert len(long.summary) == 300
    assert long.cwes == ("CWE-1",)


def test_entries_that_were_announced_and_did_not_come_are_told_and_asked_for_again(tmp_path: Path) -> None:
    folder = write_kev(tmp_path / "kev", [listed("CVE-2025-1111")], count=3)
    assert run(folder, database=tmp_path / "a.db").notes == ("2 records listed but not there",)
    assert run(folder, database=tmp_path / "a.db").action is Action.UPDATED


CATALOGUES = {
    "an empty one": b'{"vulnerabilities": [], "count": 0}',
    "empty": b"",
    "a page": b"<html>",
    "a list": b"[]",
    "no list": b"{}",
    "a list that is none": b'{"vulnerabilities": "all"}',
    "deep": b'{"vulnerabilities": [' + b"[" * 100_000,
}


@pytest.mark.parametrize("content", CATALOGUES.values(), ids=CATALOGUES)
def test_a_catalogue_that_is_none_leaves_what_was_there(tmp_path: Path, content: bytes) -> None:
    folder, path = write_kev(tmp_path / "kev", [listed("CVE-2025-1111")]), tmp_path / "a.db"
    run(folder, database=path)
    (folder / kev.CATALOGUE).write_bytes(content)
    with pytest.raises(Unreachable, match="malformed"):
        run(folder, database=path)
    assert status(path)[0].rows == 1


def test_an_entry_too_deep_to_write_again_is_broken_and_a_crowd_is_over_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep: Any = []
    for _ in range(300):
        deep = [deep]
    folder = write_kev(tmp_path / "kev", [listed("CVE-2025-1111"), listed("CVE-2025-2222", notes=deep)])
    assert run(folder, database=tmp_path / "a.db").broken == 1
    monkeypatch.setattr(kev, "_MAX_ENTRIES", 1)
    with pytest.raises(Unreachable, match="a catalogue of 2 entries"):
        run(folder, database=tmp_path / "b.db")


FULL = {"title": "x", "count": 1, "dateReleased": "2025-08-25", "vulnerabilities": [listed("CVE-2025-1111")]}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(FULL)), inner, max_size=3),
    max_leaves=8,
)


@given(key=st.sampled_from([*FULL, *listed("CVE-2025-1111")]), value=JSON)
@settings(max_examples=200, deadline=None)
def test_any_value_anywhere_raises_only_our_errors(
    tmp_path_factory: pytest.TempPathFactory, key: str, value: Any
) -> None:
    catalogue: Any = copy.deepcopy(FULL)
    (catalogue if key in catalogue else catalogue["vulnerabilities"][0])[key] = value
    folder = tmp_path_factory.mktemp("kev")
    (folder / kev.CATALOGUE).write_text(json.dumps(catalogue))
    from surveyor.scan.advise.feeds.interface import Known
    from surveyor.scan.advise.record import Mark

    known = Known(mark=Mark(), entries=dict, now=datetime.now(UTC))
    with contextlib.suppress(ScanError), kev.fetch(Directory(folder), "", known) as changes:
        assert changes
        for _, _, raw in changes.records:
            if isinstance(raw, bytes):
                with contextlib.suppress(Malformed):
                    kev.normalise(raw, "")


def test_the_publisher_s_second_address_is_asked_too_and_neither_may_be_private(tmp_path: Path) -> None:
    plain = Settings(advisories=tmp_path / "a.db")
    (wanted,) = choice.wanted(plain, (kev.FEED,), no_network)
    assert isinstance(wanted.origin, Mirrors)
    assert [origin.base for origin in wanted.origin.origins if isinstance(origin, Web)] == [
        kev.FEED.address,
        *kev.FEED.mirrors,
    ]
    assert choice.reaching(plain, (kev.FEED,), {}).allow_hosts == ()


def test_the_shared_catalogue(shared_dir: Path, tmp_path: Path) -> None:
    result = run(shared_dir / "advisories" / "kev", database=tmp_path / "a.db")
    assert result.rows > 1_400
    assert result.broken == 0
    assert result.notes == ()
