"""The three headers that keep origins apart: opener, embedder and resource policy, alone and together."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import quoting, structured
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.model import Domain

_OPENER, _EMBEDDER = "Cross-Origin-Opener-Policy", "Cross-Origin-Embedder-Policy"
_RESOURCE = "Cross-Origin-Resource-Policy"
_OPENERS = frozenset({"same-origin", "same-origin-allow-popups", "noopener-allow-popups", "unsafe-none"})
_EMBEDDERS = frozenset({"require-corp", "credentialless", "unsafe-none"})
_RESOURCES = frozenset({"same-origin", "same-site", "cross-origin"})


def judge(document: Document) -> Iterable[Outcome]:
    """A header that browsers cannot read, or one of the two of isolation without the other, which isolates nothing."""
    page = document.page
    sent = {name: page.headers_of(name) for name in (_OPENER, _EMBEDDER, _RESOURCE)}
    opener, embedder = structured.token(sent[_OPENER]), structured.token(sent[_EMBEDDER])
    resource = ", ".join(sent[_RESOURCE])
    read = {_OPENER: opener in _OPENERS, _EMBEDDER: embedder in _EMBEDDERS, _RESOURCE: resource in _RESOURCES}
    broken = [name for name, values in sent.items() if values and not read[name]]
    if broken:
        yield Outcome(key="invalid", evidence=tuple(one for name in broken for one in quoting.header(page, name)))
    embeds = embedder in {"require-corp", "credentialless"}
    if embeds and opener != "same-origin" and _OPENER not in broken:
        yield Outcome(key="unpaired", evidence=(*quoting.header(page, _EMBEDDER), *quoting.header(page, _OPENER)))


CHECK = Check(
    id="security_isolation",
    version=1,
    domain=Domain.SECURITY,
    outcomes=("invalid", "unpaired"),
    needs=Needs.PAGE,
    page=judge,
    headers=(_OPENER, _EMBEDDER, _RESOURCE),
)
