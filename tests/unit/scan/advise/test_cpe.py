"""CPE names, NVD's configurations as ranges, their version order, and the products that programs are."""

from __future__ import annotations

import contextlib
import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveyor.scan.advise import cpe
from surveyor.scan.advise import record as bounds
from surveyor.scan.advise.cpe import Name
from surveyor.scan.advise.feeds import nvd
from surveyor.scan.advise.pieces import cut
from surveyor.scan.advise.programs import PROGRAMS, questions
from surveyor.scan.advise.ranges import Keys, judge
from surveyor.scan.advise.record import Advisory, Affected, Exploited, Fact, Unread
from surveyor.scan.advise.versions import SCHEMES, order_of
from surveyor.scan.catalog.fingerprints import FINGERPRINTS
from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.model import Tier
from tests.servers.nvd import cve, match, node
from tests.strange import documents
from tests.unit.scan.advise.conftest import plain

NAMES = {
    r"cpe:2.3:a:soap\:\:lite_project:soap\:\:lite:*:*:*:*:*:perl:*:*": Name(
        "a", "soap::lite_project", "soap::lite", "*", "*", "perl"
    ),
    r"cpe:2.3:o:Linux:linux_kernel:6.8:RC1:*:*:*:*:*:*": Name("o", "linux", "linux_kernel", "6.8", "rc1", "*"),
    r"cpe:2.3:a:x:c\+\+:1.0\-2:-:*:*:*:node.js:*:*": Name("a", "x", "c++", "1.0-2", "-", "node.js"),
    r"cpe:2.3:a:x:back\\slash:1:*:*:*:*:*:*:*": Name("a", "x", "back\\slash", "1", "*", "*"),
    "cpe:2.3:a:soap::lite_project:soap::lite:*:*:*:*:*:perl:*:*": None,
    "cpe:2.3:a:x:y:1.*:*:*:*:*:*:*:*": None,
    "cpe:2.3:a:x:y?:1:*:*:*:*:*:*:*": None,
    "cpe:2.3:a:x:y:1": None,
    "cpe:2.3:a:x:y:1:*:*:*:*:*:*:\\": None,
    "cpe:/a:x:y:1": None,
    "cpe:2.3:": None,
    "": None,
    "cpe:2.3:a:x:y\x1b:1:*:*:*:*:*:*:*": None,
}


@pytest.mark.parametrize(("text", "name"), NAMES.items(), ids=map(repr, NAMES))
def test_names_are_unescaped_or_none(text: str, name: Name | None) -> None:
    assert cpe.parse(text) == name


def affected(*matches: dict[str, Any], **configuration: Any) -> dict[str, Affected]:
    return {item.name: item for item in cpe.affected([{"nodes": [node(*matches)], **configuration}], [])}


RANGES = {
    (): ("i", "0"),
    ("versionEndExcluding",): ("i", "0", "f", "2"),
    ("versionEndIncluding",): ("i", "0", "l", "2"),
    ("versionStartIncluding",): ("i", "1"),
    ("versionStartExcluding",): ("a", "1"),
    ("versionStartIncluding", "versionEndExcluding"): ("i", "1", "f", "2"),
    ("versionStartExcluding", "versionEndIncluding"): ("a", "1", "l", "2"),
}


@pytest.mark.parametrize(("words", "flat"), RANGES.items())
def test_bounds_are_events(words: tuple[str, ...], flat: tuple[str, ...]) -> None:
    given = {word: "1" if "Start" in word else "2" for word in words}
    assert affected(match("cpe:2.3:a:x:y", **given))["x:y"].ranges == (flat,)


def test_one_version_any_version_and_none() -> None:
    found = affected(
        match("cpe:2.3:a:x:y:1.0"),
        match("cpe:2.3:a:x:y:1.0:-"),
        match("cpe:2.3:a:x:y:1.1:rc1"),
        match("cpe:2.3:a:x:y:-"),
        match("cpe:2.3:a:x:z:-"),
        match("cpe:2.3:h:x:router"),
        match("cpe:2.3:o:x:firmware:3"),
        match("cpe:2.3:a:*:y:1"),
    )
    assert {name: (item.versions, item.ranges, item.reason) for name, item in found.items()} == {
        "x:y": (("1.0", "1.1-rc1"), (), ""),
        "x:firmware": (("3",), (), ""),
    }


