"""Which elements of a page are worth a picture, and how findings get those that were taken.

Pictures are taken while the page is loaded, so its rules are run there, and the slot takes what they found.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace

from surveyor.scan.check import registry
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import REVIEW, Check, Needs, Outcome
from surveyor.scan.check.registry import CHECKS
from surveyor.scan.errors import ScanError
from surveyor.scan.evidence import Page, Rendered
from surveyor.scan.gather import Errand
from surveyor.scan.model import Domain, Evidence, Finding

#: Of each outcome.
_MOST = 3
_KIND = "element"


class Wanted:
    """Asked which elements of a page somebody wants to see: ``most`` of each page, where a scan looks at several.

    Those of all rules, or of the ones with these ids. Of a scan's only page it is kept what all rules found there.
    """

    def __init__(self, most: int | None = None, rules: Container[str] | None = None) -> None:
        self._most, self._rules, self._html = most, rules, ""
        self._found: dict[str, tuple[Outcome, ...]] = {}

    def __call__(self, page: Page, rendered: Rendered) -> list[Evidence]:
        """The first elements of each barrier, of the worst first; nothing of what was left undecided."""
        document = Document(page, rendered)
        found: dict[str, tuple[Outcome, ...]] = {}
        ranked: list[tuple[int, list[Evidence]]] = []
        for rule in CHECKS[Domain.ACCESSIBILITY]:
            if self._rules is not None and rule.id not in self._rules:
                continue
            try:
                found[rule.id] = tuple(_judged(rule, document, rendered))
            except ScanError:
                continue
            for outcome in found[rule.id]:
                elements = [one for one in outcome.evidence if one.kind == _KIND and one.where]
                if outcome.key != REVIEW:
                    ranked.append((registry.words(rule, outcome.key).severity.rank, elements[:_MOST]))
        if self._most is None and self._rules is None:
            self._html, self._found = rendered.html, found
        # one of each before a second of any
        first = [elements for _, elements in sorted(ranked, key=lambda one: one[0])]
        return [elements[place] for place in range(_MOST) for elements in first if len(elements) > place][: self._most]

    def found(self, rendered: Rendered) -> dict[str, tuple[Outcome, ...]]:
        """What each rule that came to an end found in a page, by its id; nothing of another than was asked for."""
        return self._found if rendered.html is self._html else {}


def known(errand: Errand, rendered: Rendered | None) -> dict[str, tuple[Outcome, ...]]:
    """What rules found in a page when they were asked for pictures of it."""
    return errand.pictured.found(rendered) if rendered is not None and isinstance(errand.pictured, Wanted) else {}


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
