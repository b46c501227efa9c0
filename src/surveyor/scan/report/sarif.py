"""SARIF 2.1.0 (OASIS, Static Analysis Results Interchange Format), for code scanning and editors.

One rule a check or advisory, one result a finding. What was not looked at are the invocation's notifications. Places
are relative to the scanned artifact, or for pages to the web: no path of the machine that scanned is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote, urlsplit

from surveyor.scan import phrases, vocabulary
from surveyor.scan.judgement import SETTLED, DecisionStatus
from surveyor.scan.model import Asset, Coverage, CoverageState, Domain, Finding, Report, Severity
from surveyor.scan.patterns import regex
from surveyor.scan.report import interface as shared

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.UNKNOWN: "note",
}
_GAPS = {CoverageState.FAILED: "error", CoverageState.MISSING: "error", CoverageState.PARTIAL: "warning"}
#: What a reader of results shows of one, at most.
_LOCATIONS, _TAGS = 100, 15
#: Names of what places are relative to; no address of any is told, since that is the reader's.
_SOURCES, _TARGET, _WEB = "%SRCROOT%", "TARGET", "WEB"
_LONE_PERCENT = regex(r"%(?![0-9A-Fa-f]{2})")
_ROOTS = {
    _SOURCES: "The top of the source tree that was scanned",
    _TARGET: "The root of the artifact that was scanned",
    _WEB: "The scheme of the page that was scanned; places begin with its host",
}


def encode(report: Report) -> bytes:
    """One log with one run."""
    rules = _rules(report.findings)
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    run: dict[str, Any] = {
        "tool": {"driver": _driver(report, rules)},
        "automationDetails": {"id": f"surveyor/{report.target.kind}/{quote(shared.name_of(report.target), safe='')}/"},
        "invocations": [_invocation(report)],
        "originalUriBaseIds": {_root(report): {"description": {"text": _ROOTS[_root(report)]}}},
        "artifacts": [_artifact(report)],
        "results": [_result(finding, index, report) for finding in report.findings],
        "columnKind": "unicodeCodePoints",
        "properties": {
            "scanStatus": report.scan_status.value,
            "targetType": shared.line(report.target.type),
            "packages": len(report.packages),
            "advisories": [
                {"feed": shared.line(one.feed), "rows": one.rows, "date": one.date and one.date.isoformat()}
                for one in report.sources
            ],
        },
    }
    return shared.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _driver(report: Report, rules: list[dict[str, Any]]) -> dict[str, Any]:
    version = str(report.scanner.get("version", "0"))
    return {
        "name": "Surveyor",
        "version": version,
        "semanticVersion": version,
        "rules": rules,
        "notifications": [
            {
                "id": code,
                "shortDescription": {"text": code},
                "fullDescription": {"text": words},
                "help": {"text": f"{words}. Findings may be missing there; each notification says where and why."},
            }
            for code, words in _codes(report).items()
        ],
    }


def _invocation(report: Report) -> dict[str, Any]:
    codes = {code: number for number, code in enumerate(_codes(report))}
    return {
        "executionSuccessful": report.scan_status not in shared.UNSCANNED,
        "startTimeUtc": _moment(report.started_at.isoformat(timespec="milliseconds")),
        "endTimeUtc": _moment(report.finished_at.isoformat(timespec="milliseconds")),
        "toolExecutionNotifications": [_notification(gap, codes, report) for gap in shared.gaps(report)],
        **({"exitCodeDescription": shared.line(report.error)} if report.error else {}),
    }


def _moment(text: str) -> str:
    return text.replace("+00:00", "Z")


def _codes(report: Report) -> dict[str, str]:
    """What was not looked at by kind, each with what that means."""
    return {
        _code(gap): f"{shared.line(vocabulary.subject(gap.what), 200)}, {vocabulary.state(gap.state)}"
        for gap in shared.gaps(report)
    }


def _code(gap: Coverage) -> str:
    return shared.line(f"{gap.what}/{gap.reason or gap.state}", 200)


def _notification(gap: Coverage, codes: dict[str, int], report: Report) -> dict[str, Any]:
    place = {"physicalLocation": {"artifactLocation": _inside(gap.path, report)}} if gap.path else None
    return {
        "descriptor": {"id": _code(gap), "index": codes[_code(gap)]},
        "level": _GAPS.get(gap.state, "note"),
        "message": {"text": shared.told(gap)},
        **({"locations": [place]} if place else {}),
        "properties": {
            key: shared.line(value)
            for key, value in (("state", gap.state.value), ("layer", gap.layer), ("asset", gap.asset))
            if value
        },
    }


def _artifact(report: Report) -> dict[str, Any]:
    target = report.target
    digest = shared.sha256_of(target)
    return {
        "description": {"text": f"{shared.name_of(target)} ({shared.line(target.type)})"},
        "location": _inside(shared.name_of(target), report) if shared.is_artifact(report) else _page(target.source),
        "roles": ["analysisTarget"],
        **({"length": target.size} if target.size is not None else {}),
        **({"hashes": {"sha-256": digest}} if digest else {}),
    }


def _rules(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """One a rule, by the worst of its findings."""
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(_rule_id(finding), []).append(finding)
    return [_rule(name, min(group, key=lambda finding: finding.severity.rank)) for name, group in groups.items()]


def _rule_id(finding: Finding) -> str:
    return shared.line(finding.rule, 200) or "unnamed"


def _rule(name: str, finding: Finding) -> dict[str, Any]:
    vulnerable = finding.domain is Domain.VULNERABILITY
    # an advisory's title names the package, a rule has many
    title = name if vulnerable else shared.line(finding.title, 200) or name
    urls = shared.links(finding)
    page = (shared.page(name) if vulnerable else None) or next(iter(urls), None)
    score = shared.score(finding) if finding.domain in shared.SECURITY else None
    words = [shared.lines(finding.description) or title, shared.remedy(finding), *urls]
    return {
        "id": name,
        "shortDescription": {"text": title},
        "fullDescription": {"text": shared.line(finding.description, 1000) or title},
        "help": {"text": "\n\n".join(word for word in words if word)},
        **({"helpUri": page} if page else {}),
        "defaultConfiguration": {"level": _LEVELS[finding.severity]},
        "properties": {
            "precision": _precision(finding),
            "tags": _tags(finding),
            **({"security-severity": f"{score:.1f}"} if score is not None else {}),
        },
    }


def _tags(finding: Finding) -> list[str]:
    """Domain and weaknesses, as code scanning filters by them."""
    tags = ["security"] if finding.domain in shared.SECURITY else []
    tags += [finding.domain.value] if finding.domain.value not in tags else []
    return tags + [f"external/cwe/cwe-{number:03}" for number in shared.weaknesses(finding)][:_TAGS]


def _precision(finding: Finding) -> str:
    """How sure a rule is, by one of its findings: GitHub's four words."""
    bounds = ((0.9, "very-high"), (0.7, "high"), (0.4, "medium"))
    return next((word for least, word in bounds if finding.confidence >= least), "low")