def test_a_platform_is_no_finding_and_a_condition() -> None:
    program = node(match("cpe:2.3:a:python:python:3.9"))
    platforms = node(*(match(f"cpe:2.3:o:m:windows_{n}:-", vulnerable=False) for n in range(5)))
    (python,) = cpe.affected([{"operator": "AND", "nodes": [program, platforms]}], [])
    assert python.name == "python:python"
    assert python.reason == "only with m:windows_0, m:windows_1, m:windows_2 or others"
    (python,) = cpe.affected([{"operator": "AND", "nodes": [program, platforms]}, {"nodes": [program]}], [])
    assert python.reason == ""
    inner = node(match("cpe:2.3:a:x:y:1"), match("cpe:2.3:o:m:w:-", vulnerable=False), operator="AND")
    assert [item.reason for item in cpe.affected([{"nodes": [inner]}], [])] == ["only with m:w"]
    both = [node(match("cpe:2.3:a:x:y:1")), node(match("cpe:2.3:o:x:firmware:1"))]
    assert {item.name: item.reason for item in cpe.affected([{"operator": "AND", "nodes": both}], [])} == {
        "x:y": "only with x:firmware",
        "x:firmware": "only with x:y",
    }


def test_what_is_negated_says_nothing() -> None:
    assert affected(match("cpe:2.3:a:x:y:1"), negate=True) == {}
    assert cpe.affected([{"nodes": [{**node(match("cpe:2.3:a:x:y:1")), "negate": True}]}], []) == ()


def test_a_plugin_is_not_the_server() -> None:
    found = affected(
        match("cpe:2.3:a:redis:redis:*:*:*:*:*:node.js", versionEndExcluding="3.1.1"),
        match("cpe:2.3:a:redis:redis:*:*:*:*:*:*", versionEndExcluding="7.0"),
        match("cpe:2.3:a:google:chrome:*:*:*:*:*:android", versionEndExcluding="100"),
        match("cpe:2.3:a:x:y:*:*:*:*:*:windows", versionEndExcluding="2"),
    )
    assert {name: (item.ranges, item.reason) for name, item in found.items()} == {
        "redis:redis for node.js": ((("i", "0", "f", "3.1.1"),), ""),
        "redis:redis": ((("i", "0", "f", "7.0"),), ""),
        "google:chrome for android": ((("i", "0", "f", "100"),), ""),
        "x:y": ((("i", "0", "f", "2"),), "built for windows"),
    }


def test_the_portable_release_of_openssh_is_the_release() -> None:
    found = affected(
        match("cpe:2.3:a:openbsd:openssh:8.5:p1"),
        match("cpe:2.3:a:openbsd:openssh", versionStartIncluding="8.6", versionEndExcluding="9.8"),
        match("cpe:2.3:a:ntp:ntp:4.2.8:p10"),
    )
    openssh, keys = found["openbsd:openssh"], Keys(order_of("CPE"))
    for version, hit in (("8.4p1", False), ("8.5p1", True), ("9.7p1", True), ("9.8p1", False)):
        package = plain("generic", "openssh", version, tier=Tier.HEURISTIC)
        ((name, asked),) = questions(package)
        assert name == "openbsd:openssh"
        assert judge(asked, openssh.ranges, openssh.versions, keys).affected is hit, version
    assert found["ntp:ntp"].versions == ("4.2.8-p10",)


def test_versions_that_are_none_and_hostile_ones() -> None:
    key = SCHEMES["cpe"]
    for odd in ("", "-", "*", "...", "1 2", "x" * 2_000):
        with pytest.raises(Malformed):
            key(odd)

    def seconds(less: int) -> float:
        start = time.thread_time()
        for hostile in ("1" * 1_024, "a1" * 512, "1." * 512, "-" * 1_023 + "1"):
            key(hostile[less:])
        return time.thread_time() - start

    # the best of several, each of other versions: a collection of garbage can only add
    assert any(seconds(less) < 0.1 for less in range(9))


def test_every_fingerprint_is_a_product_but_those_without_versions() -> None:
    assert {one.id for one in FINGERPRINTS} - PROGRAMS.keys() == {"boringssl"}
    assert PROGRAMS.keys() <= {one.id for one in FINGERPRINTS}
    for name, product in PROGRAMS.items():
        assert product.why, name
        assert all(text == text.lower() and text.count(":") == 1 for text in product.names), name


def test_what_a_program_is_asked_about_as() -> None:
    def asked(name: str, version: str, **more: Any) -> tuple[tuple[str, str], ...]:
        return questions(plain("generic", name, version, **{"tier": Tier.HEURISTIC, **more}))

    assert asked("openssl", "1.0.2k") == (("openssl:openssl", "1.0.2k"),)
    assert asked("curl", "8.5.0") == (("haxx:curl", "8.5.0"), ("haxx:libcurl", "8.5.0"))
    assert asked("openjdk", "17.0.4+8") == (("oracle:openjdk", "17.0.4"),)
    assert asked("openjdk", "25.402-b06") == ()
    assert asked("Numbers", "13.1") == ()
    # a bundle's or an installer's word is no fingerprint
    assert asked("redis", "7.0", tier=Tier.CONFIRMED) == ()
    assert asked("redis", "7.0", namespace="acme") == ()
    assert questions(plain("deb", "openssl", "1.0", tier=Tier.HEURISTIC)) == ()


