"""A team's own file: what is written in it, and what is wrong with it in words."""

from __future__ import annotations

from datetime import date

import pytest

from surveyor.remedy.decisions import own
from surveyor.remedy.document import read_yaml
from surveyor.scan.errors import Malformed
from surveyor.scan.judgement import DecisionStatus


def read(text: str) -> own.Book:
    return own.read(read_yaml(text.encode()), ".surveyor.yaml")


def test_reads_everything_that_can_be_said() -> None:
    book = read("""
version: 1
products: [shop, "pkg:oci/shop"]
ignore:
  - ids: [CVE-2024-1, GHSA-x]
    package: pkg:npm/lodash@4.17.15
    path: [tests/**, docs/]
    reason: only in tests
    until: 2027-01-31
  - id: security_hsts
    url: https://shop.example/**
    status: not_affected
    justification: inline_mitigations_already_exist
    reason: the proxy sets it
""")
    first, second = book.statements
    assert (first.ids, first.status, first.until) == (
        ("CVE-2024-1", "GHSA-x"),
        DecisionStatus.ACCEPTED,
        date(2027, 1, 31),
    )
    assert [glob.text for glob in first.scopes[0].paths] == ["tests/**", "docs/"]
    assert (second.name, second.justification) == ("ignore[2]", "inline_mitigations_already_exist")
    assert book.own
    assert book.products == ("shop", "pkg:oci/shop")


@pytest.mark.parametrize("text", ["", "version: 1", "ignore: []", "policy: [whatever]"])
def test_a_file_may_decide_nothing(text: str) -> None:
    assert read(text).statements == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ignore: [{id: CVE-1}]", "no_reason"),
        ("ignore: [{id: CVE-1, reason: ''}]", "no_reason"),
        ("ignore: [{id: CVE-1, status: not_affected, reason: never called}]", "no_justification"),
    ],
)
def test_a_statement_without_grounds_is_told_and_not_applied(text: str, reason: str) -> None:
    book = read(text)
    assert book.statements == ()
    assert [(fault.statement, fault.reason) for fault in book.faults] == [("ignore[1]", reason)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "expected keys and values"),
        ("ignore: {}", "ignore: expected a list"),
        ("ignore: [x]", r"ignore\[1\]: expected keys"),
        ("ignored: []", "nothing is called ignored"),
        ("version: 2", "only 1"),
        ("ignore: [{reason: because}]", "decide about everything"),
        ("ignore: [{id: CVE-1, reason: x, untill: 2027-01-01}]", "untill"),
        ("ignore: [{id: CVE-1, reason: x, until: 31.1.2027}]", "no date"),
        ("ignore: [{id: [], reason: x}]", "everything"),
        ("ignore: [{id: [''], reason: x}]", "expected a text"),
        ("ignore: [{package: 'pkg:', reason: x}]", "no package URL"),
        ("ignore: [{id: a, status: wontfix, reason: x}]", "is none of accepted"),
        ("ignore: [{id: a, justification: component_not_present, reason: x}]", "not why it is accepted"),
        ("ignore: [{id: a, status: not_affected, justification: trust_me, reason: x}]", "is none of"),
    ],
)
def test_says_what_is_wrong_and_where(text: str, words: str) -> None:
    with pytest.raises(Malformed, match=words):
        read(text)