def _result(finding: Finding, index: dict[str, int], report: Report) -> dict[str, Any]:
    name, mark = _rule_id(finding), shared.fingerprint(finding)
    places = finding.assets[:_LOCATIONS]
    more = len(finding.assets) - len(places)
    return {
        "ruleId": name,
        "ruleIndex": index[name],
        "level": _LEVELS[finding.severity],
        "message": {"text": _message(finding)},
        "locations": [_location(asset, report) for asset in places] or [_somewhere(report)],
        # the second is what GitHub tells one alert from another by
        "partialFingerprints": {"surveyorFinding/v1": mark, "primaryLocationLineHash": f"{mark[:16]}:1"},
        **({"suppressions": suppressed} if (suppressed := list(_suppressions(finding))) else {}),
        "properties": {**_facts(finding), **({"moreLocations": more} if more else {})},
    }


def _message(finding: Finding) -> str:
    words = [shared.line(finding.title, 300), shared.line(finding.description, 500), shared.remedy(finding)]
    return " ".join(word if word.endswith((".", "…")) else f"{word}." for word in words if word)


def _suppressions(finding: Finding) -> Iterator[dict[str, Any]]:
    """What was decided; a finding that a decision does not settle is under review, one about mere headers is none."""
    if finding.aside:
        yield {"kind": "external", "status": "accepted", "justification": phrases.ruled(finding.ruled_by)}
    if decision := finding.decision:
        accepted = decision.status in SETTLED and decision.suppressed
        status = "accepted" if accepted else "rejected" if decision.status is DecisionStatus.AFFECTED else "underReview"
        yield {"kind": "external", "status": status, "justification": shared.decided(decision)}


