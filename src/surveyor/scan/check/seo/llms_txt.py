"""llms.txt, where a site has one: what it tells language models of itself, in the form that llmstxt.org describes.

No search engine asks for the file, so that it is not there is nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from surveyor.scan.check.document import decode
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.evidence import Page, WellKnown
from surveyor.scan.model import Domain, Evidence
from surveyor.scan.patterns import regex

_PATH = "/llms.txt"
_TITLE = regex(r"# [^\s#]")
_LINK = regex(r"^[-*] \[[^\]\n]{1,300}\]\([^)\s]{1,1000}\)", re.MULTILINE)
_SECTION = regex(r"^## \S", re.MULTILINE)


def judge(files: WellKnown) -> Iterable[Outcome]:
    """A file that is no web page and lacks its title, its sections, or links in them."""
    answer = files.files.get(_PATH)
    if answer is None or answer.status != 200 or answer.is_html or not answer.body.strip():
        return
    lacks = list(_lacks(answer))
    if lacks:
        notes = tuple(Evidence(kind="reason", where=_PATH, value=text) for text in lacks)
        yield Outcome(key="invalid", evidence=notes, count=len(notes))


def _lacks(answer: Page) -> Iterator[str]:
    text = decode(answer.body, answer.header("content-type") or "").lstrip("\ufeff \t\r\n")
    if not _TITLE.match(text):
        yield "does not begin with the site's name as a heading of the first level"
    if not _SECTION.search(text):
        yield "has no section, a heading of the second level"
    elif not _LINK.search(text):
        yield "has no list of links"


CHECK = Check(
    id="seo_llms_txt",
    version=1,
    domain=Domain.SEO,
    outcomes=("invalid",),
    needs=Needs.WELLKNOWN,
    wellknown=judge,
    parts=(_PATH,),
)
