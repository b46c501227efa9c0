"""CSAF files and their archives from nobody we trust: only our errors, in bounded time and memory."""

from __future__ import annotations

import contextlib
import io
import json
import random
import tarfile
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from surveyor.scan.advise import csaf, tarball
from surveyor.scan.advise.feeds import redhat
from surveyor.scan.errors import LimitExceeded, Malformed, ScanError
from tests.servers.csaf import Document, Writer, example
from tests.servers.csaf import tarball as archive
from tests.strange import documents

RHEL_9, EUS_9_0 = "cpe:/o:redhat:enterprise_linux:9", "cpe:/o:redhat:rhel_eus:9.0::baseos"


WHOLE = example()


def read(document: Any) -> tuple[Any, ...]:
    return redhat.normalise(json.dumps(document).encode(), "vex")


TEXTS = ["BaseOS-9", "BaseOS-9:a", "a", "::", ":/", "-.src", "pkg:rpm/x@-?arch=src", RHEL_9, "CVE-2026-1000"]


@given(document=documents(WHOLE, names=["full_product_names", "cvss_v2"], texts=TEXTS))
@settings(max_examples=1_000, deadline=None)
def test_any_value_anywhere_raises_only_our_errors(document: Any) -> None:
    with contextlib.suppress(ScanError):
        read(document)


@given(part=st.text(max_size=60) | st.from_regex(r"[a-z0-9.:/@%?&=+-]{0,40}", fullmatch=True))
@settings(max_examples=500, deadline=None)
def test_any_id_is_a_component_or_none(part: str) -> None:
    for found in (csaf.by_id(part), csaf.by_purl(f"pkg:rpm/redhat/{part}")):
        assert found is None or (found.name and found.name.isprintable() and ":" not in found.name)


def test_relationships_in_a_ring_end() -> None:
    ring = [
        {
            "category": "default_component_of",
            "full_product_name": {"name": "x", "product_id": f"r{at}"},
            "product_reference": f"r{(at + 1) % 3}",
            "relates_to_product_reference": f"r{(at + 2) % 3}",
        }
        for at in range(3)
    ]
    document = example()
    document["product_tree"]["relationships"] += ring
    document["vulnerabilities"][0]["product_status"]["fixed"] += ["r0", "r1", "r2"]
    assert [item.affected for item in read(document)] == [item.affected for item in read(WHOLE)]


def branch(depth: int) -> dict[str, Any]:
    inner: dict[str, Any] = {"category": "product_name", "product": {"name": "x", "product_id": "x"}}
    for _ in range(depth):
        inner = {"category": "product_family", "name": "x", "branches": [inner]}
    return inner


@pytest.mark.parametrize("depth", [31, 250])
def test_branches_without_end(depth: int) -> None:
    document = example()
    document["product_tree"]["branches"].append(branch(depth))
    with pytest.raises(LimitExceeded, match="deep"):
        read(document)
    raw = json.dumps(WHOLE).replace('"branches": [', '"branches": [' + '{"branches": [' * 100_000, 1)
    with pytest.raises(Malformed):
        redhat.normalise(raw.encode(), "vex")


def test_a_million_relationships_and_other_crowds() -> None:
    relation = b'{"full_product_name":{"product_id":"a:b"},"product_reference":"b","relates_to_product_reference":"a"}'
    head = b'{"document":{"category":"csaf_vex","tracking":{"id":"CVE-2026-1000"}},"product_tree":{"relationships":['
    tracemalloc.start()
    with pytest.raises(LimitExceeded, match="values"):
        redhat.normalise(head + b",".join([relation] * 1_000_000) + b"]}}", "vex")
    assert tracemalloc.get_traced_memory()[1] < 300 << 20
    tracemalloc.stop()
    with pytest.raises(LimitExceeded, match="relationships"):
        redhat.normalise(head + b",".join([relation] * (csaf.MAX_PRODUCTS + 1)) + b"]}}", "vex")
    with pytest.raises(LimitExceeded, match="vulnerabilities"):
        read({**WHOLE, "vulnerabilities": [{}] * 1_001})


@pytest.mark.parametrize("kind", ["sources", "binaries", "versions", "lines"])
def test_crowds_within_bounds_take_linear_time(kind: str) -> None:
    count = 10_000
    parts = {
        "sources": [f"p{at}-0:1-1.el9.src" for at in range(count)] + [f"q{at}-0:1-1.el9.x86_64" for at in range(count)],
        "binaries": [f"p{at}-0:1-{at}.el9.src" for at in range(count)]
        + [f"q{at}-0:2-{at}.x.x86_64" for at in range(count)],
        "versions": [f"p-0:1-{at}.el9.src" for at in range(count)],
        "lines": [f"p-0:1-{at}.el9_{at % 99}.src" for at in range(count)],
    }[kind]
    writer = Writer().fixed("rhel_eus", EUS_9_0, *parts).say("known_not_affected", "BaseOS-9", RHEL_9, *parts)
    raw = json.dumps(writer.document()).encode()
    began = time.process_time()
    redhat.normalise(raw, "vex")
    assert time.process_time() - began < 10


