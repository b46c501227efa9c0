"""What statements do to findings: whom they are about, who wins, and what is told of those that did nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveyor.remedy.decisions import own
from surveyor.remedy.decisions.apply import apply
from surveyor.remedy.decisions.statement import Book, PackageSelector, Product, Scope, Statement
from surveyor.remedy.document import read_yaml
from surveyor.scan.formats import purl
from surveyor.scan.judgement import DecisionStatus
from surveyor.scan.model import Distro, Report, SourcePackage
from tests.reports import flaw, package, remark, report

TODAY = date(2026, 6, 1)
LODASH = package("pkg:npm/lodash@4.17.15", "app/lodash/package.json", "tests/lodash/package.json")
EXPAT = package(
    "pkg:deb/debian/libexpat1@2.5.0-1?arch=amd64&distro=debian-12",
    "var/lib/dpkg/status",
    source=SourcePackage(name="expat", version="2.5.0-1"),
    distro=Distro(id="debian", version="12"),
)
FLAW = flaw("CVE-2021-1 GHSA-1", LODASH)
EXPAT_FLAW = flaw("CVE-2024-2 DEBIAN-CVE-2024-2", EXPAT, subject="deb/debian/expat")
HSTS = remark("security_hsts", "HSTS missing", "https://shop.example/a", "https://shop.example/b")
WHOLE = report(FLAW, EXPAT_FLAW, HSTS, packages=(LODASH, EXPAT))


def decide(text: str, given_report: Report = WHOLE, today: date = TODAY) -> Report:
    return apply(given_report, [own.read(read_yaml(text.encode()), "own")], today=today)


def suppressed(decided: Report) -> list[str]:
    return [finding.rule for finding in decided.findings if finding.decision and finding.decision.suppressed]


def reasons(decided: Report) -> list[str]:
    return [one.reason for book in decided.decisions for one in book.unapplied]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("id: CVE-2021-1", ["CVE-2021-1"]),
        ("id: ghsa-1", ["CVE-2021-1"]),
        ("id: security_hsts", ["security_hsts"]),
        ("package: pkg:npm/lodash", ["CVE-2021-1"]),
        ("package: pkg:npm/lodash@4.17.15", ["CVE-2021-1"]),
        ("package: pkg:npm/lodash@4.17.16", []),
        ("package: lodash", ["CVE-2021-1"]),
        ("package: LODASH", ["CVE-2021-1"]),
        ("package: npm/*", ["CVE-2021-1"]),
        ("package: lodas", []),
        ("package: expat", ["CVE-2024-2"]),
        ("package: pkg:deb/debian/expat", ["CVE-2024-2"]),
        ("package: pkg:deb/debian/expat@2.5.0-1", ["CVE-2024-2"]),
        ("package: pkg:deb/debian/expat@2.5.0-2", []),
        ("package: pkg:deb/debian/libexpat1?arch=amd64", ["CVE-2024-2"]),
        ("package: pkg:deb/debian/libexpat1?arch=arm64", []),
        ("package: pkg:deb/ubuntu/libexpat1", []),
        ("package: pkg:deb/debian/expat?arch=source", ["CVE-2024-2"]),
        ("package: pkg:deb/debian/expat?arch=src&distro=debian-12", ["CVE-2024-2"]),
        ("package: pkg:deb/debian/expat?arch=src&distro=debian-11", []),
        ("package: 'pkg:deb/debian/expat#lib'", []),
        ("package: 'pkg:npm/lodash#fp'", []),
        ("path: '**'", ["CVE-2021-1", "CVE-2024-2", "security_hsts"]),
        ("path: app/**", []),
        ("path: [app/**, tests/**]", ["CVE-2021-1"]),
        ("url: https://shop.example/*", ["security_hsts"]),
        ("url: https://shop.example/a", []),
        ("{id: CVE-2021-1, package: expat}", []),
    ],
)
def test_whom_a_statement_is_about(words: str, expected: list[str]) -> None:
    item = words[1:-1] if words.startswith("{") else words
    assert suppressed(decide(f"ignore: [{{{item}, reason: why}}]")) == expected


def test_a_finding_stays_with_its_severity_and_says_why_it_is_ignored() -> None:
    found = decide("ignore: [{id: CVE-2021-1, reason: why, until: 2026-06-01}]").findings[0]
    assert replace(found, decision=None) == FLAW
    assert found.decision is not None
    told = found.decision
    assert (told.status, told.source, told.statement, told.reason, told.until, told.suppressed) == (
        DecisionStatus.ACCEPTED,
        "own",
        "ignore[1]",
        "why",
        "2026-06-01",
        True,
    )


def test_what_is_decided_for_some_places_is_not_ignored() -> None:
    found = decide("ignore: [{id: CVE-2021-1, path: 'tests/**', reason: why}]").findings[0]
    assert found.decision is not None
    assert not found.decision.suppressed
    assert found.decision.places == ("tests/lodash/package.json",)


def test_several_statements_may_settle_a_finding_together() -> None:
    decided = decide("""
