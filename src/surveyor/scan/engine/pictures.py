"""Which elements of a page are worth a picture, and how findings get those that were taken.

Pictures are taken while the page is loaded, so its rules are run there once more, before the slot runs them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from surveyor.scan.check import registry
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import REVIEW, Check, Needs, Outcome
from surveyor.scan.check.registry import CHECKS
from surveyor.scan.errors import ScanError
from surveyor.scan.evidence import Page, Rendered
from surveyor.scan.model import Domain, Evidence, Finding

#: Of each outcome.
_MOST = 3
_KIND = "element"


def wanted(page: Page, rendered: Rendered, *, most: int | None = None) -> list[Evidence]:
    """The first elements of each barrier, of the worst first, ``most`` in all; nothing of what was left undecided."""
    document = Document(rendered.of(page))
    found: list[tuple[int, list[Evidence]]] = []
    for rule in CHECKS[Domain.ACCESSIBILITY]:
        try:
            outcomes = [one for one in _judged(rule, document, rendered) if one.key != REVIEW]
        except ScanError:
            continue
        for outcome in outcomes:
            elements = [one for one in outcome.evidence if one.kind == _KIND and one.where]
            found.append((registry.words(rule, outcome.key).severity.rank, elements[:_MOST]))
    # one of each before a second of any
    ranked = [elements for _, elements in sorted(found, key=lambda one: one[0])]
    return [elements[place] for place in range(_MOST) for elements in ranked if len(elements) > place][:most]


def _judged(rule: Check, document: Document, rendered: Rendered) -> Iterator[Outcome]:
    if rule.page is not None and rule.needs in {Needs.HTML, Needs.PAGE}:
        yield from rule.page(document)
    elif rule.rendered is not None:
        yield from rule.rendered(document, rendered)


def taken(rendered: Rendered | None) -> dict[str, str]:
    """The pictures of a page by the selectors of their elements."""
    return {} if rendered is None else {one.where: one.data for one in rendered.pictures}


def attached(finding: Finding, pictures: Mapping[str, str]) -> Finding:
    """A finding whose elements have the pictures that were taken of them."""
    if not pictures:
        return finding
    return replace(finding, evidence=tuple(_seen(finding.evidence, pictures)))


def _seen(evidence: Iterable[Evidence], pictures: Mapping[str, str]) -> Iterator[Evidence]:
    for one in evidence:
        picture = pictures.get(one.where or "") if one.kind == _KIND else None
        yield replace(one, picture=picture) if picture else one
