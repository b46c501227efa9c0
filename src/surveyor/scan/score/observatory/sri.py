"""Subresource integrity: that scripts of other sites are the ones that were meant.

The profile's ``html-not-parseable`` does not arise: a parser by the HTML standard makes a tree of anything.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from surveyor.scan.check.element import Element
from surveyor.scan.net import hosts
from surveyor.scan.score.interface import Sample, Test, Unseen

#: Worst first: what one script of another site may come to.
_WORST = (
    "sri-not-implemented-and-external-scripts-not-loaded-securely",
    "sri-implemented-but-external-scripts-not-loaded-securely",
    "sri-not-implemented-but-external-scripts-loaded-securely",
    "sri-implemented-and-external-scripts-loaded-securely",
)


def judge(sample: Sample) -> str:
    """The worst of the scripts from other sites; without any, whether the site's own carry integrity."""
    if not sample.page.is_html:
        return "sri-not-implemented-response-not-html"
    scripts = [node for node in sample.document.named("script") if (node.attributes.get("src") or "").strip()]
    foreign = {outcome for node in scripts if (outcome := _foreign(node, sample))}
    worst = min(foreign, key=_WORST.index, default=None)
    if sample.page.cut and worst != _WORST[0]:
        raise Unseen("only the beginning of the page was read, and what follows may load more scripts")
    if worst:
        return worst
    if not scripts:
        return "sri-not-implemented-but-no-scripts-loaded"
    if all(node.attributes.get("integrity") for node in scripts):
        return "sri-implemented-and-all-scripts-loaded-securely"
    return "sri-not-implemented-but-all-scripts-loaded-from-secure-origin"


def _foreign(node: Element, sample: Sample) -> str | None:
    """What a script of another site comes to; an address without a scheme counts as one whatever its host."""
    try:
        source = urlsplit((node.attributes.get("src") or "").strip())
        host = source.hostname or ""
    except ValueError:  # nothing that a browser would load
        return None
    if not source.netloc or (source.scheme and hosts.same_site(host, sample.page.host)):
        return None
    integrity, secure = bool(node.attributes.get("integrity")), source.scheme == "https"
    if integrity:
        return _WORST[3] if secure else _WORST[1]
    return _WORST[2] if secure else _WORST[0]


TEST = Test(
    id="subresource-integrity",
    title="Subresource integrity",
    outcomes=(
        "sri-implemented-and-all-scripts-loaded-securely",
        *reversed(_WORST),
        "sri-not-implemented-but-all-scripts-loaded-from-secure-origin",
        "sri-not-implemented-but-no-scripts-loaded",
        "sri-not-implemented-response-not-html",
    ),
    judge=judge,
)
