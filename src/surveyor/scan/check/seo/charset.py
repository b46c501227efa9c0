"""The page's encoding: told once, early, and UTF-8 (HTML standard, "Specifying the document's character encoding")."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable

from surveyor.scan.check import quoting
from surveyor.scan.check.document import CHARSET, META_CHARSET, Document
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain, Evidence

#: How far a browser looks, and how far we do to see that it was told too late.
_EARLY, _LATE = 1024, 1 << 16


def judge(document: Document) -> Iterable[Outcome]:
    """Told nowhere, too late to be seen, twice differently, or as something that is not UTF-8."""
    page = document.page
    sent = CHARSET.search(page.header("content-type") or "")
    found = META_CHARSET.search(page.body[:_LATE])
    marked = page.body.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    evidence = (
        *((Evidence(kind="header", where="Content-Type", value=sent[0]),) if sent else ()),
        *((_quoted(found),) if found else ()),
    )
    names = [*([sent[1]] if sent else []), *([found[1].decode("ascii")] if found else [])]
    if not names and not marked:
        yield Outcome(key="missing", evidence=(quoting.absent("meta[charset]"),))
    elif len({_known(name) for name in names}) > 1:
        yield Outcome(key="conflict", evidence=evidence)
    elif any(_known(name) != "utf-8" for name in names):
        yield Outcome(key="legacy", evidence=evidence)
    elif found and found.end() > _EARLY and not sent and not marked:
        yield Outcome(key="late", evidence=evidence)


def _quoted(found: re.Match[bytes]) -> Evidence:
    text = found[0].decode("latin-1")
    return Evidence(
        kind="element", where=f"byte {found.start()}", value="".join(c if c.isprintable() else " " for c in text)
    )


def _known(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except (LookupError, ValueError):
        return name.lower()


CHECK = Check(
    id="seo_charset",
    version=1,
    domain=Domain.SEO,
    outcomes=("missing", "conflict", "legacy", "late"),
    page=judge,
    served=True,
)