FULL = cve(
    "CVE-2024-1111",
    match("cpe:2.3:a:x:y", versionStartExcluding="1", versionEndIncluding="2"),
    match("cpe:2.3:o:m:w:-", vulnerable=False),
    metrics={
        "cvssMetricV2": [
            {"source": "a@x", "type": "Primary", "cvssData": {"vectorString": "AV:N/AC:L/Au:N/C:P/I:P/A:P"}}
        ],
        "cvssMetricV31": [
            {"source": "b@x", "type": "Secondary", "cvssData": {"vectorString": "CVSS:3.1/AV:N/AC:L"}},
            {"source": "a@x", "type": "Primary", "cvssData": {"vectorString": "CVSS:3.1/AV:L/AC:L"}},
        ],
        "cvssMetricV30": [{"source": "a@x", "type": "Primary", "cvssData": {"vectorString": "CVSS:3.0/AV:P/AC:L"}}],
        "cvssMetricV40": [{"source": "c@x", "type": "Secondary", "cvssData": {"vectorString": "CVSS:4.0/AV:N"}}],
        "ssvcV203": [{"source": "d"}],
    },
    weaknesses=[
        {"type": "Secondary", "description": [{"lang": "en", "value": "CWE-20"}]},
        {
            "type": "Primary",
            "description": [{"lang": "en", "value": "CWE-79"}, {"lang": "en", "value": "NVD-CWE-Other"}],
        },
    ],
    references=[
        {"url": "https://x.test/blog", "tags": []},
        {"url": "https://x.test/gone", "tags": ["Broken Link"]},
        {"url": "https://x.test/patch", "tags": ["Patch"]},
        {"url": "https://x.test/advisory", "tags": ["Issue Tracking", "Vendor Advisory"]},
        {"url": "ftp://x.test/", "tags": None},
    ],
    cisaExploitAdd="2024-02-01",
    cisaActionDue="2024-02-22",
    cisaRequiredAction="Patch.",
)


def normalised(record: dict[str, Any]) -> tuple[Fact | Advisory | Unread, ...]:
    return nvd.normalise(json.dumps(record).encode(), "")


def test_a_record_is_a_fact_and_an_advisory() -> None:
    fact, advisory = normalised(FULL)
    assert fact == Fact(
        cve="CVE-2024-1111",
        exploited=Exploited(added="2024-02-01", due="2024-02-22", action="Patch."),
        published="2025-01-01T00:00:00.000",
        modified="2026-01-01T00:00:00.000",
        summary="CVE-2024-1111 is bad.",
        severity=(
            ("CVSS_V3", "CVSS:3.1/AV:L/AC:L", "a@x"),
            ("CVSS_V3", "CVSS:3.0/AV:P/AC:L", "a@x"),
            ("CVSS_V2", "AV:N/AC:L/Au:N/C:P/I:P/A:P", "a@x"),
            ("CVSS_V4", "CVSS:4.0/AV:N", "c@x"),
            ("CVSS_V3", "CVSS:3.1/AV:N/AC:L", "b@x"),
        ),
        cwes=("CWE-79", "CWE-20"),
        status="Analyzed",
        references=("https://x.test/advisory", "https://x.test/patch", "https://x.test/blog"),
    )
    assert isinstance(advisory, Advisory)
    assert advisory.affected == (Affected(ecosystem="CPE", name="x:y", ranges=(("a", "1", "l", "2"),)),)


@pytest.mark.parametrize("word", ["Rejected", "rejected", "REJECTED"])
def test_a_rejected_record_is_withdrawn_and_says_so(word: str) -> None:
    fact, advisory = normalised(cve("CVE-2024-1111", match("cpe:2.3:a:x:y"), vulnStatus=word))
    assert isinstance(fact, Fact)
    assert (fact.status, fact.summary) == ("Rejected", "")
    assert isinstance(advisory, Advisory)
    assert advisory.withdrawn
    assert advisory.affected == ()


MALFORMED: dict[str, Any] = {
    "no record": {"x": 1},
    "a list": {"cve": []},
    "no id": {"cve": {}},
    "another id": cve("GHSA-1"),
    "an id of another type": cve(5),  # type: ignore[arg-type]
}
#: One part of a record that cannot be read, and the product that it is about.
ODD: dict[str, tuple[Any, str]] = {
    "configurations in words": ("all", ""),
    "configurations of words": (["all"], ""),
    "nodes in words": ([{"nodes": "all"}], ""),
    "matches in words": ([{"nodes": [{"cpeMatch": "all"}]}], ""),
    "no criteria": ([{"nodes": [{"cpeMatch": [{"vulnerable": True}]}]}], ""),
    "a version that is a number": ([{"nodes": [node(match("cpe:2.3:a:x:y", versionEndExcluding=2))]}], "x:y"),  # type: ignore[arg-type]
    "a version that is a list": ([{"nodes": [node(match("cpe:2.3:a:x:y", versionEndExcluding=["2"]))]}], "x:y"),  # type: ignore[arg-type]
    "a wild version": ([{"nodes": [node(match("cpe:2.3:a:X:y:1.*"))]}], "x:y"),
    "a wild product": ([{"nodes": [node(match("cpe:2.3:a:x:y?:1"))]}], ""),
    "a crowd": ([{"nodes": [node(*[match("cpe:2.3:a:x:y:1")] * (bounds.MAX_AFFECTED + 1))]}], ""),
}


