"""Reports into verdicts: only what ran and found nothing passes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from surveyor.remedy import verify
from surveyor.remedy.verify import Beside, Look
from surveyor.scan.model import (
    Coverage,
    CoverageState,
    Domain,
    Evidence,
    Finding,
    Kind,
    Report,
    ScanStatus,
    Severity,
    Target,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CSP = "security_header_csp"
PAGE = "http://shop.example/"
SUBJECT = "pypi/demo"


def report(*findings: Finding, coverage: tuple[Coverage, ...] = ()) -> Report:
    return Report(
        scanner={},
        target=Target(kind=Kind.WEB, source=PAGE, type="url"),
        started_at=NOW,
        finished_at=NOW,
        scan_status=ScanStatus.COMPLETE,
        findings=findings,
        coverage=coverage,
    )


def finding(rule: str = CSP, title: str = "Content-Security-Policy missing", **more: Any) -> Finding:
    evidence = (Evidence(kind="header", value="absent", where="Content-Security-Policy"),)
    return Finding(domain=Domain.SECURITY, rule=rule, title=title, severity=Severity.MEDIUM, evidence=evidence, **more)


def ran(key: str = CSP, count: int = 0, **more: Any) -> Coverage:
    return replace(Coverage(what=f"check.{key}", state=CoverageState.LOOKED, detail="default-src", count=count), **more)


def test_a_rule_that_ran_and_found_nothing_passes() -> None:
    (look,) = verify.on_page(report(coverage=(ran(),)), [CSP], PAGE)
    assert (look.status, look.after) == ("passed", "default-src")


def test_the_page_as_served_proves_nothing_of_the_page_as_a_browser_shows_it() -> None:
    lacking = Coverage(
        what="gather.browser", state=CoverageState.NOT_CONFIGURED, reason="not_configured", detail="none"
    )
    (look,) = verify.on_page(report(coverage=(ran(), lacking)), [CSP], PAGE, shown=True)
    assert (look.status, look.reason, look.after) == ("not_looked", "not_configured", "none")
    (look,) = verify.on_page(report(coverage=(ran(), lacking)), [CSP], PAGE)
    assert look.status == "passed"
    (look,) = verify.on_page(report(coverage=(ran(),)), [CSP], PAGE, shown=True)
    assert look.status == "passed"
    (look,) = verify.on_page(report(finding(), coverage=(ran(count=1), lacking)), [CSP], PAGE, shown=True)
    assert look.status == "failed"


def test_a_rule_that_found_something_fails_with_what_it_found() -> None:
    (look,) = verify.on_page(report(finding(), coverage=(ran(count=1),)), [CSP], PAGE)
    assert (look.status, look.after) == (
        "failed",
        "Content-Security-Policy missing: Content-Security-Policy: absent",
    )


def test_what_the_rule_saw_beside_the_finding_is_proved_by_itself_and_what_is_new_is_not() -> None:
    weak = finding(title="Content-Security-Policy weak")
    seen = report(weak, coverage=(ran(count=1),))
    known = Beside(rule=CSP, titles=frozenset({weak.title}))
    (look,) = verify.on_page(seen, [CSP], PAGE, beside=known)
    assert (look.status, look.after) == ("passed", f"default-src; what is left is another finding: {weak.title}")
    assert verify.on_page(seen, [CSP], PAGE)[0].status == "failed"
    assert verify.on_page(seen, [CSP], PAGE, beside=replace(known, rule="seo_title"))[0].status == "failed"
    both = report(weak, finding(), coverage=(ran(count=2),))
    (look,) = verify.on_page(both, [CSP], PAGE, beside=known)
    assert (look.status, look.after) == ("failed", "Content-Security-Policy missing: Content-Security-Policy: absent")
    cut = report(weak, coverage=(ran(count=1, state=CoverageState.PARTIAL, reason="limit_exceeded"),))
    assert verify.on_page(cut, [CSP], PAGE, beside=known)[0].status == "not_looked"


@pytest.mark.parametrize(
    "coverage",
    [
        (),
        (Coverage(what="slot.security", state=CoverageState.FAILED, reason="unreachable", detail="no answer"),),
        (Coverage(what=f"check.{CSP}", state=CoverageState.FAILED, reason="internal_error", detail="oh"),),
        (ran(state=CoverageState.PARTIAL, reason="limit_exceeded"),),
        (ran("other"),),
    ],
)
def test_a_rule_that_did_not_run_to_its_end_could_not_look(coverage: tuple[Coverage, ...]) -> None:
    (look,) = verify.on_page(report(coverage=coverage), [CSP], PAGE)
    assert look.status == "not_looked"
    assert look.reason


def test_an_unknown_check_is_one() -> None:
    entry = Coverage(what="check.nonsense", state=CoverageState.FAILED, reason="unknown_check", detail="no such check")
    looks = verify.on_page(report(coverage=(ran(), entry)), [CSP, "nonsense"], PAGE)
    assert [look.status for look in looks] == ["passed", "unknown_check"]


def advisory(*ids: str, subject: str = SUBJECT) -> Finding:
    return replace(finding(rule=ids[0], title=f"{ids[0]}: {subject}"), ids=ids, domain=Domain.VULNERABILITY)


def matched(*findings: Finding, **more: Any) -> Look:
    entry = Coverage(what="advisories.PyPI", state=CoverageState.LOOKED, detail="1 packages matched")
    given = {"ids": ("CVE-1", "GHSA-1"), "subject": SUBJECT, "incomplete": None, **more}
    (look,) = verify.in_inventory(report(*findings, coverage=(entry,)), ["CVE-1"], "artifact:a", **given)
    return look


def test_a_vulnerability_is_gone_when_no_advisory_of_its_group_hits_its_package() -> None:
    assert matched().status == "passed"
    assert matched(advisory("CVE-2")).status == "passed"
    assert matched(advisory("CVE-1", subject="pypi/other")).status == "passed"
    assert matched(advisory("CVE-1")).status == "failed"
    # the same flaw under another name
    assert matched(advisory("CVE-9", "GHSA-1")).status == "failed"


def test_an_inventory_that_was_cut_proves_nothing_and_still_shows_what_is_there() -> None:
    assert matched(incomplete="only a part was read").status == "not_looked"
    assert matched(advisory("CVE-1"), incomplete="only a part was read").status == "failed"


def test_without_advisories_nothing_can_be_said() -> None:
    missing = Coverage(what="advisories", state=CoverageState.MISSING, reason="missing", detail="no database")
    (look,) = verify.in_inventory(
        report(coverage=(missing,)), ["CVE-1"], "artifact:a", ids=("CVE-1",), subject=SUBJECT, incomplete=None
    )
    assert (look.status, look.reason) == ("not_looked", "missing")


@pytest.mark.parametrize(
    ("seen", "looked", "incomplete", "status"),
    [
        (True, True, None, "failed"),
        (True, True, "only a part was read", "failed"),
        (False, True, None, "passed"),
        (False, False, None, "not_looked"),
        (False, True, "only a part was read", "not_looked"),
    ],
)
def test_programs_are_proved_by_a_whole_scan_that_judged_them(
    seen: bool, looked: bool, incomplete: str | None, status: str
) -> None:
    own, other = verify.in_programs(
        ["hardening_pie", CSP],
        "artifact app",
        rule="hardening_pie",
        scan="1",
        seen=seen,
        looked=looked,
        incomplete=incomplete,
    )
    assert (own.status, other.status) == (status, "unknown_check")


def test_a_check_of_something_else_is_unknown_to_this_finding() -> None:
    (look,) = verify.in_inventory(report(), [CSP], "artifact:a", ids=("CVE-1",), subject=SUBJECT, incomplete=None)
    assert look.status == "unknown_check"


def look(status: str, asset: str = PAGE, key: str = CSP) -> Look:
    return Look(key=key, asset=asset, status=status, after=status)


def test_a_check_keeps_the_first_picture_of_what_is_still_there() -> None:
    def pictured(*pictures: str) -> Finding:
        return replace(finding(), evidence=tuple(Evidence(kind="element", value="<p>", picture=p) for p in pictures))

    pages = [report(one) for one in (finding(), pictured("x" * 60_001, "data:a", "data:b"), pictured("data:c"))]
    looks = [look for number, page in enumerate(pages) for look in verify.on_page(page, [CSP], f"{PAGE}{number}")]
    (check,) = verify.gather(looks, [CSP], {})
    assert (check.status, check.picture) == ("failed", "data:a")
    assert {look.picture for look in check.assets} == {None}


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        (["passed", "passed"], "passed"),
        (["passed", "failed"], "failed"),
        (["passed", "not_looked"], "not_looked"),
        (["not_looked", "failed"], "failed"),
        (["passed", "unknown_check"], "unknown_check"),
        ([], "not_looked"),
    ],
)
def test_a_check_passes_on_all_assets_or_not_at_all(statuses: list[str], status: str) -> None:
    (check,) = verify.gather([look(s, f"{PAGE}{n}") for n, s in enumerate(statuses)], [CSP], {CSP: "absent"})
    assert (check.status, check.before, len(check.assets)) == (status, "absent", len(statuses))


def test_a_verification_passes_only_when_every_check_did_and_says_when_it_could_not_look() -> None:
    def of(*statuses: str) -> tuple[str, str | None]:
        names = [f"check{n}" for n in range(len(statuses))]
        looks = [look(s, key=name) for s, name in zip(statuses, names, strict=True)]
        return verify.result(verify.gather(looks, names, {}))

    assert of("passed", "passed") == ("passed", None)
    assert of("passed", "failed") == ("failed", None)
    assert of("passed", "not_looked") == ("failed", "could_not_look")
    assert of("unknown_check") == ("failed", None)
    assert of() == ("failed", None)


def test_the_rules_own_check_is_always_among_those_that_are_run() -> None:
    assert verify.keys(CSP, []) == (CSP,)
    assert verify.keys(CSP, ["a", "b", "a"]) == (CSP, "a", "b")
    assert verify.keys(CSP, ["a", CSP]) == ("a", CSP)
    assert verify.keys("CVE-1", ["GHSA-1"], names=("CVE-1", "GHSA-1")) == ("GHSA-1",)


def test_only_the_findings_own_check_has_its_evidence_for_before() -> None:
    own, other = verify.gather([look("passed"), look("passed", key="other")], [CSP, "other"], {CSP: "absent"})
    assert (own.before, other.before) == ("absent", None)


LINK = "accessibility_model_link_purpose"


def judged(*findings: Finding, standing: tuple[str, ...] = (), whole: bool = True) -> Look:
    return verify.by_model(LINK, PAGE, found=findings, model="haiku", standing=standing, whole=whole)


def test_a_model_that_names_a_criterion_fails_it_and_silence_passes_it_where_the_page_has_changed() -> None:
    assert judged(finding(rule=LINK)).status == "failed"
    assert judged(finding(rule="accessibility_model_alternative_text")).status == "passed"


def test_a_models_silence_is_no_proof_where_nothing_changed_or_only_a_part_was_shown() -> None:
    unchanged = judged(standing=('<a href="/x"> "click here"',))
    assert (unchanged.status, unchanged.reason) == ("failed", "unchanged")
    assert "click here" in (unchanged.after or "")
    part = judged(whole=False)
    assert (part.status, part.reason) == ("not_looked", "limit_exceeded")
