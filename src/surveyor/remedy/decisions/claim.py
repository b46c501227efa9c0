"""What of a report's decisions can be told to others: one claim about one flaw in some packages of one product.

VEX has no word for a risk that somebody accepts: it is told as ``affected``, with the reason as what is done about it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from surveyor.remedy.decisions.statement import JUSTIFICATIONS
from surveyor.scan.judgement import SETTLED, Decision, DecisionStatus
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
    """All of a report's, and how many decisions were left out or told as less than they are.

    VEX cannot speak of ``untold``, which are about no vulnerability, nor of ``partial``, which settle a package at some
    of its places only; ``expired`` no longer hold.
    """

    told: tuple[Claim, ...]
    untold: int = 0
    partial: int = 0
    expired: int = 0
    accepted: int = 0


def claims(report: Report, *, today: date) -> Claims:
    """The claims that a report's decisions make."""
    decided = [(finding, finding.decision) for finding in report.findings if finding.decision is not None]
    flaws = [(finding, decision) for finding, decision in decided if finding.domain is Domain.VULNERABILITY]
    held = [(finding, one) for finding, one in flaws if one.until is None or today.isoformat() <= one.until]
    told = [(claim, one) for finding, one in held if (claim := _claim(finding, one))]
    return Claims(
        told=tuple(claim for claim, _ in told),
        untold=len(decided) - len(flaws),
        partial=len(held) - len(told),
        expired=len(flaws) - len(held),
        accepted=sum(decision.status is DecisionStatus.ACCEPTED for _, decision in told),
    )


def _packages(finding: Finding, decision: Decision) -> list[str]:
    """The PURLs that a decision is about; none that it settles at some places only, since a PURL names none."""
    if not decision.places:
        return [asset.value for asset in finding.assets] or [finding.package or ""]
    places = set(decision.places)
    about: dict[str, set[bool]] = {}
    for asset in finding.assets:
        about.setdefault(asset.value, set()).add((asset.path or asset.value) in places)
    settles = decision.status in SETTLED
    return [value for value, told in about.items() if (all(told) if settles else any(told))]


def _claim(finding: Finding, decision: Decision) -> Claim | None:
    packages = tuple(dict.fromkeys(filter(None, _packages(finding, decision))))
    if not packages:
        return None
    accepted = decision.status is DecisionStatus.ACCEPTED
    return Claim(
        ids=finding.ids or (finding.rule,),
        status=DecisionStatus.AFFECTED if accepted else decision.status,
        reason=decision.reason or UNEXPLAINED,
        # a report may be anybody's: what is none of the five no format has a word for
        justification=decision.justification if decision.justification in JUSTIFICATIONS else None,
        packages=packages,
    )
