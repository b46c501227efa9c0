"""robots.txt as crawlers read it (RFC 9309): whether it can be had, and lines that nobody understands."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.evidence import WellKnown
from surveyor.scan.formats import robots
from surveyor.scan.model import Domain, Evidence

_QUOTED = 20


def judge(files: WellKnown) -> Iterable[Outcome]:
    """A server's error, upon which crawlers stay away; a page in its place; lines that break the syntax."""
    page = files.files.get(robots.PATH)
    if page is None or 400 <= page.status < 500:
        return
    told = Evidence(kind="file", where=robots.PATH, value=f"{page.status} {page.media_type}".strip()[:300])
    if page.status >= 500:
        yield Outcome(key="failing", evidence=(told,))
        return
    if robots.is_page(page):
        yield Outcome(key="page", evidence=(told,))
        return
    problems = robots.read(page).problems
    if problems:
        evidence = tuple(
            Evidence(kind="file", where=f"{robots.PATH} line {one.line}", value=f"{one.text}: {one.why}")
            for one in problems
        )
        yield Outcome(key="invalid", evidence=evidence[:_QUOTED], count=len(problems))


CHECK = Check(
    id="seo_robots_txt",
    version=1,
    domain=Domain.SEO,
    outcomes=("failing", "page", "invalid"),
    needs=Needs.WELLKNOWN,
    wellknown=judge,
    parts=(robots.PATH,),
)
