"""SPDX 3.0.1 as JSON-LD: every package, licences, and the vulnerabilities of the security profile with their scores.

A format of its own beside ``spdx``, because the two have nothing but the name in common and most readers know only 2.3.
What was not looked at are annotations of the target, whose list of packages is then called incomplete. Every name in
the document begins with one made from the content.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from surveyor.scan.judgement import Decision, DecisionStatus
from surveyor.scan.model import Cvss, Domain, Finding, Package, Report, ScanStatus
from surveyor.scan.report import bill
from surveyor.scan.report import interface as shared

_CONTEXT = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
_CREATION = "_:creation"
_KEV = "https://www.cisa.gov/known-exploited-vulnerabilities-catalog"
_ASSESSMENTS = {"2": "CvssV2", "3": "CvssV3", "4": "CvssV4"}
#: What a decision says of a vulnerability, as VEX (security profile): the kind of assessment, and the relationship.
_VEX = {
    DecisionStatus.ACCEPTED: ("VexAffected", "affects"),
    DecisionStatus.AFFECTED: ("VexAffected", "affects"),
    DecisionStatus.NOT_AFFECTED: ("VexNotAffected", "doesNotAffect"),
    DecisionStatus.FIXED: ("VexFixed", "fixedIn"),
    DecisionStatus.UNDER_INVESTIGATION: ("VexUnderInvestigation", "underInvestigationFor"),
}
_JUSTIFICATIONS = {
    "component_not_present": "componentNotPresent",
    "inline_mitigations_already_exist": "inlineMitigationsAlreadyExist",
    "vulnerable_code_cannot_be_controlled_by_adversary": "vulnerableCodeCannotBeControlledByAdversary",
    "vulnerable_code_not_in_execute_path": "vulnerableCodeNotInExecutePath",
    "vulnerable_code_not_present": "vulnerableCodeNotPresent",
}

_Element = dict[str, Any]


def encode(report: Report) -> bytes:
    """One document."""
    return bill.encode(report, lambda told, name: {"@context": _CONTEXT, "@graph": _Graph(told, name).elements()})


class _Graph:
    """The elements of one document, in an order that the same content has again."""

    def __init__(self, report: Report, name: UUID) -> None:
        self._report = report
        self._prefix = f"{name.urn}#"
        self._packages = {package.purl: package for package in report.packages}
        self._licences = bill.Licences()
        self._expressions: dict[str, str] = {}

    def elements(self) -> list[_Element]:
        """Creation, document, bill, target, packages, licences, vulnerabilities and what relates them."""
        packages = [part for package in self._packages.values() for part in self._package(package)]
        # licences are known when every package has been told
        contents = [self._target(), *packages, *self._named(), *self._contains(), *self._vulnerabilities()]
        contents += self._annotations()
        ids = [one["spdxId"] for one in contents]
        agents = [self._element("SoftwareAgent", "agent", name="Surveyor"), self._tool()]
        return [self._creation(), *agents, self._document(), self._bill(ids), *contents]

    def _id(self, name: str) -> str:
        return self._prefix + name

    def _element(self, kind: str, mark: str, **fields: object) -> _Element:
        known = {key: value for key, value in fields.items() if value not in (None, "", [])}
        return {"type": kind, "spdxId": self._id(mark), "creationInfo": _CREATION, **known}

    def _relation(self, mark: str, of: str, kind: str, to: list[str], **fields: object) -> _Element:
        relation = self._element("Relationship", f"relation-{mark}", **fields)
        return relation | {"from": self._id(of), "relationshipType": kind, "to": [self._id(one) for one in to]}

    def _creation(self) -> _Element:
        return {
            "type": "CreationInfo",
            "@id": _CREATION,
            "specVersion": "3.0.1",
            "created": shared.moment(self._report.finished_at),
            "createdBy": [self._id("agent")],
            "createdUsing": [self._id("tool")],
        }

    def _tool(self) -> _Element:
        return self._element("Tool", "tool", name=f"surveyor-{self._report.scanner.get('version', '0')}")

    def _document(self) -> _Element:
        return self._element(
            "SpdxDocument",
            "document",
            name=shared.name_of(self._report.target),
            dataLicense="https://spdx.org/licenses/CC0-1.0",
            profileConformance=["core", "software", "simpleLicensing", "security"],
            rootElement=[self._id("bill")],
        )

    def _bill(self, ids: list[str]) -> _Element:
        kind = {"source": "source", "url": "runtime"}.get(self._report.target.type, "analyzed")
        sbom = self._element("software_Sbom", "bill", software_sbomType=[kind], element=ids)
        return sbom | {"rootElement": [self._id("target")]}

    def _target(self) -> _Element:
        digest = shared.sha256_of(self._report.target)
        return self._element(
            "software_Package",
            "target",
            name=shared.name_of(self._report.target),
            software_primaryPurpose=bill.kind_of(self._report.target),
            software_sourceInfo=f"scanned as {shared.line(self._report.target.type) or 'unknown'}",
            verifiedUsing=[{"type": "Hash", "algorithm": "sha256", "hashValue": digest}] if digest else None,
        )

    def _package(self, package: Package) -> Iterator[_Element]:
        name = _name(package)
        yield self._element(
            "software_Package",
            name,
            name=shared.line(package.name) or "-",
            software_packageVersion=shared.line(package.version),
            software_packageUrl=package.purl,
            software_sourceInfo=bill.source_of(package),
            verifiedUsing=[
                {"type": "Hash", "algorithm": kind, "hashValue": digest} for kind, digest in bill.hashes(package)
            ],
        )
        if needed := bill.dependencies(package, self._packages):
            names = [_name(self._packages[purl]) for purl in needed]
            yield self._relation(f"needs-{name}", name, "dependsOn", names)
        if expression := self._licences.expression(package):
            licence = self._expressions.setdefault(expression, f"licence-{bill.short(expression)}")
            yield self._relation(f"declared-{name}", name, "hasDeclaredLicense", [licence])

    def _named(self) -> Iterator[_Element]:
        """The expressions that packages have, and the texts that references in them stand for."""
        for reference, name in self._licences.named.items():
            yield self._element("simplelicensing_SimpleLicensingText", reference, name=name) | {
                "simplelicensing_licenseText": name
            }
        for expression, name in self._expressions.items():
            references = bill.references(expression)
            yield self._element(
                "simplelicensing_LicenseExpression",
                name,
                simplelicensing_licenseExpression=expression,
                simplelicensing_customIdToUri=[
                    {"type": "DictionaryEntry", "key": one, "value": self._id(one)} for one in references
                ],
            )

    def _contains(self) -> Iterator[_Element]:
        names = [_name(package) for package in self._packages.values()]
        whole = self._report.scan_status is ScanStatus.COMPLETE
        if names:
            completeness = "noAssertion" if whole else "incomplete"
            yield self._relation("contents", "target", "contains", names, completeness=completeness)
        for owner, package in bill.owned(self._packages):
            yield self._relation(f"owned-{_name(package)}", _name(owner), "contains", [_name(package)])

    def _vulnerabilities(self) -> Iterator[_Element]:
        seen: set[str] = set()
        for finding in self._report.findings:
            if finding.domain is not Domain.VULNERABILITY:
                continue
            name = f"vulnerability-{bill.short(finding.rule)}"
            if name not in seen:
                seen.add(name)
                yield self._vulnerability(name, finding)
            affected = [_name(self._packages[purl]) for purl in shared.affected(finding, self._packages)] or ["target"]
            mark = shared.fingerprint(finding)[:16]
            decided = f"Decided: {shared.decided(finding.decision)}" if finding.decision else shared.why_aside(finding)
            for one in affected:
                yield self._relation(f"{mark}-{one}", one, "hasAssociatedVulnerability", [name], comment=decided)
            yield from self._assessments(finding, mark, name, affected)

    def _vulnerability(self, name: str, finding: Finding) -> _Element:
        ids = [shared.line(one, 200) for one in dict.fromkeys((finding.rule, *finding.ids))]
        return self._element(
            "security_Vulnerability",
            name,
            name=shared.line(finding.rule, 200) or "unnamed",
            description=shared.lines(finding.description),
            security_publishedTime=finding.published and shared.moment(finding.published),
            security_modifiedTime=finding.modified and shared.moment(finding.modified),
            externalIdentifier=[_identifier(one) for one in ids if one],
            externalRef=[
                {"type": "ExternalRef", "externalRefType": "securityAdvisory", "locator": [url]}
                for url in shared.links(finding)
            ],
        )

    def _assessments(self, finding: Finding, mark: str, name: str, affected: list[str]) -> Iterator[_Element]:
        """Scores, that it is known to be exploited, what was decided of all it affects; what nobody rated has none."""
        for number, score in enumerate(finding.cvss):
            if told := _score(score):
                kind, fields = told
                yield self._assessment(kind, f"{mark}-cvss-{number}", name, affected, fields)
        if finding.epss is not None and finding.epss_percentile is not None:
            fields = {"security_probability": finding.epss, "security_percentile": finding.epss_percentile}
            yield self._assessment("Epss", f"{mark}-epss", name, affected, fields)
        if finding.kev:
            fields = {"security_catalogType": "kev", "security_exploited": True, "security_locator": _KEV}
            yield self._assessment("ExploitCatalog", f"{mark}-kev", name, affected, fields)
        if finding.decision and not finding.decision.places:
            kind, fields = _vex(finding.decision)
            yield self._assessment(kind, f"{mark}-vex", name, affected, fields)

    def _assessment(self, kind: str, mark: str, name: str, affected: list[str], fields: _Element) -> _Element:
        relation = self._relation(mark, name, "hasAssessmentFor", affected)
        return relation | {"type": f"security_{kind}VulnAssessmentRelationship"} | fields

    def _annotations(self) -> Iterator[_Element]:
        told = bill.notes(self._report)
        if others := shared.left_out(self._report, frozenset({Domain.VULNERABILITY})):
            told.append(others)
        for number, text in enumerate(told, 1):
            yield self._element(
                "Annotation",
                f"annotation-{number}",
                annotationType="other",
                subject=self._id("target"),
                statement=text,
            )


def _name(package: Package) -> str:
    return f"package-{bill.short(package.name, of=package.purl)}"


def _identifier(name: str) -> _Element:
    kind = "cve" if shared.kind_of(name) == "CVE" else "securityOther"
    page = shared.page(name)
    told = {"type": "ExternalIdentifier", "externalIdentifierType": kind, "identifier": name}
    return told | ({"identifierLocator": [page]} if page else {})


def _vex(decision: Decision) -> tuple[str, _Element]:
    """The kind of assessment that a decision is, and its fields: what is done where affected, why where not."""
    kind, relation = _VEX[decision.status]
    fields: _Element = {"relationshipType": relation, "security_statusNotes": shared.decided(decision)}
    reason = shared.line(decision.reason) or decision.status.value
    if kind == "VexAffected":
        fields["security_actionStatement"] = reason
    elif kind == "VexNotAffected":
        fields["security_impactStatement"] = reason
        if justification := _JUSTIFICATIONS.get(decision.justification or ""):
            fields["security_justificationType"] = justification
    return kind, fields


def _score(score: Cvss) -> tuple[str, _Element] | None:
    """The kind of assessment that a score is, and its fields; nothing for one without a number."""
    kind = _ASSESSMENTS.get(score.version[:1])
    if kind is None or score.score is None:
        return None
    fields: _Element = {"security_score": score.score, "security_vectorString": shared.line(score.vector, 300)}
    if kind != "CvssV2":
        band = shared.band(score.score)
        fields["security_severity"] = band.value if band else "none"
    return kind, fields
