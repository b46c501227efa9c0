"""What axe-core says becomes findings of ours: barriers, and what is to be reviewed, never passed."""

from __future__ import annotations

import pytest

from surveyor.scan.check import axe, registry
from surveyor.scan.evidence import Barrier, Rendered
from surveyor.scan.model import Asset, Evidence, Finding, Severity

ASSET = Asset(type="url", value="https://shop.example/")


def rendered(*barriers: Barrier) -> Rendered:
    return Rendered(url=ASSET.value, html="<html>", browser="b", sandboxed=True, barriers=barriers)


def barrier(rule: str, *, undecided: bool = False, count: int = 1) -> Barrier:
    quoted = Evidence(kind="element", value="<p>x", where="body > p:nth-of-type(1)")
    return Barrier(rule=rule, undecided=undecided, evidence=(quoted,), count=count)


def found(evidence: Rendered) -> list[Finding]:
    judged = ((rule, rule.rendered(evidence)) for rule in axe.CHECKS if rule.rendered is not None)
    return [registry.finding(rule, outcome, ASSET) for rule, outcomes in judged for outcome in outcomes]


@pytest.mark.parametrize("rule", axe.CHECKS, ids=lambda rule: rule.id)
def test_each_rule_hears_its_own_name_only(rule: registry.Check) -> None:
    name = rule.id.removeprefix("accessibility_").replace("_", "-")
    assert [one.rule for one in found(rendered(barrier(name)))] == [rule.id]


def test_what_was_not_decided_is_another_finding_of_little_confidence() -> None:
    seen = rendered(barrier("color-contrast", count=30), barrier("color-contrast", undecided=True))
    sure, doubt = found(seen)
    assert (sure.title, sure.severity, sure.confidence) == ("Text with too little contrast", Severity.HIGH, 0.95)
    assert doubt.title == "Text with too little contrast: to be reviewed"
    assert (doubt.severity, doubt.confidence) == (Severity.LOW, 0.3)
    assert sure.evidence[-1] == Evidence(kind="count", value="30 in all")
    assert "WCAG 2.1 1.4.3 Contrast (Minimum) (AA)" in sure.description


def test_classes_that_markup_decides_are_told_once() -> None:
    assert found(rendered(barrier("image-alt"), barrier("link-name"), barrier("document-title"))) == []
