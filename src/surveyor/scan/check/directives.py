"""What a page tells crawlers about itself: robots meta elements and X-Robots-Tag headers.

A header's value may begin with the name of one crawler; a meta element has it as its name. A crawler goes by its own
meta element where there is one, else by that for all (Google Search Central, "Robots meta tag").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import selector
from surveyor.scan.model import Evidence
from surveyor.scan.patterns import regex

HEADER = "X-Robots-Tag"
#: Whom Lighthouse asks for: all, and four by name.
AGENTS = ("*", "googlebot", "bingbot", "duckduckbot", "archive.org_bot")
_NAMED = regex(r"\s*([A-Za-z][A-Za-z0-9._-]{0,40})\s*:(.*)", re.DOTALL)
#: Directives that have a value behind a colon, so that they are no crawler's name.
_VALUED = frozenset({"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"})
_BLOCKS = frozenset({"noindex", "none"})
_MOST = 100
#: A date may hold a comma itself, behind its day of the week.
_DAY = regex(r"(unavailable_after\s*:\s*)[a-z]{3,9},")


@dataclass(frozen=True, slots=True)
class Said:
    """One statement: for which crawler (``*`` for all), its directives in lower case, and where it stands."""

    agent: str
    tokens: tuple[str, ...]
    evidence: Evidence

    @property
    def header(self) -> bool:
        """Whether it was sent as a header."""
        return self.evidence.kind == "header"

    def blocks(self, now: datetime) -> bool:
        """Whether it keeps a crawler from listing the page."""
        return any(token in _BLOCKS or _is_past(token, now) for token in self.tokens)


def said(document: Document) -> tuple[Said, ...]:
    """Everything that is said, meta elements first."""
    return tuple(islice(_all(document), _MOST))


def blocking(document: Document, agent: str, now: datetime | None = None) -> Said | None:
    """What keeps one crawler from listing the page, if anything does."""
    when = now or datetime.now(UTC)
    told = said(document)
    metas = [one for one in told if not one.header]
    own = [one for one in metas if one.agent == agent] or [one for one in metas if one.agent == "*"]
    sent = [one for one in told if one.header and one.agent in {"*", agent}]
    return next((one for one in (*own, *sent) if one.blocks(when)), None)


def _all(document: Document) -> Iterator[Said]:
    for node in document.named("meta") if document.page.is_html else ():
        name = (node.attributes.get("name") or "").strip().lower()
        if name == "robots" or name in AGENTS:
            content = node.attributes.get("content") or ""
            evidence = Evidence(kind="element", where=selector(node), value=f"{name}: {content}"[:300])
            yield Said("*" if name == "robots" else name, _tokens(content), evidence)
    for value in document.page.headers_of(HEADER):
        named = _NAMED.fullmatch(value)
        agent = named[1].lower() if named and named[1].lower() not in _VALUED else ""
        text = named[2] if named and agent else value
        yield Said(agent or "*", _tokens(text), Evidence(kind="header", where=HEADER, value=value[:300]))


def _tokens(text: str) -> tuple[str, ...]:
    joined = _DAY.sub(r"\1 ", text[:2_000].lower())
    return tuple(part.strip() for part in joined.split(",") if part.strip())


def _is_past(token: str, now: datetime) -> bool:
    name, _, value = token.partition(":")
    if name.strip() != "unavailable_after":
        return False
    day = moment(value.strip())
    return day is not None and day < now


_FORMATS = ("%Y-%m-%d", "%d %b %Y %H:%M:%S", "%d-%b-%Y %H:%M:%S", "%d-%b-%y %H:%M:%S")


def moment(text: str) -> datetime | None:
    """A time as ISO 8601, RFC 822 and RFC 850 write it; those of zones beside UTC count as UTC."""
    try:
        found = datetime.fromisoformat(text.upper())
    except ValueError:
        plain = re.sub(r"\s+[A-Za-z]{2,5}$|\s+[+-]\d{4}$", "", text.strip())
        for form in _FORMATS:
            try:
                return datetime.strptime(plain, form).replace(tzinfo=UTC)
            except ValueError:
                continue
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
