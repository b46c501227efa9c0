"""SPDX 2.3 (the successor of ISO/IEC 5962) as JSON: every package, with references to the advisories about it.

What was not looked at are annotations of the document; where something was not, the target also contains what nobody
asserts (``NOASSERTION``). The namespace is made from the content: the same scan gives the same document but for times.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from surveyor.scan.model import Domain, Finding, Package, Report, ScanStatus
from surveyor.scan.report import bill
from surveyor.scan.report import interface as shared

_TARGET, _DOCUMENT = "SPDXRef-Target", "SPDXRef-DOCUMENT"
_UNKNOWN = "NOASSERTION"


def encode(report: Report) -> bytes:
    """One document."""
    return bill.encode(report, _document)


def _document(report: Report, name: UUID) -> dict[str, Any]:
    licences = bill.Licences()
    packages = {package.purl: package for package in report.packages}
    advisories = _advisories(report, packages)
    listed = [_package(one, licences, advisories.get(one.purl, [])) for one in packages.values()]
    document: dict[str, Any] = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": _DOCUMENT,
        "name": shared.name_of(report.target),
        "documentNamespace": name.urn,
        "creationInfo": {
            "created": shared.moment(report.finished_at),
            "creators": [_creator(report)],
        },
        "packages": [_target(report), *listed],
        "relationships": [_relation(_DOCUMENT, "DESCRIBES", _TARGET), *_contents(report, packages)],
        "annotations": [_annotation(report, text) for text in _notes(report)],
    }
    if licences.named:
        document["hasExtractedLicensingInfos"] = [
            {"licenseId": reference, "name": name, "extractedText": name} for reference, name in licences.named.items()
        ]
    return document


def _creator(report: Report) -> str:
    return f"Tool: surveyor-{report.scanner.get('version', '0')}"


def _notes(report: Report) -> list[str]:
    others = shared.left_out(report, frozenset({Domain.VULNERABILITY}))
    return [*bill.notes(report), *([others] if others else [])]


def _annotation(report: Report, text: str) -> dict[str, str]:
    return {
        "annotationDate": shared.moment(report.finished_at),
        "annotationType": "OTHER",
        "annotator": _creator(report),
        "comment": text,
    }


def _target(report: Report) -> dict[str, Any]:
    digest = shared.sha256_of(report.target)
    return {
        "SPDXID": _TARGET,
        "name": shared.name_of(report.target),
        "downloadLocation": _UNKNOWN,
        "filesAnalyzed": False,
        "licenseConcluded": _UNKNOWN,
        "licenseDeclared": _UNKNOWN,
        "copyrightText": _UNKNOWN,
        "primaryPackagePurpose": bill.kind_of(report.target).upper(),
        "sourceInfo": f"scanned as {shared.line(report.target.type) or 'unknown'}",
        **({"checksums": [{"algorithm": "SHA256", "checksumValue": digest}]} if digest else {}),
    }


def _id(package: Package) -> str:
    return f"SPDXRef-{bill.short(package.name, of=package.purl)}"


def _package(package: Package, licences: bill.Licences, advisories: list[dict[str, str]]) -> dict[str, Any]:
    purl = {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": package.purl}
    checksums = [{"algorithm": kind.upper(), "checksumValue": digest} for kind, digest in bill.hashes(package)]
    name = "/".join(part for part in (package.namespace, package.name) if part and package.type in _GROUPED)
    return {
        "SPDXID": _id(package),
        "name": shared.line(name or package.name) or "-",
        **({"versionInfo": shared.line(package.version)} if package.version else {}),
        "downloadLocation": _UNKNOWN,
        "filesAnalyzed": False,
        "licenseConcluded": _UNKNOWN,
        "licenseDeclared": licences.expression(package) or _UNKNOWN,
        "copyrightText": _UNKNOWN,
        **({"checksums": checksums} if checksums else {}),
        "sourceInfo": bill.source_of(package),
        "externalRefs": [purl, *advisories],
    }


#: Types of packages that are known by namespace and name together.
_GROUPED = frozenset({"composer", "golang", "maven", "npm"})


def _advisories(report: Report, packages: dict[str, Package]) -> dict[str, list[dict[str, str]]]:
    """References of category SECURITY (annex F.2.3) by package URL; what has no address cannot be one."""
    found: dict[str, list[dict[str, str]]] = {}
    for finding in report.findings:
        page = shared.page(finding.rule) or next(iter(shared.links(finding)), None)
        if finding.domain is not Domain.VULNERABILITY or page is None:
            continue
        told = {
            "referenceCategory": "SECURITY",
            "referenceType": "advisory",
            "referenceLocator": page,
            "comment": _verdict(finding),
        }
        for purl in shared.affected(finding, packages):
            found.setdefault(purl, []).append(told)
    return found


def _verdict(finding: Finding) -> str:
    decided = [f"Decided: {shared.decided(finding.decision)}"] if finding.decision else []
    decided += [aside] if (aside := shared.why_aside(finding)) else []
    return "; ".join([f"{shared.line(finding.rule, 200)}, {finding.severity}", shared.remedy(finding), *decided])


def _contents(report: Report, packages: dict[str, Package]) -> list[dict[str, str]]:
    ids = {purl: _id(package) for purl, package in packages.items()}
    told = [_relation(_TARGET, "CONTAINS", one) for one in ids.values()]
    told += [
        _relation(ids[package.purl], "DEPENDS_ON", ids[needed])
        for package in packages.values()
        for needed in bill.dependencies(package, packages)
    ]
    told += [_relation(ids[owner.purl], "CONTAINS", ids[package.purl]) for owner, package in bill.owned(packages)]
    if report.scan_status is not ScanStatus.COMPLETE:
        told.append(
            _relation(_TARGET, "CONTAINS", _UNKNOWN)
            | {"comment": "Not everything could be looked at; the annotations say what"}
        )
    return told


def _relation(of: str, kind: str, to: str) -> dict[str, str]:
    return {"spdxElementId": of, "relationshipType": kind, "relatedSpdxElement": to}
