"""The page's address: short, plain and one for one page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, unquote, urlsplit

from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.model import Domain, Evidence
from surveyor.scan.patterns import regex

_LONGEST, _PARAMETERS = 200, 4
_SESSION = regex(r"^(phpsessid|jsessionid|aspsessionid\w*|sid|sessionid|session_id|cfid|cftoken)$", re.IGNORECASE)


def judge(document: Document) -> Iterable[Outcome]:
    """Each thing that makes an address hard to read, to share, or one of many for the same page."""
    url = document.page.url
    try:
        split = urlsplit(url)
        names = [name for name, _ in parse_qsl(split.query, keep_blank_values=True, max_num_fields=1000)]
    except ValueError:
        return
    path = unquote(split.path)
    found = {
        "long": len(url) > _LONGEST,
        "session": any(map(_SESSION.match, names)) or ";jsessionid=" in path.lower(),
        "parameters": len(names) > _PARAMETERS,
        "slashes": "//" in path,
        "letters": any(letter.isupper() for letter in path),
        "underscores": "_" in path,
    }
    for key, wrong in found.items():
        if wrong:
            yield Outcome(key=key, evidence=(Evidence(kind="url", value=url[:1000]),))


CHECK = Check(
    id="seo_url",
    version=1,
    domain=Domain.SEO,
    outcomes=("long", "session", "parameters", "slashes", "letters", "underscores"),
    needs=Needs.PAGE,
    page=judge,
    served=True,
)
