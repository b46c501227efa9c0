"""Reports that browsers would send of violations, and whether anybody gets them (W3C Reporting API)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from surveyor.scan.check import quoting, structured
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.check.linking import resolve
from surveyor.scan.evidence import Page
from surveyor.scan.model import Domain, Evidence
from surveyor.scan.patterns import regex

_POLICIES = ("Content-Security-Policy", "Content-Security-Policy-Report-Only")
_ENDPOINTS, _OLD = "Reporting-Endpoints", "Report-To"
#: A group's name in a policy, and in a header that takes it as a parameter; addresses in a policy.
_GROUP = regex(r"(?:^|[;,])\s*report-to\s+([^\s;,]{1,200})", re.IGNORECASE)
_PARAMETER = regex(r';\s*report-to\s*=\s*"?([^"\s;,]{1,200})', re.IGNORECASE)
_ADDRESSES = regex(r"(?:^|[;,])\s*report-uri\s+([^;,]{1,2000})", re.IGNORECASE)
_CARRIERS = ("Cross-Origin-Opener-Policy", "Cross-Origin-Embedder-Policy", "Permissions-Policy")


def judge(document: Document) -> Iterable[Outcome]:
    """A group that is named and nowhere defined; a header that browsers drop; addresses that they do not report to."""
    page = document.page
    named = {name for header in _POLICIES for value in page.headers_of(header) for name in _GROUP.findall(value)}
    named |= {name for header in _CARRIERS for value in page.headers_of(header) for name in _PARAMETER.findall(value)}
    defined = {**_old(page), **_endpoints(page)}
    if lost := sorted(named - set(defined)):
        notes = [f"{name} is not defined by {_ENDPOINTS}" for name in lost]
        yield Outcome(key="undefined", evidence=(*_sent(page), *quoting.notes(notes, where=_ENDPOINTS)))
    if broken := list(_broken(page)):
        yield Outcome(key="broken", evidence=tuple(broken))
    addresses = [*defined.values(), *_written(page)]
    if plain := sorted({url for url in addresses if _is_plain(page, url)}):
        yield Outcome(key="insecure", evidence=quoting.notes(plain, where=_ENDPOINTS))


def _sent(page: Page) -> tuple[Evidence, ...]:
    names = [name for name in (*_POLICIES, *_CARRIERS) if page.header(name)]
    return tuple(one for name in names for one in quoting.header(page, name))


def _written(page: Page) -> Iterator[str]:
    """The addresses that policies name themselves."""
    for header in _POLICIES:
        for value in page.headers_of(header):
            for found in _ADDRESSES.findall(value):
                yield from found.split()


def _is_plain(page: Page, url: str) -> bool:
    """Whether a report would go without TLS; what is relative goes to the page's own host."""
    return (resolve(page.url, url) or "").lower().startswith("http:") and (
        page.secure or url.lower().startswith("http:")
    )


def _endpoints(page: Page) -> dict[str, str]:
    found = structured.dictionary(page.headers_of(_ENDPOINTS)) or {}
    return {name: member.strings[0] for name, member in found.items() if member.strings and not member.listed}


def _old(page: Page) -> dict[str, str]:
    """Groups of the header before it, with the first address of each."""
    groups: dict[str, str] = {}
    for group in (one for value in page.headers_of(_OLD) for one in _groups(value) or ()):
        urls = _urls(group)
        if urls:
            groups.setdefault(str(group.get("group", "default")), urls[0])
    return groups


def _groups(value: str) -> list[dict[str, Any]] | None:
    """The objects of one value; ``None`` where that is no JSON."""
    try:
        told = orjson.loads(f"[{value}]")
    except orjson.JSONDecodeError:
        return None
    return [one for one in told if isinstance(one, dict)]


def _urls(group: dict[str, Any]) -> list[str]:
    endpoints = group.get("endpoints")
    listed = endpoints if isinstance(endpoints, list) else []
    return [one["url"] for one in listed if isinstance(one, dict) and isinstance(one.get("url"), str) and one["url"]]


def _broken(page: Page) -> Iterator[Evidence]:
    """Headers without an address that a report could go to, and why."""
    sent = page.headers_of(_ENDPOINTS)
    if sent and structured.dictionary(sent) is None:
        yield Evidence(kind="header", where=_ENDPOINTS, value=f"cannot be read: {sent[0]}"[:1000])
    elif sent and not _endpoints(page):
        yield Evidence(kind="header", where=_ENDPOINTS, value=f"names no address: {sent[0]}"[:1000])
    for value in page.headers_of(_OLD)[:5]:
        groups = _groups(value)
        if groups is None:
            yield Evidence(kind="header", where=_OLD, value=f"is no JSON: {value}"[:1000])
        # a lifetime of 0 takes a group back
        elif any(not _urls(group) and group.get("max_age") != 0 for group in groups) or not groups:
            yield Evidence(kind="header", where=_OLD, value=f"names no address: {value}"[:1000])


CHECK = Check(
    id="security_reporting",
    version=2,
    domain=Domain.SECURITY,
    outcomes=("undefined", "broken", "insecure"),
    needs=Needs.PAGE,
    page=judge,
    headers=(*_POLICIES, _ENDPOINTS, _OLD),
)
