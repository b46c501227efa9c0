"""CycloneDX 1.6 (ECMA-424) as JSON: every package, and the vulnerabilities among the findings.

What was not looked at are annotations; ``compositions`` say that the inventory is then incomplete. The serial number
is made from the content, so that the same scan of the same thing gives the same document but for its times.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from surveyor.scan.judgement import Decision, DecisionStatus
from surveyor.scan.model import Cvss, Domain, Finding, Package, Report, ScanStatus, Severity
from surveyor.scan.report import bill
from surveyor.scan.report import interface as shared

_TARGET = "target"
#: When in the life of software an inventory is taken, by the kind of its target.
_PHASES = {"source": "pre-build", "url": "operations"}
#: Types of packages whose namespace is a distribution, which is no group of them.
_SYSTEMS = frozenset({"alpm", "apk", "deb", "opkg", "rpm"})
_METHODS = {"2.0": "CVSSv2", "3.0": "CVSSv3", "3.1": "CVSSv31", "4.0": "CVSSv4"}
_PUBLISHERS = {"CVE": "NVD", "GHSA": "GitHub"}
_STATES = {
    DecisionStatus.ACCEPTED: "exploitable",
    DecisionStatus.AFFECTED: "exploitable",
    DecisionStatus.NOT_AFFECTED: "not_affected",
    DecisionStatus.FIXED: "resolved",
    DecisionStatus.UNDER_INVESTIGATION: "in_triage",
}
#: VEX's reasons in CycloneDX's words, where it has one that says the same.
_JUSTIFICATIONS = {
    "component_not_present": "code_not_present",
    "vulnerable_code_not_present": "code_not_present",
    "vulnerable_code_not_in_execute_path": "code_not_reachable",
    "inline_mitigations_already_exist": "protected_by_mitigating_control",
}


def encode(report: Report) -> bytes:
    """One bill of materials."""
    return bill.encode(report, _document)


def _document(report: Report, serial: UUID) -> dict[str, Any]:
    packages = {package.purl: package for package in report.packages}
    findings = [finding for finding in report.findings if finding.domain in shared.SECURITY]
    whole = report.scan_status is ScanStatus.COMPLETE
    document: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": serial.urn,
        "version": 1,
        "metadata": _metadata(report),
        "components": [_component(package) for package in packages.values()],
        "dependencies": [
            {"ref": package.purl, "dependsOn": needed}
            for package in packages.values()
            if (needed := bill.dependencies(package, packages))
        ],
        "compositions": [
            # that nothing is missing nobody can say of a thing that others built
            {"aggregate": "unknown" if whole else "incomplete", "assemblies": [_TARGET]},
            {"aggregate": "unknown", "dependencies": [_TARGET]},
        ],
        "annotations": _annotations(report),
    }
    if findings or report.sources:  # an empty list says that somebody looked
        document["vulnerabilities"] = [_vulnerability(finding, packages) for finding in findings]
    return document


def _tool(report: Report) -> dict[str, Any]:
    return {"type": "application", "name": "surveyor", "version": str(report.scanner.get("version", "0"))}


def _metadata(report: Report) -> dict[str, Any]:
    target, digest = report.target, shared.sha256_of(report.target)
    component: dict[str, Any] = {
        "type": {"source": "application"}.get(bill.kind_of(target), bill.kind_of(target)),
        "bom-ref": _TARGET,
        "name": shared.name_of(target),
        **({"hashes": [{"alg": "SHA-256", "content": digest}]} if digest else {}),
        "properties": _properties(target_type=target.type, size=target.size),
    }
    if not shared.is_artifact(report) and shared.is_web(target.source):
        component["externalReferences"] = [{"type": "website", "url": target.source}]
    feeds = [f"{shared.line(one.feed)} {one.date.date() if one.date else 'without a date'}" for one in report.sources]
    return {
        "timestamp": shared.moment(report.finished_at),
        "lifecycles": [{"phase": _PHASES.get(target.type, "post-build")}],
        "tools": {"components": [_tool(report)]},
        "component": component,
        "properties": [
            *_properties(scan_status=report.scan_status.value),
            *({"name": "surveyor:advisories", "value": feed} for feed in feeds),
        ],
    }


def _properties(**values: object) -> list[dict[str, str]]:
    """Named values that CycloneDX has no field for, those that are known."""
    return [
        {"name": f"surveyor:{name}", "value": shared.line(str(value), 2000)}
        for name, value in values.items()
        if value not in (None, "")
    ]


def _component(package: Package) -> dict[str, Any]:
    source = package.source
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": package.purl,
        "name": shared.line(package.name) or "-",
        "purl": package.purl,
        "properties": _properties(
            tier=package.tier.value,
            presence=package.presence.value,
            found_by=package.found_by,
            source=f"{source.name}@{source.version}" if source and source.version else source and source.name,
            owner=package.owner,
            state=package.state,
        ),
    }
    if package.namespace and package.type not in _SYSTEMS:
        component["group"] = shared.line(package.namespace)
    if package.version:
        component["version"] = shared.line(package.version, 1024)
    if licences := _licences(package):
        component["licenses"] = licences
    if digests := bill.hashes(package):
        component["hashes"] = [{"alg": kind.replace("sha", "SHA-"), "content": digest} for kind, digest in digests]
    if package.locations:
        component["evidence"] = {
            "occurrences": [
                {"location": shared.line(place.path, 4096), **_layer(place.layer)} for place in package.locations
            ]
        }
    return component


def _layer(layer: str | None) -> dict[str, str]:
    return {"additionalContext": f"layer {shared.line(layer)}"} if layer else {}


def _licences(package: Package) -> list[dict[str, Any]]:
    """One expression, or a list of licences: the schema knows no list with an expression in it."""
    told = bill.names(package)
    if len(told) == 1 and (expression := bill.expression_of(told[0])) and not bill.identifier_of(told[0]):
        return [{"expression": expression, "acknowledgement": "declared"}]
    return [
        {"license": {"id" if bill.identifier_of(name) else "name": bill.identifier_of(name) or name} | _DECLARED}
        for name in told
    ]


_DECLARED = {"acknowledgement": "declared"}


def _vulnerability(finding: Finding, packages: dict[str, Package]) -> dict[str, Any]:
    name, decision = shared.line(finding.rule, 200) or "unnamed", finding.decision
    told: dict[str, Any] = {
        "bom-ref": f"finding-{shared.fingerprint(finding)[:32]}",
        "id": name,
        "source": _publisher(name, finding),
        "references": [
            {"id": shared.line(one, 200), "source": _publisher(one, finding)} for one in finding.ids[1:] if one
        ],
        "ratings": _ratings(finding),
        "cwes": shared.weaknesses(finding),
        "description": shared.lines(finding.description) or shared.line(finding.title),
        "recommendation": shared.remedy(finding),
        "advisories": [{"url": url} for url in shared.links(finding)],
        "published": finding.published and shared.moment(finding.published),
        "updated": finding.modified and shared.moment(finding.modified),
        "affects": _affects(finding, packages),
        "properties": [
            *_properties(
                domain=finding.domain.value,
                title=finding.title,
                confidence=finding.confidence,
                tier=finding.tier and finding.tier.value,
                epss=finding.epss,
                epss_percentile=finding.epss_percentile,
                kev=None if finding.kev is None else str(finding.kev).lower(),
                fix_state=finding.fix_state,
                ruled_by=finding.ruled_by,
                aside=shared.why_aside(finding),
                decided=shared.decided(decision) if decision and decision.places else None,
            ),
            *({"name": "surveyor:fixed_in", "value": shared.line(version)} for version in finding.fixed_in),
        ],
    }
    # an analysis is of the vulnerability in all that it affects
    if decision and not decision.places:
        told["analysis"] = _analysis(decision)
    return {key: value for key, value in told.items() if value not in (None, "", [])}


def _publisher(name: str, finding: Finding) -> dict[str, str]:
    if finding.domain is not Domain.VULNERABILITY:
        return {"name": "Surveyor"}
    kind, page = shared.kind_of(name), shared.page(name)
    return {"name": _PUBLISHERS.get(kind, kind)} | ({"url": page} if page else {})


def _ratings(finding: Finding) -> list[dict[str, Any]]:
    """Every published score, and the verdict where none of them says the same."""
    rated = [_rating(score) for score in finding.cvss]
    if any(one["severity"] == finding.severity.value for one in rated):
        return rated
    return [*rated, {"source": {"name": "Surveyor"}, "severity": finding.severity.value, "method": "other"}]


def _rating(score: Cvss) -> dict[str, Any]:
    band = None if score.score is None else shared.band(score.score)
    severity = Severity.UNKNOWN.value if score.score is None else band.value if band else "none"
    return {
        **({"source": {"name": shared.line(score.source, 200)}} if score.source else {}),
        **({"score": score.score} if score.score is not None else {}),
        "severity": severity,
        "method": _METHODS.get(score.version, "other"),
        "vector": shared.line(score.vector, 300),
    }


def _affects(finding: Finding, packages: dict[str, Package]) -> list[dict[str, Any]]:
    """The components it is about; the whole thing where it is about none of them."""
    found = [packages[purl] for purl in shared.affected(finding, packages)]
    if not found:
        return [{"ref": _TARGET}]
    return [
        {"ref": one.purl, "versions": [{"version": shared.line(one.version, 1024), "status": "affected"}]}
        if one.version
        else {"ref": one.purl}
        for one in found
    ]


def _analysis(decision: Decision) -> dict[str, Any]:
    justification = _JUSTIFICATIONS.get(decision.justification or "")
    return {
        "state": _STATES[decision.status],
        **({"justification": justification} if justification else {}),
        **({"response": ["will_not_fix"]} if decision.status is DecisionStatus.ACCEPTED else {}),
        "detail": shared.line(decision.reason),
    }


def _annotations(report: Report) -> list[dict[str, Any]]:
    told = bill.notes(report)
    if others := shared.left_out(report, shared.SECURITY):
        told.append(others)
    return [
        {
            "bom-ref": f"annotation-{number}",
            "subjects": [_TARGET],
            "annotator": {"component": _tool(report)},
            "timestamp": shared.moment(report.finished_at),
            "text": text,
        }
        for number, text in enumerate(told, 1)
    ]
