"""Pages of one site that results cannot tell apart: of all that a scan looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.check.linking import same
from surveyor.scan.facts import Facts, Pages
from surveyor.scan.model import Domain, Evidence

_QUOTED = 20
_TOLD: tuple[tuple[str, Callable[[Facts], str]], ...] = (
    ("title", lambda one: one.title),
    ("description", lambda one: one.description),
    # where a page has several, what tells it apart need not be the first
    ("heading", lambda one: " · ".join(one.headings)),
)


def judge(pages: Pages) -> Iterable[Outcome]:
    """Pages to be listed that share a title, a description or a main heading, without copies that name the original."""
    listed = [one for one in pages.pages if not one.hidden and (not one.canonical or same(one.canonical, one.url))]
    for key, of in _TOLD:
        groups: dict[str, list[Facts]] = {}
        for one in listed:
            if text := of(one).strip().casefold():
                groups.setdefault(text, []).append(one)
        shared = [group for group in groups.values() if len(group) > 1]
        found = [one for group in sorted(shared, key=len, reverse=True) for one in group]
        if found:
            quoted = tuple(Evidence(kind="page", where=one.url[:1000], value=of(one)[:300]) for one in found[:_QUOTED])
            yield Outcome(key=key, evidence=quoted, count=len(found), pages=tuple(one.url for one in found))


CHECK = Check(
    id="seo_site_duplicates",
    version=1,
    domain=Domain.SEO,
    outcomes=tuple(key for key, _ in _TOLD),
    needs=Needs.PAGES,
    pages=judge,
    replaces=("seo_duplicates",),
)
