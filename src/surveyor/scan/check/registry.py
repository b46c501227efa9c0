"""Every rule there is, by domain, and what is said about its outcomes."""

from __future__ import annotations

from surveyor.scan.check import accessibility, hardening, performance, security, seo
from surveyor.scan.check.interface import Check, Needs, Outcome, Words
from surveyor.scan.check.wording import worded
from surveyor.scan.model import Asset, Domain, Finding

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
    return worded(check, words(check, outcome.key), outcome, asset)


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