ignore:
  - {id: CVE-2021-1, path: 'tests/**', status: not_affected, justification: component_not_present, reason: a}
  - {id: CVE-2021-1, path: 'app/**', reason: b}
""")
    found = decided.findings[0].decision
    assert found is not None
    assert (found.suppressed, found.status, found.places) == (True, DecisionStatus.ACCEPTED, ())
    assert decided.decisions[0].applied == 2


@pytest.mark.parametrize("status", ["affected", "under_investigation"])
def test_what_settles_nothing_suppresses_nothing(status: str) -> None:
    decided = decide(f"ignore: [{{id: CVE-2021-1, status: {status}, reason: why}}]")
    assert suppressed(decided) == []
    assert decided.findings[0].decision is not None
    assert (decided.decisions[0].findings, decided.decisions[0].suppressed) == (1, 0)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("id: CVE-1999-1", "no_such_id"),
        ("id: CVE-2021-1, package: expat", "no_such_package"),
        ("id: CVE-2021-1, path: other/**", "no_such_path"),
        ("package: left-pad", "no_such_package"),
        ("package: lodash, path: other/**", "no_such_path"),
        ("id: CVE-2021-1, until: 2026-05-31", "expired"),
        ("id: CVE-2021-1, status: not_affected", "no_justification"),
    ],
)
def test_what_matches_nothing_is_told_with_its_reason(words: str, reason: str) -> None:
    decided = decide(f"ignore: [{{{words}, reason: why}}]")
    assert reasons(decided) == [reason]
    assert (decided.decisions[0].statements, decided.decisions[0].applied) == (1, 0)
    assert suppressed(decided) == []


def test_nothing_but_a_path_when_nothing_was_found() -> None:
    assert reasons(decide("ignore: [{path: 'a/**', reason: why}]", report())) == ["no_such_package"]


def test_a_statement_holds_through_its_last_day() -> None:
    text = "ignore: [{id: CVE-2021-1, reason: why, until: 2026-06-01}]"
    assert suppressed(decide(text, today=date(2026, 6, 1))) == ["CVE-2021-1"]
    assert suppressed(decide(text, today=date(2026, 6, 2))) == []


def statement(status: DecisionStatus, **more: Any) -> Statement:
    return Statement(**{"name": "s", "ids": ("CVE-2021-1",), "status": status, "reason": "r", **more})


def book(*statements: Statement, source: str = "vex", own: bool = False) -> Book:
    return Book(source=source, format="x", statements=statements, own=own)


OLD, NEW = datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
AFFECTED, SAFE, ACCEPTED = DecisionStatus.AFFECTED, DecisionStatus.NOT_AFFECTED, DecisionStatus.ACCEPTED


@pytest.mark.parametrize(
    ("books", "status", "source"),
    [
        # the user's own word before others', however old
        ([book(statement(SAFE, at=NEW)), book(statement(AFFECTED), source="own", own=True)], AFFECTED, "own"),
        # then the newest
        ([book(statement(SAFE, at=NEW)), book(statement(AFFECTED, at=OLD), source="b")], SAFE, "vex"),
        ([book(statement(SAFE, at=OLD)), book(statement(AFFECTED, at=NEW), source="b")], AFFECTED, "b"),
        ([book(statement(SAFE, at=OLD)), book(statement(AFFECTED), source="b")], SAFE, "vex"),
        # then the one that leaves most to do
        ([book(statement(SAFE, at=OLD)), book(statement(AFFECTED, at=OLD), source="b")], AFFECTED, "b"),
        ([book(statement(SAFE)), book(statement(ACCEPTED), source="b")], ACCEPTED, "b"),
        # then the first
        ([book(statement(SAFE)), book(statement(SAFE), source="b")], SAFE, "vex"),
    ],
)
def test_of_two_that_disagree_one_stands(books: list[Book], status: DecisionStatus, source: str) -> None:
    decided = apply(WHOLE, books, today=TODAY)
    found = decided.findings[0].decision
    assert found is not None
    assert (found.status, found.source) == (status, source)
    assert reasons(decided) == ["overruled"]


def product(*purls: str, **more: Any) -> Scope:
    packages = more.pop("packages", ())
    found = tuple(one for text in purls if (one := purl.parse(text)))
    return Scope(
        product=Product(names=purls, purls=found, **more),
        packages=tuple(PackageSelector(purl=purl.parse(text)) for text in packages),
    )


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (product("pkg:npm/lodash@4.17.15"), True),
        (product("pkg:npm/lodash@4.17.14"), False),
        (product("pkg:oci/shop"), True),
        (product("pkg:oci/shop@sha256:" + "a" * 64), True),
        (product("pkg:oci/shop@sha256:" + "b" * 64), False),
        (product("pkg:oci/shop?repository_url=registry.example/team/shop&tag=1.2"), True),
        (product("pkg:oci/shop?repository_url=registry.example/other/shop"), False),
        (product("pkg:oci/shop?tag=1.3"), False),
        (product("pkg:docker/team/shop@1.2"), True),
        (product("pkg:docker/other/shop@1.2"), False),
        (product("pkg:oci/basket"), False),
        (product("registry.example/team/shop:1.2"), True),
        (product("https://example.org/shop"), False),
        (product("x", digests=("a" * 64,)), True),
        (product("pkg:oci/shop", packages=["pkg:npm/lodash"]), True),
        (product("pkg:oci/shop", packages=["pkg:npm/other"]), False),
        (product("pkg:oci/basket", packages=["pkg:npm/lodash"]), False),
        (product("platform", platforms=("cpe:/o:debian:debian_linux:12",), packages=["pkg:npm/lodash"]), True),
        (product("platform", platforms=("cpe:/o:debian:debian_linux:11",), packages=["pkg:npm/lodash"]), False),
        (product("platform", platforms=("cpe:/o:redhat:enterprise_linux:9",), packages=["pkg:npm/lodash"]), False),
    ],
)
def test_what_vex_calls_a_product(scope: Scope, expected: bool) -> None:
    decided = apply(WHOLE, [book(statement(SAFE, scopes=(scope,)))], today=TODAY)
    assert bool(suppressed(decided)) is expected
    if not expected:
        assert reasons(decided)[0] in {"other_product", "no_such_package"}


def test_a_component_of_a_package_lies_inside_that_packages_file() -> None:
    app = package("pkg:maven/org.example/app@1", "opt/app.jar")
    inner = package("pkg:maven/org.example/core@2", "opt/app.jar!/lib/core.jar")
    outer = package("pkg:maven/org.example/core@2", "opt/core.jar")
    scope = product("pkg:maven/org.example/app@1", packages=["pkg:maven/org.example/core"])
    books = [book(statement(SAFE, scopes=(scope,)))]
    one = report(flaw("CVE-2021-1", inner), packages=(app, inner))
    two = report(flaw("CVE-2021-1", outer), packages=(app, outer))
    assert suppressed(apply(one, books, today=TODAY)) == ["CVE-2021-1"]
    assert reasons(apply(two, books, today=TODAY)) == ["other_product"]


_IDS = st.sampled_from(["CVE-2021-1", "GHSA-1", "CVE-2024-2", "security_hsts", "CVE-1"])
_STATEMENTS = st.builds(
    Statement,
    name=st.sampled_from(["a", "b"]),
    ids=st.lists(_IDS, max_size=2).map(tuple),
    status=st.sampled_from(list(DecisionStatus)),
    reason=st.just("r"),
    until=st.none() | st.dates(date(2026, 5, 30), date(2026, 6, 3)),
    at=st.none() | st.sampled_from([OLD, NEW]),
    scopes=st.sampled_from(
        [(Scope(),), (product("pkg:npm/lodash"), product("pkg:oci/shop")), (product("pkg:npm/none"),)]
    ),
)
_BOOKS = st.lists(
    st.builds(
        Book,
        source=st.sampled_from(["x", "y"]),
        format=st.just("x"),
        statements=st.lists(_STATEMENTS, max_size=4).map(tuple),
        own=st.booleans(),
    ),
    max_size=3,
)


@given(_BOOKS)
def test_applying_twice_is_applying_once(books: list[Book]) -> None:
    once = apply(WHOLE, books, today=TODAY)
    assert apply(once, books, today=TODAY) == once
    # and no decision touches anything else of a finding
    assert [replace(finding, decision=None) for finding in once.findings] == list(WHOLE.findings)


@given(_BOOKS)
def test_every_statement_is_accounted_for(books: list[Book]) -> None:
    for held, told in zip(books, apply(WHOLE, books, today=TODAY).decisions, strict=True):
        assert told.statements == len(held.statements)
        assert told.applied + sum(one.count for one in told.unapplied) == told.statements


@given(_BOOKS)
def test_taking_all_decisions_back_gives_the_findings_as_they_were(books: list[Book]) -> None:
    assert apply(apply(WHOLE, books, today=TODAY), [], today=TODAY).findings == WHOLE.findings