def test_huge_strings_are_cut_or_left_out() -> None:
    huge = "x" * (2 << 20)
    document = example()
    document["product_tree"]["branches"].append({"product": {"name": huge, "product_id": huge}})
    flaw = document["vulnerabilities"][0]
    flaw["title"] = flaw["notes"][0]["text"] = flaw["remediations"][-1]["details"] = flaw["threats"][0]["details"] = (
        huge
    )
    flaw["references"].append({"url": f"https://{huge}"})
    flaw["product_status"]["fixed"] += [huge, f"BaseOS-9:{huge}"]
    (advisory,) = read(document)
    assert len(advisory.summary) <= 300
    assert len(json.dumps([advisory.details, advisory.references, advisory.word])) < 10_000
    assert all(len(item.reason) <= 300 and len(item.name) < 300 for item in advisory.affected)


@pytest.mark.parametrize(
    "change",
    [
        {"document": None},
        {"document": {"category": "csaf_vex"}},
        {"document": {"category": "csaf_base", "tracking": {"id": "CVE-2026-1000"}}},
        {"document": {"category": "csaf_vex", "tracking": {"id": "../../x"}}},
        {"product_tree": []},
        {"product_tree": {"branches": "all"}},
        {"product_tree": {"branches": [{"product": {"name": "x"}}]}},
        {"product_tree": {"relationships": [{}]}},
        {"vulnerabilities": {}},
        {"vulnerabilities": [{"product_status": []}]},
        {"vulnerabilities": [{"product_status": {"fixed": "all"}}]},
        {"vulnerabilities": [{"product_status": {"known_affected": [5]}}]},
    ],
)
def test_what_verdicts_rest_on_must_be_right(change: Document) -> None:
    with pytest.raises(Malformed):
        read({**WHOLE, **change})


@pytest.mark.parametrize("name", ["flags", "remediations", "threats", "scores", "references", "cwe", "notes", "title"])
@pytest.mark.parametrize("value", [None, 5, "x", [None, 5, "x", {}], {"a": 1}])
def test_what_only_people_read_may_be_anything(name: str, value: Any) -> None:
    document = example()
    document["vulnerabilities"][0][name] = value
    (advisory,) = read(document)
    assert {item.name for item in advisory.affected} == {"a", "m:1/m", "b", "c", "d", "e"}


def records(tmp_path: Path, content: bytes) -> list[tuple[str, bytes | ScanError]]:
    path = tmp_path / "archive"
    path.write_bytes(content)
    with path.open("rb") as file:
        return list(tarball.records(file, max_bytes=1 << 20))


@pytest.mark.parametrize(
    "content", [b"", b"no tar", b"\x28\xb5\x2f\xfd", archive([WHOLE])[:-20], archive([WHOLE])[:100]]
)
def test_archives_that_are_none_or_cut(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Malformed):
        records(tmp_path, content)


def test_a_bomb_in_an_archive_ends_it(tmp_path: Path) -> None:
    entry = tarfile.TarInfo("2026/cve-2026-1000.json")
    entry.size = 256 << 20
    packed = zstandard.ZstdCompressor().compress(entry.tobuf() + bytes(entry.size))
    with pytest.raises(LimitExceeded, match="ratio"):
        records(tmp_path, packed)


def test_a_file_too_large_is_an_error_of_its_own(tmp_path: Path) -> None:
    large = example()
    large["document"]["title"] = random.Random(1).randbytes(1 << 20).hex()
    large["document"]["tracking"]["id"] = "CVE-2026-2000"
    found = dict(records(tmp_path, archive([large, WHOLE])))
    assert isinstance(found["2026/cve-2026-2000.json"], LimitExceeded)
    assert isinstance(found["2026/cve-2026-1000.json"], bytes)


def test_names_that_lead_out_are_not_taken(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name in ("../../x.json", "/etc/y.json", "2026/z.json"):
            entry = tarfile.TarInfo(name)
            entry.size = 2
            tar.addfile(entry, io.BytesIO(b"{}"))
    assert "2026/z.json" in dict(records(tmp_path, out.getvalue()))
    assert not any(".." in name for name, _ in records(tmp_path, out.getvalue()))
