"""Reports that browsers would send of violations, and whether anybody gets them (W3C Reporting API)."""

from __future__ import annotations

import re
from collections.abc import Iterable

import orjson

from surveyor.scan.check import quoting
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.evidence import Page
from surveyor.scan.model import Domain, Evidence

_POLICIES = ("Content-Security-Policy", "Content-Security-Policy-Report-Only")
_ENDPOINTS, _OLD = "Reporting-Endpoints", "Report-To"
#: A group's name in a policy, and in a header that takes it as a parameter.
_GROUP = re.compile(r"(?:^|;)\s*report-to\s+([^\s;,]{1,200})", re.IGNORECASE)
_PARAMETER = re.compile(r';\s*report-to\s*=\s*"([^"]{1,200})"', re.IGNORECASE)
_DEFINED = re.compile(r'(?:^|,)\s*([a-z*][a-z0-9_.*-]{0,200})\s*=\s*"([^"]{0,2000})"')
_CARRIERS = ("Cross-Origin-Opener-Policy", "Cross-Origin-Embedder-Policy", "Permissions-Policy")


def judge(document: Document) -> Iterable[Outcome]:
    """A group that is named and nowhere defined; and reports that would go without TLS."""
    page = document.page
    named = {name for header in _POLICIES for value in page.headers_of(header) for name in _GROUP.findall(value)}
    named |= {name for header in _CARRIERS for value in page.headers_of(header) for name in _PARAMETER.findall(value)}
    defined = _defined(page)
    if lost := sorted(named - set(defined)):
        notes = [f"{name} is not defined by {_ENDPOINTS}" for name in lost]
        yield Outcome(key="undefined", evidence=(*_sent(page), *quoting.notes(notes, where=_ENDPOINTS)))
    if plain := sorted(url for url in defined.values() if url.lower().startswith("http:")):
        yield Outcome(key="insecure", evidence=quoting.notes(plain, where=_ENDPOINTS))


def _sent(page: Page) -> tuple[Evidence, ...]:
    names = [name for name in (*_POLICIES, *_CARRIERS) if page.header(name)]
    return tuple(one for name in names for one in quoting.header(page, name))


def _defined(page: Page) -> dict[str, str]:
    """Groups with an address each, of the header in use and of the one before it."""
    groups = dict(found for value in page.headers_of(_ENDPOINTS) for found in _DEFINED.findall(value))
    for value in page.headers_of(_OLD):
        try:
            told = orjson.loads(f"[{value}]")
        except orjson.JSONDecodeError:
            continue
        for group in told:
            if isinstance(group, dict) and isinstance(group.get("group", "default"), str):
                groups.setdefault(group.get("group", "default"), _address(group))
    return groups


def _address(group: dict[str, object]) -> str:
    endpoints = group.get("endpoints")
    first = endpoints[0] if isinstance(endpoints, list) and endpoints else None
    url = first.get("url") if isinstance(first, dict) else None
    return url if isinstance(url, str) else ""


CHECK = Check(
    id="security_reporting",
    version=1,
    domain=Domain.SECURITY,
    outcomes=("undefined", "insecure"),
    needs=Needs.PAGE,
    page=judge,
    headers=(_ENDPOINTS, _OLD),
)
