"""Links of the page that lead nowhere, or on to somewhere else for good: of those that were asked for."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import quoting
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.evidence import SAYS_NOTHING, Links, Page, Reference
from surveyor.scan.model import Domain, Evidence

_PERMANENT = frozenset({301, 308})


def judge(_document: Document, links: Links) -> Iterable[Outcome]:
    """By what answered: an error of the address, an error of the server, nobody, or a permanent redirect."""
    found: dict[str, list[Evidence]] = {}
    for reference in links.of("anchor"):
        key, told = _state(links, reference)
        if key:
            value = f"{told}: {reference.url[:300]} in {reference.value}"
            found.setdefault(key, []).append(Evidence(kind="link", where=reference.where, value=value[:700]))
    yield from quoting.outcomes(found)


def _state(links: Links, reference: Reference) -> tuple[str | None, str]:
    if reference.url in links.silent:
        return "silent", links.silent[reference.url]
    answer = links.answers.get(reference.url)
    if answer is None:
        return None, ""
    if answer.status >= 500:
        return "failing", str(answer.status)
    if answer.status >= 400 and answer.status not in SAYS_NOTHING:
        return "broken", str(answer.status)
    return ("moved", f"{answer.hops[0].status} to {answer.url[:200]}") if _is_moved(answer) else (None, "")


def _is_moved(answer: Page) -> bool:
    """Whether an address of the same host is another now, and for good."""
    same_host = answer.asked.split("/")[2:3] == answer.url.split("/")[2:3]
    return bool(answer.hops) and same_host and all(step.status in _PERMANENT for step in answer.hops)


CHECK = Check(
    id="seo_broken_links",
    version=2,
    domain=Domain.SEO,
    outcomes=("broken", "failing", "silent", "moved"),
    needs=Needs.LINKS,
    links=judge,
    parts=("anchor",),
    heard=True,
)
