"""The title of the page: which of many windows this is."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import quoting
from surveyor.scan.check.document import Document
from surveyor.scan.check.element import quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain


def judge(document: Document) -> Iterable[Outcome]:
    """No title with text; the first one counts, and those of drawings do not."""
    titles = document.titles
    if not titles or not titles[0].text().strip():
        yield Outcome(key="missing", evidence=quote(titles)[0] or (quoting.absent("head > title"),))


CHECK = Check(
    id="accessibility_page_title",
    version=1,
    domain=Domain.ACCESSIBILITY,
    outcomes=("missing",),
    page=judge,
    criteria=("2.4.2",),
    act=("2779a5",),
)
