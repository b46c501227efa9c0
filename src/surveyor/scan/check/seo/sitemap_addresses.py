"""Addresses that a sitemap asks search engines to list: only such as answer with a page that may be listed.

"Build and submit a sitemap" (Search Central): canonical addresses only; what robots.txt forbids is not read at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from surveyor.scan.check import directives, quoting
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.check.linking import links, same
from surveyor.scan.evidence import ADDRESS, SAYS_NOTHING, SITEMAP, Mapped, Page
from surveyor.scan.formats import robots
from surveyor.scan.model import Domain, Evidence

_AGENT = "googlebot"


def judge(_document: Document, mapped: Mapped) -> Iterable[Outcome]:
    """Those that robots.txt forbids; of some errors, redirects, pages that ask not to be listed or name another."""
    rules = robots.read(mapped.robots)
    found: dict[str, list[Evidence]] = {}
    for url in mapped.listed:
        rule = rules.deciding(_AGENT, robots.path_of(url))
        if rule is not None and not rule.allow:
            said = Evidence(kind="reason", where=url[:1000], value=f"{rule}, line {rule.line}"[:300])
            found.setdefault("blocked", []).append(said)
    for url, answer in mapped.answers.items():
        for key, text in _wrong(url, answer):
            found.setdefault(key, []).append(Evidence(kind="link", where=url[:1000], value=text[:700]))
    yield from quoting.outcomes(found)


def _wrong(url: str, answer: Page) -> Iterator[tuple[str, str]]:
    if answer.status in SAYS_NOTHING:
        return
    if answer.status >= 400:
        yield "dead", str(answer.status)
        return
    if answer.hops:
        yield "moved", f"{answer.hops[0].status} to {answer.url}"
        return
    target = Document(answer)
    if (said := directives.blocking(target, _AGENT)) is not None:
        yield "hidden", said.evidence.value
    canonicals = [one.url for one in links(target, "canonical") if one.place != "body" and one.url]
    if answer.is_html and canonicals and not any(same(one, url) for one in canonicals):
        yield "elsewhere", f"canonical {canonicals[0]}"


CHECK = Check(
    id="seo_sitemap_addresses",
    version=1,
    domain=Domain.SEO,
    outcomes=("blocked", "dead", "moved", "hidden", "elsewhere"),
    needs=Needs.MAPPED,
    mapped=judge,
    parts=(robots.PATH, SITEMAP, ADDRESS),
)