@pytest.mark.parametrize("record", MALFORMED.values(), ids=MALFORMED)
def test_records_that_cannot_be_trusted_are_malformed(record: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        normalised(record)


@pytest.mark.parametrize(("odd", "about"), ODD.values(), ids=ODD)
def test_an_odd_product_costs_neither_the_facts_nor_another_product(odd: Any, about: str) -> None:
    metric = {"source": "nvd", "type": "Primary", "cvssData": {"vectorString": "CVSS:3.1/AV:N"}}
    good = [{"nodes": [node(match("cpe:2.3:a:x:z:1"))]}]
    whole = [*good, *odd] if isinstance(odd, list) and isinstance(odd[0], dict) else odd
    fact, *advisories, unread = normalised(
        cve("CVE-2024-1111", configurations=whole, metrics={"cvssMetricV31": [metric]})
    )
    assert isinstance(fact, Fact)
    assert fact.severity == (("CVSS_V3", "CVSS:3.1/AV:N", "nvd"),)
    assert [item.name for one in advisories if isinstance(one, Advisory) for item in one.affected] == (
        ["x:z"] if whole is not odd else []
    )
    assert isinstance(unread, Unread)
    assert (unread.ecosystem, unread.name) == ("CPE", about)
    assert unread.reason.startswith(("malformed: ", "limit"))


def test_crowds_are_cut() -> None:
    nodes = [node(match(f"cpe:2.3:a:x:y{number}:1")) for number in range(20_000)]

    def seconds() -> float:
        start = time.thread_time()
        assert len(cpe.affected([{"operator": "AND", "nodes": nodes}], [])) == 20_000
        return time.thread_time() - start

    assert any(seconds() < 5.0 for _ in range(5))  # a neighbour on the machine can only add
    metric = {"source": "x" * 9_999, "type": "Primary", "cvssData": {"vectorString": "CVSS:3.1/AV:N"}}
    long = cve(
        "CVE-2024-1111",
        descriptions=[{"lang": "en", "value": "x " * 99_999}],
        metrics={"cvssMetricV31": [metric] * 500},
    )
    (fact,) = normalised(long)
    assert isinstance(fact, Fact)
    assert len(fact.summary) == bounds.MAX_SUMMARY
    assert len(fact.severity) == 1
    assert len(fact.severity[0][2]) == 100


@given(record=documents(FULL, names=["negate"]))
@settings(max_examples=500, deadline=None)
def test_any_value_anywhere_raises_only_our_errors(record: Any) -> None:
    with contextlib.suppress(Malformed, LimitExceeded):
        normalised(record)


def test_records_are_cut_wherever_a_chunk_ends() -> None:
    records = [{"cve": {"id": f"CVE-2024-{n}", "x": '"{\\"cve\\":{"}'}, "more": {"a": [1]}} for n in range(1, 5)]
    document = json.dumps({"a": 1, "vulnerabilities": records, "z": {"y": "}"}}, indent=2).encode()
    for size in (1, 2, 7, 50, 10_000):
        about: dict[str, Any] = {}
        pieces = [document[at : at + size] for at in range(0, len(document), size)]
        assert [json.loads(raw) for raw in cut(pieces, about)] == records
        assert about == {"a": 1, "vulnerabilities": [], "z": {"y": "}"}}


@pytest.mark.parametrize("end", [b'"', b'"' + b'\\"' * 500_000, b'"\\', b"{" * 500_000, b"[" * 500_000])
def test_a_record_without_an_end_ends_early(end: bytes) -> None:
    start = time.process_time()
    with pytest.raises(Malformed):
        list(cut([b'{"vulnerabilities":[{"cve":' + end], {}))
    assert time.process_time() - start < 3.0


@given(st.lists(st.sampled_from([b'{"cve":', b'"', b"\\", b"{", b"}", b"[", b"]", b",", b"1", b" "]), max_size=30))
@settings(max_examples=300, deadline=None)
def test_any_document_is_cut_or_malformed(parts: list[bytes]) -> None:
    with contextlib.suppress(Malformed):
        assert all(raw for raw in cut(parts, {}))
