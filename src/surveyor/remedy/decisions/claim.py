"""What of a report's decisions can be told to others: one claim about one flaw in some packages of one product.

VEX has no word for a risk that somebody accepts: it is told as ``affected``, with the reason as what is done about it.
"""

from __future__ import annotations

from dataclasses import dataclass

from surveyor.scan.judgement import Decision, DecisionStatus
from surveyor.scan.model import Domain, Finding, Report

UNEXPLAINED = "No reason was given."


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who says it, when (ISO 8601, UTC), with which version of ours, and about what.

    ``product`` is a PURL or another IRI, ``name`` what people call it, ``digest`` the target's SHA-256 (hex); ``url``
    is the author's own, which CSAF wants.
    """

    author: str
    at: str
    version: str
    product: str
    name: str
    digest: str | None = None
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One decision for others: the flaw's names, the preferred one first, and the PURLs that it is about."""

    ids: tuple[str, ...]
    status: DecisionStatus
    reason: str
    justification: str | None
    packages: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """All of a report's, and how many decisions are about no vulnerability, of which VEX cannot speak."""

    told: tuple[Claim, ...]
    untold: int
    accepted: int


def claims(report: Report) -> Claims:
    """The claims that a report's decisions make."""
    decided = [(finding, finding.decision) for finding in report.findings if finding.decision is not None]
    flaws = [(finding, decision) for finding, decision in decided if finding.domain is Domain.VULNERABILITY]
    return Claims(
        told=tuple(_claim(finding, decision) for finding, decision in flaws),
        untold=len(decided) - len(flaws),
        accepted=sum(decision.status is DecisionStatus.ACCEPTED for _, decision in flaws),
    )


def _claim(finding: Finding, decision: Decision) -> Claim:
    places = set(decision.places)
    values = [asset.value for asset in finding.assets if not places or (asset.path or asset.value) in places] or [
        finding.package or ""
    ]
    accepted = decision.status is DecisionStatus.ACCEPTED
    return Claim(
        ids=finding.ids or (finding.rule,),
        status=DecisionStatus.AFFECTED if accepted else decision.status,
        reason=decision.reason or UNEXPLAINED,
        justification=decision.justification,
        packages=tuple(dict.fromkeys(value for value in values if value)),
    )
