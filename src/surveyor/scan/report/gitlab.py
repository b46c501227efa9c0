"""GitLab's security report 15.2.1: ``container_scanning`` of artifacts, ``dast`` of pages.

One vulnerability a finding and package, since each has one location. What was not looked at are the scan's messages;
findings that are not about security have no place in it, nor have those that a decision has settled, since every
vulnerability in it is open: messages count them. Tests hold what is written to the rules of GitLab's schema, and to the
schema itself where a machine has the gem ``gitlab-security_report_schemas``, the one package that carries it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from surveyor.scan.model import INCOMPLETE, Domain, Finding, Package, Report
from surveyor.scan.report import interface as shared

_VERSION = "15.2.1"
_CONTAINERS, _PAGES = "container_scanning", "dast"
_SCHEMAS = "https://gitlab.com/gitlab-org/security-products/security-report-schemas/-/raw"
_FILES = {_CONTAINERS: "container-scanning-report-format.json", _PAGES: "dast-report-format.json"}
_NAME, _SOLUTION, _VECTORS, _LONGEST = 255, 7000, 10, 128
_THIRD = ("CVSS:3.0/", "CVSS:3.1/")
#: The metrics of CVSS 2 and 3 with their values (FIRST, CVSS 2.0 and 3.1): the schema takes no others.
_IMPACT2, _NEED2 = "N P C", "L M H ND"
_V2 = {
    "AV": "N A L",
    "AC": "L M H",
    "Au": "M S N",
    "C": _IMPACT2,
    "I": _IMPACT2,
    "A": _IMPACT2,
    "E": "U POC F H ND",
    "RL": "OF TF W U ND",
    "RC": "UC UR C ND",
    "CDP": "N L LM MH H ND",
    "TD": "N L M H ND",
    "CR": _NEED2,
    "IR": _NEED2,
    "AR": _NEED2,
}
_BASE3 = {
    "AV": "N A L P",
    "AC": "L H",
    "PR": "N L H",
    "UI": "N R",
    "S": "U C",
    "C": "N L H",
    "I": "N L H",
    "A": "N L H",
}
_V3 = {
    **_BASE3,
    **{f"M{name}": f"X {values}" for name, values in _BASE3.items()},
    "E": "X U P F H",
    "RL": "X O T W U",
    "RC": "X U R C",
    "CR": "X L M H",
    "IR": "X L M H",
    "AR": "X L M H",
}


def encode(report: Report) -> bytes:
    """One report."""
    kind = _CONTAINERS if shared.is_artifact(report) else _PAGES
    told = _security(shared.undecided(report))
    packages = {package.purl: package for package in report.packages}
    document = {
        "schema": f"{_SCHEMAS}/v{_VERSION}/dist/{_FILES[kind]}",
        "version": _VERSION,
        "scan": _scan(report, kind),
        "vulnerabilities": [one for finding in told for one in _vulnerabilities(finding, report, packages)],
        "remediations": [],
    }
    return shared.dumps(document)


def _security(findings: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.domain in shared.SECURITY]


def _scan(report: Report, kind: str) -> dict[str, Any]:
    scanner = {
        "id": "surveyor",
        "name": "Surveyor",
        "version": shared.line(str(report.scanner.get("version") or "")) or "0",
        "vendor": {"name": "Surveyor"},
    }
    scan: dict[str, Any] = {
        "analyzer": scanner,
        "scanner": scanner,
        "type": kind,
        "start_time": shared.moment(report.started_at).removesuffix("Z"),
        "end_time": shared.moment(report.finished_at).removesuffix("Z"),
        "status": "failure" if report.scan_status in shared.UNSCANNED else "success",
        "messages": list(_messages(report)),
    }
    if kind == _PAGES:
        scan["scanned_resources"] = [
            {"method": "GET", "url": shared.line(report.target.source, 2000) or "-", "type": "url"}
        ]
    return scan


def _messages(report: Report) -> Iterator[dict[str, str]]:
    if report.scan_status in shared.UNSCANNED:
        yield {"level": "fatal", "value": shared.line(report.error or "") or "The scan failed"}
    for gap in shared.gaps(report):
        yield {"level": "warn" if gap.state in INCOMPLETE else "info", "value": shared.told(gap)}
    if others := shared.left_out(report, shared.SECURITY):
        yield {"level": "info", "value": others}
    if settled := shared.settled(replace(report, findings=tuple(_security(report.findings)))):
        yield {"level": "info", "value": f"{settled}: not in this file, where all are open"}


def _vulnerabilities(finding: Finding, report: Report, packages: dict[str, Package]) -> Iterator[dict[str, Any]]:
    if not shared.is_artifact(report):
        for url in dict.fromkeys(asset.value for asset in finding.assets) or [report.target.source]:
            yield _vulnerability(finding, url, _address(url))
        return
    found = [packages[purl] for purl in shared.affected(finding, packages)]
    for package in found:
        yield _vulnerability(finding, package.purl, _dependency(package.name, package.version, package, report))
    if not found:
        # a program that no package owns
        for path in dict.fromkeys(asset.path or asset.value for asset in finding.assets) or [report.target.source]:
            yield _vulnerability(finding, path, _dependency(path, "", None, report))


def _vulnerability(finding: Finding, place: str, location: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": str(shared.identity(shared.fingerprint(finding), place)),
        "name": shared.line(finding.title, _NAME),
        "description": shared.lines(finding.description, 100_000),
        "severity": finding.severity.value.capitalize(),
        "solution": shared.line(_solution(finding), _SOLUTION),
        "identifiers": _identifiers(finding),
        "links": [{"url": _link(url)} for url in shared.links(finding)],
        "cvss_vectors": list(_vectors(finding))[:_VECTORS],
        "details": _details(finding),
        "location": location,
    }
    return {key: value for key, value in told.items() if value not in ("", [])}


def _link(url: str) -> str:
    """An address with its scheme in small letters, as the schema wants it."""
    scheme, _, rest = url.partition(":")
    return f"{scheme.lower()}:{rest}"


def _solution(finding: Finding) -> str:
    steps = finding.recommended_fix.steps if finding.recommended_fix else ()
    return "; ".join([shared.remedy(finding), *steps])


def _identifiers(finding: Finding) -> list[dict[str, str]]:
    """The rule first, by which GitLab tells one vulnerability from another."""
    names = [shared.line(name, 200) for name in dict.fromkeys((finding.rule, *finding.ids))]
    told = [_identifier(name, finding) for name in names if name] or [_identifier("unnamed", finding)]
    return told + [
        {
            "type": "cwe",
            "name": f"CWE-{one}",
            "value": str(one),
            "url": f"https://cwe.mitre.org/data/definitions/{one}.html",
        }
        for one in shared.weaknesses(finding)
    ]


def _identifier(name: str, finding: Finding) -> dict[str, str]:
    vulnerable = finding.domain is Domain.VULNERABILITY
    page = shared.page(name) if vulnerable else None
    kind = shared.kind_of(name).lower() if vulnerable else "surveyor"
    return {"type": kind, "name": name, "value": name} | ({"url": page} if page else {})


def _vectors(finding: Finding) -> Iterator[dict[str, str]]:
    """Vectors of CVSS 3, then of 2, since GitLab sorts by the first; this version of the schema has no word for 4."""
    told = [(score.vector.removeprefix("CVSS:2.0/").strip("()"), score.source) for score in finding.cvss]
    for vector, source in sorted(told, key=lambda one: not one[0].startswith(_THIRD)):
        metrics, known = (vector.partition("/")[2], _V3) if vector.startswith(_THIRD) else (vector, _V2)
        parts = [part.partition(":") for part in metrics.split("/")]
        if len(vector) <= _LONGEST and len(parts) > 5 and all(v in known.get(k, "").split() for k, _, v in parts):
            yield {"vendor": shared.line(source or "unknown", 200) or "unknown", "vector": vector}


def _details(finding: Finding) -> dict[str, Any]:
    texts = {
        "fixed_in": ("Fixed in", ", ".join(finding.fixed_in)),
        "fix_state": ("State of the fix", finding.fix_state or ""),
        "epss": ("EPSS", "" if finding.epss is None else f"{finding.epss:.4f}"),
        "kev": ("Known to be exploited", "" if finding.kev is None else "yes" if finding.kev else "no"),
        "tier": ("How sure", finding.tier.value if finding.tier else f"{finding.confidence:.0%}"),
        "decision": ("Decided", shared.decided(finding.decision) if finding.decision else ""),
    }
    told: dict[str, Any] = {
        key: {"type": "text", "name": name, "value": shared.line(text)} for key, (name, text) in texts.items() if text
    }
    quotes = [f"{one.where or one.kind}: {one.value}" for one in finding.evidence]
    if quotes:
        # quoted from the target, so never text that GitLab would format
        items = [{"type": "code", "value": shared.lines(quote, 1000)} for quote in quotes]
        told["evidence"] = {"type": "list", "name": "Evidence", "items": items}
    return told


def _dependency(name: str, version: str, package: Package | None, report: Report) -> dict[str, Any]:
    distro = package.distro if package else None
    system = shared.line(f"{distro.id} {distro.version}", _NAME) if distro else ""
    return {
        "dependency": {"package": {"name": shared.line(name, 300)}, "version": shared.line(version, 300)},
        "operating_system": system or "unknown",
        "image": shared.name_of(report.target),
    }


def _address(url: str) -> dict[str, str]:
    try:
        split = urlsplit(shared.line(url, 2000))
    except ValueError:
        return {"hostname": shared.line(url, 2000), "method": "GET", "path": "/"}
    path = f"{split.path or '/'}?{split.query}" if split.query else split.path or "/"
    return {"hostname": f"{split.scheme}://{split.netloc}", "method": "GET", "path": path}
