"""Reports of strangers as a baseline, to compare or to decide about: any value exchanged, any text, any amount."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveyor.remedy import facts, policy
from surveyor.remedy.decisions import own, vex
from surveyor.remedy.decisions.apply import apply
from surveyor.remedy.decisions.claim import Origin, claims
from surveyor.remedy.diff import render
from surveyor.remedy.diff.compare import compare
from surveyor.remedy.rule import rule_on
from surveyor.scan.errors import BadTarget, Malformed
from surveyor.scan.model import Asset, Coverage, CoverageState, Report
from surveyor.scan.report import json as report_json
from tests.reports import flaw, package, remark, report

TODAY = date(2026, 6, 1)
BOOK = own.read(
    {
        "products": ["pkg:oci/shop"],
        "ignore": [
            {"id": "CVE-1", "reason": "a"},
            {"package": ["pkg:npm/a", "b*"], "path": "**/x", "reason": "b", "status": "affected"},
            {"url": "https://**", "reason": "c"},
        ],
    },
    "own",
)
RULES = policy.read(
    {
        "policy": [
            {"name": "all", "when": {"severity": ">= low", "epss": "> 0", "kev": True, "age": "> 1", "fixable": True}},
            {"name": "new", "when": {"new": True, "priority": ">= 1", "type": "npm", "package": "a"}},
            {"name": "licences", "licences": {"allow": ["MIT"], "except": ["b"]}},
        ]
    }
)
ORIGIN = Origin(author="a", at="2026-01-01T00:00:00Z", version="1", product="pkg:generic/a", name="a", url="https://a")
A = package("pkg:npm/a@1", "app/x", "app/y", licenses=("MIT OR GPL-3.0-only",))
PLAIN = facts.weigh(
    report(
        flaw("CVE-1 GHSA-1", A, epss=0.5, kev=True),
        remark("security_x", "X", "https://shop.example/"),
        packages=(A,),
        coverage=(Coverage(what="catalog.npm", state=CoverageState.PARTIAL, path="app"),),
    )
)
DOCUMENT = json.loads(report_json.encode(apply(PLAIN, [BOOK], today=TODAY)))


def judge(found: Report) -> None:
    """Everything that a report goes through."""
    for before, after in ((PLAIN, found), (found, PLAIN), (found, found)):
        try:
            differing = compare(before, after)
        except BadTarget:
            continue
        render.as_json(differing)
        render.as_table(differing)
        render.as_markdown(differing)
    decided = apply(facts.weigh(found), [BOOK], today=TODAY)
    rule_on(decided, RULES, today=TODAY, baseline=PLAIN)
    rule_on(PLAIN, RULES, today=TODAY, baseline=decided)
    for write in vex.WRITERS.values():
        write(claims(decided, today=TODAY).told, ORIGIN)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in items for place in places(item, (*path, key)))]


def exchanged(path: tuple[Any, ...], other: Any) -> Any:
    copy = json.loads(json.dumps(DOCUMENT))
    held = copy
    for step in path[:-1]:
        held = held[step]
    if path:
        held[path[-1]] = other
        return copy
    return other


_ODD = st.sampled_from(
    ["", "pkg:", "pkg:npm/a", ": ", "a: b/c", "//[", "https://[::1", "\u0000", "\x1b[31m", "../..", "!/", "a" * 5_000]
)
_NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
_VALUES = st.recursive(
    st.none() | st.booleans() | _NUMBERS | st.text(max_size=5) | _ODD,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=500)
@given(st.builds(exchanged, st.sampled_from(places(DOCUMENT)), _VALUES))
def test_any_value_exchanged_is_judged_or_refused(document: Any) -> None:
    try:
        found = report_json.decode(json.dumps(document).encode())
    except Malformed:
        return
    judge(found)


@settings(max_examples=200)
@given(st.lists(_ODD | st.text(max_size=20), min_size=6, max_size=6))
def test_any_text_is_judged(texts: list[str]) -> None:
    title, identity, value, path, what, where = texts
    finding = replace(
        PLAIN.findings[0], title=title, ids=(identity,), assets=(Asset(type="package", value=value, path=path),)
    )
    judge(replace(PLAIN, findings=(finding,), coverage=(Coverage(what=what, state=CoverageState.FAILED, path=where),)))


_MANY = range(8_000)


def _places() -> tuple[Report, Report]:
    here = package("pkg:npm/a@1", *(f"d/{number}" for number in _MANY))
    return report(flaw("CVE-1", here), packages=(here,)), report(packages=(here,))


def _versions() -> tuple[Report, Report]:
    old = tuple(package(f"pkg:npm/a@{number}", f"d/{number}") for number in _MANY)
    new = tuple(package(f"pkg:npm/a@{number}.1", f"d/{number}") for number in _MANY)
    return report(flaw("CVE-1", *old), packages=old), report(packages=new)


def _aliases() -> tuple[Report, Report]:
    def named(prefix: str) -> Report:
        return report(*(replace(flaw(f"{prefix}{number}", A), ids=("CVE-1",)) for number in _MANY), packages=(A,))

    return named("A"), named("B")


def _folders() -> tuple[Report, Report]:
    deep = package("pkg:npm/a@1", "a/" * 200_000)
    return report(flaw("CVE-1", deep), packages=(deep,)), report()


def _checks() -> tuple[Report, Report]:
    slots = (Coverage(what="check.hardening", state=CoverageState.LOOKED) for _ in _MANY)
    checks = (Coverage(what=f"check.{number}", state=CoverageState.FAILED) for number in _MANY[:50])
    return report(remark("x", "X", *map(str, _MANY))), report(coverage=(*slots, *checks))


@pytest.mark.parametrize("shape", [_places, _versions, _aliases, _folders, _checks])
def test_no_shape_of_a_report_makes_a_comparison_slow(shape: Callable[[], tuple[Report, Report]]) -> None:
    def seconds() -> float:
        before, after = shape()
        begin = time.thread_time()
        assert sum(compare(before, after).summary.values()) >= 1
        return time.thread_time() - begin

    # the best of five: a neighbour on the machine and a collection of garbage can only add
    assert any(seconds() < 2 for _ in range(5))


def test_no_amount_of_coverage_and_places_makes_a_comparison_slow() -> None:
    many = package("pkg:npm/a@1", *(f"{'d/' * (number % 50)}{number}" for number in range(20_000)))
    before = report(flaw("CVE-1", many), packages=(many,))
    states = [state for state in CoverageState if state is not CoverageState.LOOKED]
    coverage = tuple(
        Coverage(what=f"catalog.{number % 7}", state=states[number % 5], path=f"z/{number}" if number % 3 else None)
        for number in range(20_000)
    )

    def seconds() -> float:
        begin = time.thread_time()
        found = compare(before, report(coverage=coverage))
        apply(before, [own.read({"ignore": [{"path": "**/d/**/d/**/7", "reason": "x"}]}, "own")], today=TODAY)
        assert sum(found.summary.values()) == 1
        return time.thread_time() - begin

    assert any(seconds() < 5 for _ in range(5))
