"""What formats share and is none: what was not looked at in words, text that any file can hold, lasting identities."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from surveyor.scan import phrases, vocabulary
from surveyor.scan.events import printable
from surveyor.scan.figures import Measured, Measurement, Track, track, zone
from surveyor.scan.judgement import Decision
from surveyor.scan.model import (
    INCOMPLETE,
    Coverage,
    CoverageState,
    Domain,
    Finding,
    Kind,
    Package,
    Report,
    ScanStatus,
    Severity,
    Source,
    Target,
    Upgrade,
)
from surveyor.scan.patterns import regex

#: What scanners of security read; findings of other domains are told to be missing.
SECURITY = frozenset({Domain.SECURITY, Domain.VULNERABILITY})
#: States of coverage that a reader has to know of.
UNLOOKED = INCOMPLETE | {CoverageState.NOT_CONFIGURED, CoverageState.SKIPPED}
#: Scans that did not happen.
UNSCANNED = frozenset({ScanStatus.FAILED, ScanStatus.UNSUPPORTED})
#: Scores that stand for a severity where no score of that severity was published: the middle of its band in CVSS 3.1.
_MIDDLE = {Severity.CRITICAL: 9.5, Severity.HIGH: 8.0, Severity.MEDIUM: 5.5, Severity.LOW: 2.0}
_BANDS = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM), (0.1, Severity.LOW))
_WEB = regex(r"https?://[!-~]{1,2000}", re.IGNORECASE)
_WEAKNESS = regex(r"CWE-([0-9]{1,6})")
_KIND = regex(r"[A-Za-z]+")
_SHA256 = regex(r"[0-9a-f]{64}")
_SIGNAL_LINES = 400
#: Places of a decision that are named.
_DECIDED = 5


def dumps(document: object, *, indent: bool = True) -> bytes:
    """JSON in UTF-8 with a newline at its end; what no file can hold of a target's text is a replacement character."""
    option = orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z | (orjson.OPT_INDENT_2 if indent else 0)
    try:
        return orjson.dumps(document, option=option)
    except TypeError:  # half of a surrogate pair, which hardly any target has: the others do not pay for the search
        return orjson.dumps(_whole(document), option=option)


def _whole(value: Any) -> Any:  # noqa: ANN401 - a JSON value of any shape
    if isinstance(value, str):
        return str.__str__(value).encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_whole(key): _whole(item) for key, item in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list | tuple) else value


def line(text: str, limit: int = 1000) -> str:
    """One line in which nothing is hidden or steers, of at most ``limit`` characters; cut, it ends in an ellipsis."""
    if len(text) <= limit and text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()  # nearly every text
    told = printable(text[: 4 * limit])
    return told if len(told) <= limit and len(text) <= 4 * limit else f"{told[: limit - 1]}…"


def lines(text: str, limit: int = 4000) -> str:
    """The same of a text, whose line breaks stay."""
    parts = text.strip().splitlines()
    told = "\n".join(line(part, limit) for part in parts[:_SIGNAL_LINES])
    return told if len(told) <= limit and len(parts) <= _SIGNAL_LINES else f"{told[: limit - 1]}…"


def name_of(target: Target) -> str:
    """What people call a target, never empty."""
    return line(target.name or target.source) or "target"


def gaps(report: Report) -> list[Coverage]:
    """What was not looked at, or not in full."""
    return [entry for entry in report.coverage if entry.state in UNLOOKED]


def told(entry: Coverage) -> str:
    """An entry of coverage as a sentence: ``Java archives, could not: cut short (opt/a.jar, sha256:…)``."""
    reason = line(entry.detail or vocabulary.spoken(entry.reason or ""))
    where = ", ".join(line(part, 300) for part in (entry.path, entry.layer, entry.asset) if part)
    head = f"{line(vocabulary.subject(entry.what), 200)}, {vocabulary.state(entry.state)}"
    return f"{head}: {reason}{f' ({where})' if where else ''}" if reason else f"{head}{f' ({where})' if where else ''}"


def left_out(report: Report, domains: frozenset[Domain]) -> str:
    """That findings of other domains than these are not in a file; nothing when there are none."""
    others = [finding.domain for finding in report.findings if finding.domain not in domains]
    if not others:
        return ""
    which = ", ".join(sorted({domain.value for domain in others}))
    return f"{vocabulary.counted(len(others), 'finding')} not in this file, which has no place for them: {which}"


def is_settled(finding: Finding) -> bool:
    """Whether it asks nothing of anybody: settled by a decision for all that it affects, or about mere headers."""
    return finding.aside or (finding.decision is not None and finding.decision.suppressed)


def undecided(report: Report) -> list[Finding]:
    """The findings that ask something of somebody."""
    return [finding for finding in report.findings if not is_settled(finding)]


