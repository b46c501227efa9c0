"""Different pages of a site that name the same address as canonical: search engines then list only that one."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.check.linking import same
from surveyor.scan.facts import Facts, Pages
from surveyor.scan.model import Domain, Evidence

_QUOTED, _FEW = 20, 3


def judge(pages: Pages) -> Iterable[Outcome]:
    """Three or more with titles of their own that name one other page; copies of a page share its title."""
    groups: dict[str, list[Facts]] = {}
    for one in pages.pages:
        if one.canonical and not one.hidden and not same(one.canonical, one.url):
            groups.setdefault(one.canonical, []).append(one)
    hiding = [group for group in groups.values() if len({one.title.casefold() for one in group if one.title}) >= _FEW]
    found = [one for group in hiding for one in group]
    if found:
        quoted = tuple(
            Evidence(kind="page", where=one.url[:1000], value=f"canonical {one.canonical}"[:1000])
            for one in found[:_QUOTED]
        )
        yield Outcome(key="same", evidence=quoted, count=len(found), pages=tuple(one.url for one in found))


CHECK = Check(
    id="seo_site_canonical",
    version=1,
    domain=Domain.SEO,
    outcomes=("same",),
    needs=Needs.PAGES,
    pages=judge,
)