def _facts(finding: Finding) -> dict[str, Any]:
    facts = {
        "domain": finding.domain.value,
        "severity": finding.severity.value,
        "confidence": finding.confidence,
        "tier": finding.tier.value if finding.tier else None,
        "ids": [shared.line(name, 200) for name in finding.ids],
        "cvss": [shared.line(rated.vector, 200) for rated in finding.cvss],
        "epss": finding.epss,
        "epssPercentile": finding.epss_percentile,
        "kev": finding.kev,
        "published": finding.published and finding.published.isoformat(),
        "modified": finding.modified and finding.modified.isoformat(),
        "ruledBy": finding.ruled_by and shared.line(finding.ruled_by, 200),
        "package": finding.package and shared.line(finding.package, 2000),
        "fixedIn": [shared.line(version, 200) for version in finding.fixed_in],
        "fixState": finding.fix_state and shared.line(finding.fix_state, 200),
        "evidence": [
            {"kind": shared.line(one.kind, 100), "value": shared.line(one.value), "where": shared.line(one.where or "")}
            for one in finding.evidence
        ],
    }
    return {key: value for key, value in facts.items() if value not in (None, [])}


def _root(report: Report) -> str:
    if not shared.is_artifact(report):
        return _WEB
    return _SOURCES if report.target.type == "source" else _TARGET


def _location(asset: Asset, report: Report) -> dict[str, Any]:
    where = _inside(asset.path, report) if asset.path else None
    if where is None:
        where = _page(asset.value) if asset.type == "url" else _inside(shared.name_of(report.target), report)
    name = shared.line(asset.value, 2000)
    return {
        # readers want a line of everything, of programs and pages too
        "physicalLocation": {"artifactLocation": where, "region": {"startLine": 1}},
        "logicalLocations": [{"fullyQualifiedName": name, "kind": "resource" if asset.type == "url" else "module"}],
        **({"message": {"text": f"layer {shared.line(asset.layer, 100)}"}} if asset.layer else {}),
    }


def _somewhere(report: Report) -> dict[str, Any]:
    where = (
        _inside(shared.name_of(report.target), report) if shared.is_artifact(report) else _page(report.target.source)
    )
    return {"physicalLocation": {"artifactLocation": where, "region": {"startLine": 1}}}


def _inside(path: str, report: Report) -> dict[str, str]:
    """A path in the artifact as a relative reference (RFC 3986, 4.2), which never begins with a scheme or climbs."""
    parts = [quote(part.encode("utf-8", "replace"), safe="") for part in path.split("/") if part not in {"", ".", ".."}]
    return {"uri": "/".join(parts) or "-", "uriBaseId": _root(report)}


def _page(url: str) -> dict[str, str]:
    """The address of a page without its scheme; the colon of a port is encoded, or it would be one."""
    try:
        split = urlsplit(_LONE_PERCENT.sub("%25", shared.line(url, 4000)))
    except ValueError:
        return {"uri": quote(shared.line(url, 4000), safe="") or "-", "uriBaseId": _WEB}
    query = f"?{quote(split.query, safe='=&%')}" if split.query else ""
    return {
        "uri": f"{quote(split.netloc, safe='') or '-'}{quote(split.path, safe='/%') or '/'}{query}",
        "uriBaseId": _WEB,
    }
