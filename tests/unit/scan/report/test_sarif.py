"""SARIF: what code scanning tells alerts apart by, and what it must never be told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from surveyor.scan.model import Asset, Cvss, Domain, Kind, Report, ScanStatus, Severity
from surveyor.scan.report import sarif
from tests import schemas
from tests.samples import PURL, full_report, vulnerability


def run_of(report: Report) -> dict[str, Any]:
    (run,) = schemas.check(schemas.sarif(), sarif.encode(report))["runs"]
    assert isinstance(run, dict)
    return run


def test_a_fingerprint_stays_over_versions_places_and_fixes_and_tells_packages_apart() -> None:
    first = vulnerability()
    again = replace(
        first,
        package=PURL.replace("2.5.0-1", "2.5.0-2"),
        assets=(replace(first.assets[0], value=PURL.replace("2.5.0-1", "2.5.0-2"), path="elsewhere"),),
        fixed_in=("3",),
        severity=Severity.LOW,
    )
    other = replace(first, title="CVE-2023-52425: npm/expat")
    told = run_of(replace(full_report(), findings=(first, again, other)))["results"]
    marks = [one["partialFingerprints"]["primaryLocationLineHash"] for one in told]
    assert marks[0] == marks[1] != marks[2]


def test_rules_are_unique_and_rated_by_their_worst() -> None:
    low = replace(vulnerability(), title="CVE-2023-52425: npm/expat", severity=Severity.LOW)
    run = run_of(replace(full_report(), findings=(low, vulnerability())))
    (rule,) = run["tool"]["driver"]["rules"]
    assert [one["ruleIndex"] for one in run["results"]] == [0, 0]
    assert [one["level"] for one in run["results"]] == ["note", "error"]
    assert rule["defaultConfiguration"]["level"] == "error"
    assert rule["properties"]["security-severity"] == "7.5"
    assert rule["properties"]["tags"] == ["security", "vulnerability", "external/cwe/cwe-400"]


def test_a_severity_that_nobody_gave_is_not_made_up() -> None:
    unrated = replace(vulnerability(), severity=Severity.UNKNOWN, cvss=())
    (rule,) = run_of(replace(full_report(), findings=(unrated,)))["tool"]["driver"]["rules"]
    assert "security-severity" not in rule["properties"]
    slow = replace(unrated, domain=Domain.PERFORMANCE, severity=Severity.HIGH, cwes=())
    (rule,) = run_of(replace(full_report(), findings=(slow,)))["tool"]["driver"]["rules"]
    assert rule["properties"] == {"precision": "very-high", "tags": ["performance"]}


def test_a_score_is_of_the_severity_that_the_verdict_has() -> None:
    # a distribution calls it medium, whatever the general score is
    medium = replace(vulnerability(), severity=Severity.MEDIUM)
    other = (Cvss(version="3.1", vector="CVSS:3.1/AV:L/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", score=6.2, source="debian"),)
    for told, expected in ((medium, "5.5"), (replace(medium, cvss=(*medium.cvss, *other)), "6.2")):
        (rule,) = run_of(replace(full_report(), findings=(told,)))["tool"]["driver"]["rules"]
        assert rule["properties"]["security-severity"] == expected


def test_places_are_relative_and_tell_nothing_of_the_machine() -> None:
    report = replace(full_report(), target=replace(full_report().target, source="/home/me/secret/i.tar", name=None))
    asset = Asset(type="package", value=PURL, path="../../etc/a b:c%2F.py")
    run = run_of(replace(report, findings=(replace(vulnerability(), assets=(asset,)),)))
    (place,) = run["results"][0]["locations"]
    assert place["physicalLocation"]["artifactLocation"] == {"uri": "etc/a%20b%3Ac%252F.py", "uriBaseId": "TARGET"}
    assert "uri" not in run["originalUriBaseIds"]["TARGET"]
    sources = replace(report, target=replace(report.target, type="source"))
    assert list(run_of(sources)["originalUriBaseIds"]) == ["%SRCROOT%"]


def test_pages_are_places_below_their_host() -> None:
    page = replace(full_report().target, kind=Kind.WEB, type="url", source="http://shop.test:8080/", name=None)
    asset = Asset(type="url", value="http://shop.test:8080/a/%C3%A9?q=1#top")
    finding = replace(vulnerability(), domain=Domain.SECURITY, assets=(asset, Asset(type="url", value="https://x/")))
    run = run_of(replace(full_report(), target=page, findings=(finding,)))
    uris = [one["physicalLocation"]["artifactLocation"]["uri"] for one in run["results"][0]["locations"]]
    assert uris == ["shop.test%3A8080/a/%C3%A9?q=1", "x/"]


def test_what_was_not_looked_at_is_a_notification() -> None:
    run = run_of(full_report())
    (invocation,) = run["invocations"]
    (told,) = invocation["toolExecutionNotifications"]
    assert invocation["executionSuccessful"] is True
    assert told["level"] == "warning"
    assert "nested archive over 64 MB" in told["message"]["text"]
    assert run["tool"]["driver"]["notifications"][told["descriptor"]["index"]]["id"] == told["descriptor"]["id"]
    failed = run_of(replace(full_report(), scan_status=ScanStatus.FAILED))
    assert failed["invocations"][0]["executionSuccessful"] is False
