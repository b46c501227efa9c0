"""What a policy's frame-ancestors lets in, and where it is written without effect (CSP Level 3, frame-ancestors)."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import policy, quoting
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.model import Domain, Evidence

_POLICY, _OLD = "Content-Security-Policy", "X-Frame-Options"
_DIRECTIVE = "frame-ancestors"
_ANYONE = frozenset({"*", "http:", "https:", "http://*", "https://*"})


def judge(document: Document) -> Iterable[Outcome]:
    """Sources that are everybody, which also take the older header its effect; a directive in a meta element."""
    page = document.page
    sent = policy.parse(page.headers_of(_POLICY))
    ancestors = sent.directives.get(_DIRECTIVE) if sent else None
    if ancestors is not None and ancestors & _ANYONE:
        older = quoting.header(page, _OLD) if page.header(_OLD) else ()
        yield Outcome(key="anyone", evidence=(*quoting.header(page, _POLICY), *older))
    written = policy.parse((), document.policies, frames=True)
    if ancestors is None and written is not None and _DIRECTIVE in written.directives:
        yield Outcome(
            key="meta",
            evidence=tuple(Evidence(kind="element", where="meta", value=text[:1000]) for text in document.policies[:5]),
        )


CHECK = Check(
    id="security_framing",
    version=1,
    domain=Domain.SECURITY,
    outcomes=("anyone", "meta"),
    needs=Needs.PAGE,
    page=judge,
    headers=(_POLICY, _OLD),
)