def settled(report: Report) -> str:
    """How many findings ask nothing of anybody, and why; nothing when there are none."""
    decided = sum(is_settled(finding) and not finding.aside for finding in report.findings)
    told = [f"{vocabulary.counted(decided, 'finding')} settled by a decision"] if decided else []
    aside = [finding for finding in report.findings if finding.aside]
    if aside:
        told.append(f"{vocabulary.counted(len(aside), 'finding')} about a kernel of which only headers are there")
    return ", ".join(told)


def why_aside(finding: Finding) -> str:
    """Why a finding asks nothing of anybody though it is open: of what it is about only headers are there."""
    if not finding.aside:
        return ""
    return line(next((one.value for one in finding.evidence if one.kind == "rule"), phrases.ruled(finding.ruled_by)))


def aside(report: Report) -> list[str]:
    """Findings about a kernel of which only headers are there, package by package in one line each."""
    found = Counter(
        (finding.title.partition(": ")[2], why_aside(finding)) for finding in report.findings if finding.aside
    )
    return [
        line(f"{vocabulary.counted(count, 'finding')} of {name} not shown, since {why}")
        for (name, why), count in found.items()
    ]


class Gain(NamedTuple):
    """What an upgrade is worth: of ``total`` open findings of its package it ends ``ends``."""

    upgrade: Upgrade
    ends: int
    total: int

    @property
    def package(self) -> str:
        """The package as titles name it."""
        return line(self.upgrade.package.removeprefix("pkg:"), 300)

    @property
    def present(self) -> str:
        """The versions that are there, the first two by name."""
        more = len(self.upgrade.present) - 2
        return line(", ".join(self.upgrade.present[:2]), 200) + (f" and {more:,} more" if more > 0 else "")


def gains(report: Report) -> list[Gain]:
    """What upgrades would end of the findings that are open, those that end most first."""
    open_ = {finding.title for finding in undecided(report) if finding.domain is Domain.VULNERABILITY}
    of_package = Counter(title.partition(": ")[2] for title in open_)
    found = []
    for one in report.upgrades:
        ends = sum(title in open_ for title in one.removes)
        # of some thousand titles not all are listed
        found.append(Gain(one, ends, max(of_package[one.package.removeprefix("pkg:")], ends)))
    return sorted((gain for gain in found if gain.ends), key=lambda gain: -gain.ends)


class Load(NamedTuple):
    """A metric of how a page loads in words: its value, the range of its runs, and who saw it.

    ``source`` is by what kind of looking, ``band`` as ``figures.zone`` tells it, ``track`` where it lies between its
    bounds.
    """

    page: str
    metric: str
    value: str
    range: str
    seen_by: str
    source: str
    band: str
    track: Track | None


#: Metrics that are told of each page, and pages.
_METRICS, _LOADS = 12, 20


def loads(report: Report) -> list[Load]:
    """How the first pages load, real visits first."""
    return [
        Load(
            one.asset,
            vocabulary.METRICS.get(metric.id, metric.id),
            vocabulary.quantity(metric.id, metric.value),
            _range(metric),
            _seen_by(one, metric),
            vocabulary.SOURCES.get(metric.source, metric.source),
            zone(metric),
            track(metric),
        )
        for one in report.measurements[:_LOADS]
        for metric in sorted(one.metrics[:_METRICS], key=lambda metric: metric.source != "field")
    ]


def _seen_by(one: Measurement, metric: Measured) -> str:
    source = vocabulary.SOURCES.get(metric.source, metric.source)
    product = line(one.product, 100) if metric.source == "lab" else ""
    # ours says itself that it is one
    return ", ".join(filter(None, ("" if source in product else source, product, one.device)))


def _range(metric: Measured) -> str:
    if metric.runs < 2 or metric.low is None or metric.high is None:
        return ""
    low, high = (vocabulary.quantity(metric.id, value) for value in (metric.low, metric.high))
    return f"{low} to {high} in {metric.runs} runs"


class Feed(NamedTuple):
    """A source in words: ``age`` of its data when the scan ended, ``mark`` is ``stale``, ``failed`` or empty."""

    name: str
    day: str
    age: str
    rows: str
    mark: str


_MARKS = {"stale": "stale", "feed_failed": "failed"}


def feeds(report: Report) -> list[Feed]:
    """The sources that verdicts rest on, and what coverage says of how lately they were had."""
    marks = {entry.what: _MARKS[entry.reason] for entry in report.coverage if entry.reason in _MARKS}
    return [_feed(one, report.finished_at, marks.get(f"advisories.{one.feed}", "")) for one in report.sources]


