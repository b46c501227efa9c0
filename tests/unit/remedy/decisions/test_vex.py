"""VEX of three formats: read as others write it, written so that others can read it, and back again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from csaf_lib.verification import Verifier
from hypothesis import given, settings
from hypothesis import strategies as st

from surveyor.remedy.decisions import cyclonedx, openvex, vex
from surveyor.remedy.decisions.apply import apply
from surveyor.remedy.decisions.claim import Origin, claims
from surveyor.remedy.decisions.statement import JUSTIFICATIONS, Book
from surveyor.remedy.document import read_json
from surveyor.scan.errors import LimitExceeded, Malformed, Unsupported
from surveyor.scan.judgement import Decision, DecisionStatus
from surveyor.scan.model import Report
from tests import schemas
from tests.reports import flaw, package, remark, report
from tests.unit.remedy.decisions.conftest import ONE, TODAY, TWO, WHOLE, A, B, read

ORIGIN = Origin(
    author="Shop Team",
    url="https://shop.example/security",
    at="2026-06-01T12:00:00Z",
    version="1",
    product="pkg:oci/shop@sha256%3A" + "a" * 64 + "?repository_url=registry.example/team/shop&tag=1.2",
    name="registry.example/team/shop:1.2",
    digest="a" * 64,
)
NOT_AFFECTED, FIXED, AFFECTED, LOOKING, ACCEPTED = (
    DecisionStatus.NOT_AFFECTED,
    DecisionStatus.FIXED,
    DecisionStatus.AFFECTED,
    DecisionStatus.UNDER_INVESTIGATION,
    DecisionStatus.ACCEPTED,
)


def decided(status: DecisionStatus, justification: str | None = None, **more: Any) -> Decision:
    return Decision(
        **{
            "status": status,
            "source": "s",
            "statement": "1",
            "reason": "because of it",
            "justification": justification,
            "suppressed": status in {NOT_AFFECTED, FIXED, ACCEPTED},
            **more,
        }
    )


def with_decisions(*decisions: Decision | None) -> Report:
    found = tuple(replace(one, decision=decision) for one, decision in zip((ONE, TWO), decisions, strict=True))
    return replace(WHOLE, findings=found)


# ---- written


def _openvex(document: dict[str, Any]) -> None:
    """What the OpenVEX specification 0.2.0 demands of a document and of its statements."""
    assert document["@context"] == "https://openvex.dev/ns/v0.2.0"
    assert {"@id", "author", "timestamp", "version", "statements"} <= {*document}
    assert document["version"] >= 1
    assert datetime.fromisoformat(document["timestamp"]).tzinfo == UTC
    for statement in document["statements"]:
        assert statement["vulnerability"]["name"]
        assert all(product["@id"] and product["subcomponents"] for product in statement["products"])
        status = statement["status"]
        assert status in {"not_affected", "affected", "fixed", "under_investigation"}
        assert status != "affected" or statement["action_statement"]
        assert (status == "not_affected") is (("justification" in statement) is not ("impact_statement" in statement))
        assert "justification" not in statement or statement["justification"] in JUSTIFICATIONS


def _cyclonedx(document: dict[str, Any]) -> None:
    schemas.cyclonedx().validate(document)
    known = {document["metadata"]["component"]["bom-ref"], *(one["bom-ref"] for one in document["components"])}
    assert all(ref["ref"] in known for one in document["vulnerabilities"] for ref in one["affects"])


def _csaf(document: dict[str, Any]) -> None:
    found = Verifier(document).run_all()
    assert [str(one.message) for one in found.failures] == []
    assert found.passed_count > 20


FORMATS: dict[str, Callable[[dict[str, Any]], None]] = {"openvex": _openvex, "cyclonedx": _cyclonedx, "csaf": _csaf}
EVERY = pytest.mark.parametrize("form", list(FORMATS))
_DECISIONS = st.builds(
    decided, st.sampled_from(list(DecisionStatus)), st.none()
) | st.builds(decided, st.just(NOT_AFFECTED), st.sampled_from(list(JUSTIFICATIONS)))  # fmt: skip


@EVERY
@settings(max_examples=25)
@given(one=_DECISIONS, two=st.none() | _DECISIONS)
def test_what_is_written_is_valid_and_reads_back_as_it_was(form: str, one: Decision, two: Decision | None) -> None:
    told = claims(with_decisions(one, two), today=TODAY).told
    document = vex.WRITERS[form](told, ORIGIN)
    FORMATS[form](document)
    back = apply(WHOLE, [read(document)], today=TODAY)
    for decision, finding in zip((one, two), back.findings, strict=True):
        if decision is None:
            assert finding.decision is None
            continue
        found = finding.decision
        assert found is not None
        # a risk that somebody accepts has no word in VEX
        expected = AFFECTED if decision.status is ACCEPTED else decision.status
        assert (found.status, found.justification, found.reason) == (
            expected,
            decision.justification,
            "because of it",
        )
        assert found.suppressed is (expected in {NOT_AFFECTED, FIXED})
    assert [one.unapplied for one in back.decisions] == [()]


@EVERY
def test_a_document_is_the_same_for_the_same_decisions(form: str) -> None:
    told = claims(with_decisions(decided(FIXED), None), today=TODAY).told
    assert vex.WRITERS[form](told, ORIGIN) == vex.WRITERS[form](told, ORIGIN)


@EVERY
def test_a_justification_of_a_strangers_report_that_is_none_is_left_out(form: str) -> None:
    told = claims(with_decisions(decided(NOT_AFFECTED, "zzz"), None), today=TODAY)
    document = vex.WRITERS[form](told.told, ORIGIN)
    assert "zzz" not in json.dumps(document)
    assert [one.reason for one in read(document).statements] == ["because of it"]


@EVERY
def test_it_is_about_no_other_product(form: str) -> None:
    document = vex.WRITERS[form](claims(with_decisions(decided(FIXED), None), today=TODAY).told, ORIGIN)
    target = replace(WHOLE.target, name="other", source="other", digest="sha256:" + "b" * 64)
    back = apply(replace(WHOLE, target=target), [read(document)], today=TODAY)
    assert back.findings == WHOLE.findings
    assert [one.reason for book in back.decisions for one in book.unapplied] == ["other_product"]


@EVERY
def test_a_flaw_may_be_decided_otherwise_in_each_package(form: str) -> None:
    other = flaw("CVE-2021-1001 GHSA-1", B)
    given_report = report(
        replace(ONE, decision=decided(NOT_AFFECTED, "component_not_present")),
        replace(other, decision=decided(FIXED)),
        packages=(A, B),
    )
    document = vex.WRITERS[form](claims(given_report, today=TODAY).told, ORIGIN)
    FORMATS[form](document)
    back = apply(report(ONE, other, packages=(A, B)), [read(document)], today=TODAY)
    assert [one.decision and one.decision.status for one in back.findings] == [NOT_AFFECTED, FIXED]


def test_claims_are_about_the_places_that_were_decided() -> None:
    two = package("pkg:npm/a@1.1.0", "x")
    finding = replace(flaw("CVE-1", A, two), decision=decided(FIXED, suppressed=False, places=("x",)))
    page = replace(remark("security_x", "X", "https://shop.example/"), decision=decided(ACCEPTED))
    found = claims(report(finding, page, packages=(A, two)), today=TODAY)
    assert [one.packages for one in found.told] == [("pkg:npm/a@1.1.0",)]
    assert (found.untold, found.accepted) == (1, 0)


@pytest.mark.parametrize(
    ("decision", "told"),
    [
        (decided(FIXED, suppressed=False, places=("app/a/package.json",)), []),
        (decided(AFFECTED, places=("app/a/package.json",)), ["pkg:npm/a@1.0.0"]),
        (decided(FIXED, until="2026-06-01"), ["pkg:npm/a@1.0.0"]),
        (decided(FIXED, until="2026-05-31"), []),
    ],
)
def test_no_claim_says_more_than_the_decision(decision: Decision, told: list[str]) -> None:
    found = claims(with_decisions(decision, None), today=TODAY)
    assert [one for claim in found.told for one in claim.packages] == told
    assert len(found.told) + found.partial + found.expired == 1


# ---- read


def test_openvex_as_the_tools_write_it() -> None:
    book = read(
        {
            "@context": "https://openvex.dev/ns/v0.2.0",
            "timestamp": "2026-01-01T00:00:00Z",
            "statements": [
                {
                    "vulnerability": {"@id": "https://nvd.example/CVE-1", "name": "CVE-1", "aliases": ["G-1"]},
                    "products": [{"@id": "pkg:npm/a@1.0.0"}, {"identifiers": {"purl": "pkg:npm/b"}}],
                    "status": "not_affected",
                    "impact_statement": "no",
                    "timestamp": "2026-02-01T00:00:00Z",
                },
                {"vulnerability": "CVE-2", "products": ["pkg:npm/a"], "status": "fixed"},
                {"vulnerability": {"name": "CVE-3"}, "products": ["pkg:npm/a"], "status": "not_affected"},
                {"vulnerability": {"name": "CVE-4"}, "products": ["pkg:npm/a"], "status": "ok"},
                {"products": ["pkg:npm/a"], "status": "fixed"},
                {"vulnerability": {"name": "CVE-5"}, "status": "fixed"},
                {"vulnerability": "CVE-6", "products": [{"@id": "x", "subcomponents": ["y"]}], "status": "fixed"},
            ],
        }
    )  # fmt: skip
    first, second = book.statements
    assert (first.ids, first.reason, first.at) == (("CVE-1", "G-1"), "no", datetime(2026, 2, 1, tzinfo=UTC))
    assert (second.status, second.at) == (FIXED, datetime(2026, 1, 1, tzinfo=UTC))
    assert [one.reason for one in book.faults] == [
        "no_justification",
        "no_status",
        "no_id",
        "no_product",
        "no_product",
    ]


def bom(*vulnerabilities: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "components": [
            {"bom-ref": "1", "name": "x", "components": [{"bom-ref": "a-ref", "name": "a", "purl": "pkg:npm/a@1.0.0"}]}
        ],
        "vulnerabilities": list(vulnerabilities),
        **more,
    }


@pytest.mark.parametrize(
    ("ref", "versions", "applied"),
    [
        ("a-ref", [], True),
        ("pkg:npm/a@1.0.0", [], True),
        ("urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#a-ref", [], True),
        ("urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#pkg%3Anpm%2Fa%401.0.0", [], True),
        ("pkg:npm/a", [{"version": "1.0.0"}], True),
        ("pkg:npm/a", [{"version": "1.0.1"}], False),
        ("pkg:npm/a", [{"range": "vers:npm/<2"}], False),
        ("pkg:npm/a", [{"version": "1.0.0", "status": "unaffected"}], True),
        ("pkg:npm/a", [{"version": "1.0.0", "status": "affected"}, {"version": "2", "status": "unaffected"}], False),
        ("a-ref", [{"version": "1.0.0"}], True),
        ("a-ref", [{"version": "1.0.1"}], False),
        ("b-ref", [], False),
    ],
)
def test_cyclonedx_says_what_it_affects_in_several_ways(ref: str, versions: list[Any], applied: bool) -> None:
    item = {
        "id": "GHSA-1",
        "analysis": {"state": "false_positive", "detail": "no"},
        "affects": [{"ref": ref, "versions": versions}],
    }
    back = apply(WHOLE, [read(bom(item))], today=TODAY)
    assert (back.findings[0].decision is not None) is applied


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("resolved", FIXED),
        ("resolved_with_pedigree", FIXED),
        ("exploitable", AFFECTED),
        ("in_triage", LOOKING),
        ("not_affected", NOT_AFFECTED),
    ],
)
def test_the_states_of_cyclonedx(state: str, status: DecisionStatus) -> None:
    item = {"id": "CVE-1", "analysis": {"state": state, "detail": "d"}, "affects": [{"ref": "a-ref"}]}
    assert [one.status for one in read(bom(item)).statements] == [status]


@pytest.mark.parametrize("name", cyclonedx._JUSTIFICATIONS)
def test_the_nine_justifications_become_five(name: str) -> None:
    analysis = {"state": "not_affected", "justification": name}
    (found,) = read(bom({"id": "CVE-1", "analysis": analysis, "affects": [{"ref": "a-ref"}]})).statements
    assert found.justification in JUSTIFICATIONS


def test_a_bill_of_another_product_is_about_another_product() -> None:
    item = {"id": "GHSA-1", "analysis": {"state": "resolved"}, "affects": [{"ref": "a-ref"}]}
    for component, applied in (
        ({"type": "application", "name": "other"}, False),
        ({"type": "container", "name": "shop"}, True),
        ({"type": "container", "name": "x", "hashes": [{"alg": "SHA-256", "content": "A" * 64}]}, True),
    ):
        back = apply(WHOLE, [read(bom(item, metadata={"component": component}))], today=TODAY)
        assert (back.findings[0].decision is not None) is applied


@pytest.mark.parametrize(
    ("version", "versions", "applied"),
    [
        ("", [], True),
        ("1.2", [], True),
        ("1.3", [], False),
        ("", [{"version": "1.2"}], True),
        ("", [{"version": "1.3"}], False),
        ("1.2", [{"version": "1.2", "status": "affected"}], False),
    ],
)
@pytest.mark.parametrize("purl", ["", "pkg:oci/shop", "pkg:generic/shop"])
def test_a_bill_of_another_version_is_about_another_product(
    version: str, versions: list[Any], applied: bool, purl: str
) -> None:
    item = {"id": "GHSA-1", "analysis": {"state": "resolved"}, "affects": [{"ref": "it", "versions": versions}]}
    component = {"type": "container", "bom-ref": "it", "name": "shop", "version": version, "purl": purl}
    back = apply(WHOLE, [read(bom(item, metadata={"component": component}))], today=TODAY)
    assert (back.findings[0].decision is not None) is applied


def test_a_bill_without_analysis_states_nothing() -> None:
    assert read(bom({"id": "CVE-1", "affects": [{"ref": "a-ref"}]})) == Book(source="v.json", format="cyclonedx")


# ---- hostile


@pytest.mark.parametrize("text", [b"{}", b'{"a": 1}', b'{"bomFormat": "SPDX"}', b'{"document": []}'])
def test_what_is_no_vex_is_refused(text: bytes) -> None:
    with pytest.raises(Unsupported):
        vex.read(read_json(text), "v.json")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4) | st.sampled_from(["pkg:npm/a", "CVE-1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def _mangled(document: dict[str, Any]) -> st.SearchStrategy[Any]:
    """A document with any of its values exchanged for any other."""

    def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        return [path, *(place for key, item in items for place in places(item, (*path, key)))]

    def exchanged(path: tuple[Any, ...], other: Any) -> Any:
        copy = json.loads(json.dumps(document))
        held = copy
        for step in path[:-1]:
            held = held[step]
        if path:
            held[path[-1]] = other
        return copy

    return st.builds(exchanged, st.sampled_from(places(document)), _JSON)


_DOCUMENTS = [
    write(
        claims(with_decisions(decided(NOT_AFFECTED, "component_not_present"), decided(AFFECTED)), today=TODAY).told,
        ORIGIN,
    )
    for write in vex.WRITERS.values()
]


@settings(max_examples=400)
@given(st.one_of(*map(_mangled, _DOCUMENTS)))
def test_a_mangled_document_is_read_or_refused(document: dict[str, Any]) -> None:
    try:
        book = read(document)
    except (Malformed, LimitExceeded, Unsupported):
        return
    told = apply(WHOLE, [book], today=TODAY).decisions[0]
    assert told.applied + sum(one.count for one in told.unapplied) == told.statements


def test_many_statements_are_applied_in_one_pass() -> None:
    item = {"products": ["pkg:npm/a"], "status": "fixed"}
    statements = [{**item, "vulnerability": {"name": f"CVE-2021-{number}"}} for number in range(20_000)]
    book = openvex.read({"@context": openvex.CONTEXT, "statements": statements}, "s")
    told = apply(WHOLE, [book], today=TODAY).decisions[0]
    assert (told.statements, told.applied) == (20_000, 1)
    assert len(told.unapplied) <= 201
