"""Evidence → outcomes → findings: one file per rule, one table of words per domain, all listed here."""

from __future__ import annotations

from surveyor.scan.check import accessibility, hardening, performance, security, seo, wcag
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Judge, Needs, Outcome, Words
from surveyor.scan.model import Asset, Domain, Evidence, Finding, Fix

_DOMAINS = {
    Domain.PERFORMANCE: (performance.CHECKS, performance.WORDS),
    Domain.SECURITY: (security.CHECKS, security.WORDS),
    Domain.SEO: (seo.CHECKS, seo.WORDS),
    Domain.ACCESSIBILITY: (accessibility.CHECKS, accessibility.WORDS),
}

#: Every check of pages, by domain.
CHECKS: dict[Domain, tuple[Check, ...]] = {domain: checks for domain, (checks, _) in _DOMAINS.items()}
#: Every check of programs; all are of the domain of security.
PROGRAM_CHECKS: tuple[Check, ...] = hardening.CHECKS


def words(check: Check, key: str) -> Words:
    """What is said about one outcome of a check."""
    table = hardening.WORDS if check.needs is Needs.PROGRAM else _DOMAINS[check.domain][1]
    return table[check.id][key]


def finding(check: Check, outcome: Outcome, asset: Asset) -> Finding:
    """One outcome in words, about one asset."""
    said = words(check, outcome.key)
    more = outcome.count - len(outcome.evidence)
    rest = (Evidence(kind="count", value=f"{outcome.count} in all"),) if more > 0 and outcome.evidence else ()
    criteria = [wcag.CRITERIA[number] for number in check.criteria]
    return Finding(
        domain=check.domain,
        rule=check.id,
        title=said.title,
        severity=said.severity,
        description=" ".join([said.description, *(f"{criterion}." for criterion in criteria)]),
        assets=(asset,),
        confidence=said.confidence if outcome.confidence is None else outcome.confidence,
        evidence=(*outcome.evidence, *rest),
        recommended_fix=Fix(summary=said.fix, steps=said.steps),
        references=(*said.references, *(criterion.link for criterion in criteria)),
    )


def catalogue() -> list[dict[str, object]]:
    """Every outcome of every check as plain values, for the reference pages."""
    return [
        {
            "rule": check.id,
            "version": check.version,
            "domain": domain.value,
            "outcome": key,
            "title": words(check, key).title,
            "severity": words(check, key).severity.value,
            "confidence": words(check, key).confidence,
            "needs": check.needs.value,
            "criteria": list(check.criteria),
            "act": list(check.act),
            "description": words(check, key).description,
            "fix": words(check, key).fix,
        }
        for domain, checks in (*CHECKS.items(), (Domain.SECURITY, PROGRAM_CHECKS))
        for check in checks
        for key in check.outcomes
    ]


__all__ = [
    "CHECKS",
    "PROGRAM_CHECKS",
    "Check",
    "Document",
    "Judge",
    "Needs",
    "Outcome",
    "Words",
    "catalogue",
    "finding",
    "words",
]
