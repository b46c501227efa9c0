"""An outcome and the words for it become a finding."""

from __future__ import annotations

from surveyor.scan.check import wcag
from surveyor.scan.check.interface import FORM, Check, Outcome, Words
from surveyor.scan.model import Asset, Evidence, Finding, Fix


def worded(check: Check, said: Words, outcome: Outcome, asset: Asset) -> Finding:
    """One outcome as the table of its domain words it, about one asset, or about the pages that it names itself."""
    more = outcome.count - sum(one.kind != FORM for one in outcome.evidence)
    rest = (Evidence(kind="count", value=f"{outcome.count} in all"),) if more > 0 and outcome.evidence else ()
    criteria = [wcag.CRITERIA[number] for number in check.criteria]
    return Finding(
        domain=check.domain,
        rule=check.id,
        title=said.title,
        severity=said.severity,
        description=" ".join([said.description, *(f"{criterion}." for criterion in criteria)]),
        assets=tuple(Asset(type=asset.type, value=page) for page in outcome.pages) or (asset,),
        confidence=said.confidence if outcome.confidence is None else outcome.confidence,
        evidence=(*outcome.evidence, *rest),
        recommended_fix=Fix(summary=said.fix, steps=said.steps),
        references=(*said.references, *(criterion.link for criterion in criteria)),
    )
