"""From a page's scripts to the libraries they say they are, and on to what advisories say about those."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote, urljoin

from surveyor.scan.check import libraries
from surveyor.scan.check.document import Document
from surveyor.scan.check.element import selector
from surveyor.scan.check.libraries import Library
from surveyor.scan.engine import advising
from surveyor.scan.engine.units import Ledger
from surveyor.scan.events import Progress
from surveyor.scan.evidence import MAP, Libraries, Scripts
from surveyor.scan.model import INCOMPLETE, Evidence, Kind, Package, Target, Tier
from surveyor.scan.settings import Settings

_MOST = 100
_INLINE = 200


def look(document: Document, scripts: Scripts | None, settings: Settings, progress: Progress) -> Libraries:
    """Name the libraries, then ask; without any there is nothing to ask. ``NotConfigured`` without advisories."""
    page = document.page
    packages = tuple(map(_package, libraries.distinct(_seen(document, scripts))[:_MOST])) if page.is_html else ()
    missed = {what: why for what, why in scripts.missed.items() if what != MAP} if scripts is not None else {}
    if not packages:
        return Libraries(missed=missed)
    ledger = Ledger(progress)
    target = Target(kind=Kind.WEB, source=page.url, type="url")
    advice = advising.matched(packages, target, settings, ledger)
    entries = (*ledger.entries, *advice.coverage)
    missed |= {entry.what: entry.detail or entry.reason or "" for entry in entries if entry.state in INCOMPLETE}
    return Libraries(packages=packages, findings=advice.findings, missed=missed)


def _seen(document: Document, scripts: Scripts | None) -> Iterator[Library]:
    inline = 0
    for node in document.named("script"):
        source = (node.attributes.get("src") or "").strip()
        if source:
            try:
                yield from libraries.by_address(urljoin(document.page.url, source))
            except ValueError:
                continue
        elif inline < _INLINE:
            inline += 1
            yield from libraries.by_banner(node.text(), selector(node))
    for script in scripts.scripts if scripts is not None else ():
        begin = script.page.body[:4096].decode("utf-8", "replace")
        yield from libraries.by_banner(begin, script.page.url)


def _package(library: Library) -> Package:
    scope, _, name = library.name.rpartition("/")
    namespace = f"{quote(scope, safe='')}/" if scope else ""
    seen = Evidence(kind="package_record", value=f"{library.name} {library.version}", where=library.where[:1000])
    return Package(
        purl=f"pkg:npm/{namespace}{quote(name, safe='')}@{library.version}",
        type="npm",
        namespace=scope or None,
        name=name,
        version=library.version,
        evidence=(seen,),
        tier=Tier.HEURISTIC,
        found_by="libraries",
    )