def _feed(one: Source, now: datetime, mark: str) -> Feed:
    day, age = (f"{one.date:%Y-%m-%d}", phrases.age(one.date, now)) if one.date else ("undated", "age unknown")
    return Feed(name=line(one.feed, 80), day=day, age=age, rows=f"{one.rows:,}", mark=mark)


def chances(finding: Finding) -> list[str]:
    """How likely a flaw is to be used, as far as anybody knows: ``exploited (KEV)``, ``EPSS 94%``."""
    listed = finding.known_exploited
    told = [phrases.exploited(finding.kev, ransomware=listed.ransomware if listed else None)]
    told += [f"EPSS {phrases.likelihood(finding.epss)}"] if finding.epss is not None else []
    return [phrase for phrase in told if phrase]


def fingerprint(finding: Finding) -> str:
    """What stays the same of a finding over scans, versions and places: 64 hexadecimal digits of domain and title."""
    return hashlib.sha256(f"{finding.domain}\0{finding.title}".encode("utf-8", "replace")).hexdigest()


def identity(*parts: str) -> UUID:
    """A name-based identifier (RFC 9562, version 8) of these parts: the same parts, the same identifier."""
    digest = bytearray(hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).digest()[:16])
    digest[6], digest[8] = digest[6] & 0x0F | 0x80, digest[8] & 0x3F | 0x80
    return UUID(bytes=bytes(digest))


def sha256_of(target: Target) -> str | None:
    """The digest of a target in hexadecimal digits."""
    algorithm, _, digest = (target.digest or "").partition(":")
    return digest if algorithm == "sha256" and _SHA256.fullmatch(digest) else None


def moment(value: datetime) -> str:
    """Seconds of UTC, as all of these formats want it: ``2026-01-01T00:00:00Z``."""
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def score(finding: Finding) -> float | None:
    """One number 0..10 that says what the severity says: the highest published score of that severity, else its middle.

    Nothing where nobody has rated it.
    """
    published = [rated.score for rated in finding.cvss if rated.score is not None]
    fitting = [value for value in published if band(value) is finding.severity]
    return max(fitting, default=_MIDDLE.get(finding.severity))


def band(value: float) -> Severity | None:
    """The severity of a CVSS 3 base score; nothing for 0."""
    return next((severity for least, severity in _BANDS if value >= least), None)


def remedy(finding: Finding) -> str:
    """What to do about a finding, in a sentence."""
    if finding.recommended_fix and finding.recommended_fix.summary:
        return line(finding.recommended_fix.summary)
    if finding.fixed_in:
        return f"Fixed in {line(', '.join(finding.fixed_in))}"
    told = phrases.unfixed(finding.fix_state) if finding.domain is Domain.VULNERABILITY else ""
    return line(f"{told[:1].upper()}{told[1:]}", 200)


def decided(decision: Decision) -> str:
    """What was decided about a finding, by whom, and for which places where it is not for all of them."""
    told = line(f"{decision.status}: {decision.reason} ({decision.source})", 500)
    if not decision.places:
        return told
    places = ", ".join(line(place, 200) for place in decision.places[:_DECIDED])
    more = len(decision.places) - _DECIDED
    return f"{told}, only for {places}" + (f" and {more:,} more" if more > 0 else "")


def links(finding: Finding) -> list[str]:
    """References that are addresses of pages and nothing else."""
    return [url for url in finding.references if _WEB.fullmatch(url)]


def is_web(url: str) -> bool:
    """Whether this is the address of a page, in characters that a URL may have."""
    return _WEB.fullmatch(url) is not None


def page(name: str) -> str | None:
    """Where an advisory is described, by its id."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9:._-]{2,80}", name):
        return None
    if name.startswith("CVE-"):
        return f"https://nvd.nist.gov/vuln/detail/{name}"
    if name.startswith("GHSA-"):
        return f"https://github.com/advisories/{name}"
    return f"https://osv.dev/vulnerability/{name}"


def weaknesses(finding: Finding) -> list[int]:
    """The numbers of its CWEs."""
    return [int(found[1]) for name in finding.cwes if (found := _WEAKNESS.fullmatch(name))]


def kind_of(name: str) -> str:
    """What an id is of: ``CVE``, ``GHSA``, ``DEBIAN`` …"""
    found = _KIND.match(name)
    return found[0].upper() if found else "OTHER"


def affected(finding: Finding, known: dict[str, Package]) -> Iterator[str]:
    """The packages of an inventory that a finding is about, by package URL, each once."""
    named = [asset.value for asset in finding.assets if asset.type == "package"]
    yield from (
        purl for purl in dict.fromkeys([*named, *([finding.package] if finding.package else [])]) if purl in known
    )


def is_artifact(report: Report) -> bool:
    """Whether a file, image or folder was scanned, and no page."""
    return report.target.kind is Kind.ARTIFACT
