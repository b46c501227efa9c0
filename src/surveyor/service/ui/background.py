"""What is known of a flaw beside where it was found: who rates it how, whether it is used, and whose word decided."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from surveyor.scan import phrases
from surveyor.service.store.findings import FindingRow
from surveyor.service.ui import words

_CWE = re.compile(r"CWE-([0-9]{1,6})")
#: How the scanner words what a source says whose word did not count.
_OTHERWISE = re.compile(r" is (?:not )?affected by this source: ")
_RATINGS, _KINDS = 10, 20
_RANSOMWARE = {"True": "used for ransomware", "False": "no ransomware is known to use it"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """One published score; ``score`` is empty where the vector has none."""

    score: str
    version: str
    vector: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One line in words: what, what is known of it (nothing is *unknown*), and since when or who says so."""

    label: str
    value: str
    note: str = ""
    links: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """All of it. ``evidence`` is what speaks for the finding, ``otherwise`` what sources say that did not decide."""

    ratings: tuple[Rating, ...]
    facts: tuple[Fact, ...]
    ruled: str
    evidence: tuple[dict[str, Any], ...]
    otherwise: tuple[dict[str, Any], ...]


def background(row: FindingRow) -> Background | None:
    """Of a vulnerability; nothing of other findings."""
    if row.domain != "vulnerability":
        return None
    against = [item for item in row.evidence if _is_otherwise(item)]
    return Background(
        ratings=tuple(_rating(score) for score in row.cvss[:_RATINGS]),
        facts=tuple(_facts(row)),
        ruled=phrases.ruled(row.ruled_by),
        evidence=tuple(item for item in row.evidence if item not in against),
        otherwise=tuple(against),
    )


def _is_otherwise(item: Mapping[str, Any]) -> bool:
    return item.get("kind") == "range" and bool(_OTHERWISE.search(str(item.get("value") or "")))


def _rating(score: Mapping[str, Any]) -> Rating:
    number = score.get("score")
    return Rating(
        score=f"{number:.1f}" if isinstance(number, (int, float)) else "",
        version=str(score.get("version") or ""),
        vector=str(score.get("vector") or ""),
        source=phrases.feed(str(score.get("source") or "")),
    )


def _facts(row: FindingRow) -> Iterable[Fact]:
    yield _exploited(row)
    yield _likely(row)
    if row.cwes:
        yield Fact(label="Kind of weakness", value="", links=tuple(_kind(name) for name in row.cwes[:_KINDS]))
    if row.published:
        yield Fact(label="Published", value=f"{row.published:%-d %b %Y}")
    if row.modified:
        yield Fact(label="Advisory changed", value=f"{row.modified:%-d %b %Y}")
    if row.decision:
        yield _decided(row.decision)


def _exploited(row: FindingRow) -> Fact:
    label = "Exploited by attackers"
    if row.kev is None:
        return Fact(label=label, value="", note="CISA's list was not at hand")
    if not row.kev:
        return Fact(label=label, value="Not listed by CISA")
    entry = row.known_exploited or {}
    ransomware = _RANSOMWARE.get(str(entry.get("ransomware")))
    parts = (
        entry.get("added") and f"listed since {entry['added']}",
        entry.get("due") and f"agencies had to mend it by {entry['due']}",
        ransomware,
    )
    told = "; ".join(part for part in parts if part)
    action = str(entry.get("action") or "")
    return Fact(label=label, value="Known, by CISA's list", note=". ".join(part for part in (told, action) if part))


def _likely(row: FindingRow) -> Fact:
    label = "Likely to be in 30 days"
    if row.epss is None:
        return Fact(label=label, value="", note="no EPSS score was at hand")
    standing = phrases.percentile(row.epss_percentile) if row.epss_percentile is not None else ""
    dated = f"as of {row.epss_date:%-d %b %Y}" if row.epss_date else ""
    note = ", ".join(part for part in (standing, dated) if part)
    return Fact(label=label, value=f"{phrases.likelihood(row.epss)} by EPSS", note=note)


def _kind(name: str) -> tuple[str, str]:
    """A weakness and where it is described."""
    found = _CWE.fullmatch(name)
    return name, f"https://cwe.mitre.org/data/definitions/{int(found[1])}.html" if found else ""


def _decided(decision: Mapping[str, Any]) -> Fact:
    until = f", until {decision['until']}" if decision.get("until") else ""
    status = words.plain(str(decision.get("status") or ""))
    note = " · ".join(str(decision[name]) for name in ("reason", "justification", "source") if decision.get(name))
    return Fact(label="Decided in a file", value=f"{status}{until}", note=note)
