"""Whether a scan could have seen a finding that it does not have: what nobody looked at is not fixed.

Cautious: what might have hidden the finding counts as having hidden it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from surveyor.remedy.diff.model import Cause
from surveyor.remedy.diff.pair import Name, name_of
from surveyor.scan.model import (
    INCOMPLETE,
    Asset,
    Coverage,
    CoverageState,
    Domain,
    Finding,
    Kind,
    Package,
    Report,
    ScanStatus,
)

#: Where a path of a folder, or of a file that holds others, ends.
_STEP = re.compile(r"!?/")

#: Why advisories that were asked are told as incomplete: they are of another day.
_OLD = frozenset({"stale", "feed_failed"})


class Look:
    """One report, asked many times."""

    def __init__(self, report: Report) -> None:
        self.report = report

    @cached_property
    def packages(self) -> dict[Name, list[Package]]:
        """By what they are, whatever the version."""
        found: dict[Name, list[Package]] = {}
        for package in self.report.packages:
            if name := name_of(package.purl):
                found.setdefault(name, []).append(package)
        return found

    @cached_property
    def by_purl(self) -> dict[str, Package]:
        """By the whole PURL."""
        return {package.purl: package for package in self.report.packages}

    @cached_property
    def located(self) -> frozenset[tuple[Name | str, str]]:
        """Every package at every path, by what it is and by its whole PURL."""
        return frozenset(
            (key, place.path)
            for package in self.report.packages
            for place in package.locations
            for key in (name_of(package.purl) or package.purl, package.purl)
        )

    @cached_property
    def versions(self) -> dict[Name, str]:
        """Some versions of each package, in words."""
        return {name: ", ".join(sorted({one.version for one in held})[:3]) for name, held in self.packages.items()}

    @cached_property
    def layers(self) -> frozenset[str]:
        """Every layer that the report names."""
        located = (place.layer for package in self.report.packages for place in package.locations)
        return frozenset(layer for layer in (*located, *(e.layer for e in self.report.coverage)) if layer)

    @cached_property
    def feeds(self) -> frozenset[str]:
        """The names of the feeds that its verdicts rest on, without ecosystems."""
        return frozenset(source.feed.partition(":")[0] for source in self.report.sources)

    @cached_property
    def marks(self) -> frozenset[tuple[str, CoverageState, str | None]]:
        """What was looked at and how, without its places."""
        return frozenset((entry.what, entry.state, entry.reason) for entry in self.report.coverage)

    @cached_property
    def worst(self) -> dict[str, Coverage]:
        """What became of everything that was to be looked at: of several entries the first that was not looked at."""
        found: dict[str, Coverage] = {}
        for entry in self.report.coverage:
            held = found.setdefault(entry.what, entry)
            if held.state is CoverageState.LOOKED and entry.state is not CoverageState.LOOKED:
                found[entry.what] = entry
        return found

    @cached_property
    def failed_checks(self) -> list[tuple[str, Coverage]]:
        """Checks that were not made, or not in full, by their names."""
        checks = ((what.removeprefix("check."), what, entry) for what, entry in self.worst.items())
        return [
            (name, entry) for name, what, entry in checks if name != what and entry.state is not CoverageState.LOOKED
        ]

    @cached_property
    def blind(self) -> list[Coverage]:
        """Advisories that could not be asked, or not in full; those that are only old could be."""
        found: dict[tuple[str, CoverageState, str | None], Coverage] = {}
        for entry in self.report.coverage:
            if entry.what.partition(".")[0] != "advisories" or entry.state not in INCOMPLETE:
                continue
            if entry.state is not CoverageState.PARTIAL or entry.reason not in _OLD:
                found.setdefault((entry.what, entry.state, entry.reason), entry)
        return list(found.values())

    @cached_property
    def wide(self) -> list[Coverage]:
        """What could not be read in places that nobody names: one entry for each layer and reader."""
        found: dict[tuple[str, str | None], Coverage] = {}
        for entry in self.report.coverage:
            if entry.state in INCOMPLETE and not entry.path and not entry.what.startswith(("check.", "advisories")):
                found.setdefault((entry.what, entry.layer), entry)
        return list(found.values())

    @cached_property
    def _places(self) -> dict[str, Coverage]:
        """What was not looked at, or not in full, by its path."""
        entries = (entry for entry in self.report.coverage if entry.path and entry.state is not CoverageState.LOOKED)
        return {(entry.path or "").rstrip("/"): entry for entry in entries}

    @cached_property
    def _lengths(self) -> frozenset[int]:
        """How long these paths are: a path of a stranger may have a million folders."""
        return frozenset(map(len, self._places))

    @cached_property
    def _somewhere(self) -> list[Coverage]:
        return [entry for entry in self._places.values() if entry.state in INCOMPLETE][:1]

    def at(self, asset: Asset) -> list[Coverage]:
        """What was not looked at where an asset is, or may be: its own path, and whatever holds it."""
        if asset.path is None:
            return self._somewhere
        ends = [match.start() for match in _STEP.finditer(asset.path)]
        paths = (asset.path[:end] for end in (len(asset.path), *reversed(ends)) if end in self._lengths)
        return [self._places[path] for path in paths if path in self._places]

    @property
    def units(self) -> dict[str, object]:
        """Versions of rules and readers."""
        units = self.report.scanner.get("units")
        return units if isinstance(units, dict) else {}

    def unit_of(self, rule: str) -> str | None:
        """The unit that gives a rule's findings: of its name, or one that the name begins with."""
        parts = rule.split("_")
        names = ("_".join(parts[:count]) for count in range(len(parts), 0, -1))
        return next((name for name in names if name in self.units), None)


def unlooked(absent: Look, there: Look, finding: Finding, asset: Asset) -> tuple[Cause, str] | None:
    """Why the report ``absent`` may miss what the report ``there`` has; nothing when it would have seen it."""
    report = absent.report
    if report.scan_status in {ScanStatus.FAILED, ScanStatus.UNSUPPORTED}:
        return Cause.COVERAGE, f"nothing was looked at: {report.error or 'the scan failed'}"
    if finding.domain is Domain.VULNERABILITY:
        entry = next(_hiding(absent, there, finding, asset), None)
        return (Cause.COVERAGE, _words(entry)) if entry else _unasked(absent, there, finding, asset)
    slot = f"slot.{finding.domain.value}" if report.target.kind is Kind.WEB else "check.hardening"
    told = absent.worst.get(slot)
    if told is None or told.state is not CoverageState.LOOKED:
        return Cause.COVERAGE, _words(told) if told else f"{slot} was not looked at"
    entry = next((one for name, one in absent.failed_checks if finding.rule.startswith(name)), None)
    if entry is None and report.target.kind is Kind.ARTIFACT:
        entry = next(iter(absent.at(asset)), None)
    if entry is not None:
        return Cause.COVERAGE, _words(entry)
    if absent.unit_of(finding.rule) is None and there.unit_of(finding.rule) is not None:
        return Cause.RULE, f"scanner {report.scanner.get('version')} has no rule {finding.rule}"
    return None


def _hiding(absent: Look, there: Look, finding: Finding, asset: Asset) -> Iterator[Coverage]:
    """Entries of coverage that may have hidden a vulnerability."""
    known = name_of(asset.value)
    others = absent.packages.get(known) if known else None
    if others:
        for entry in absent.blind:
            # what was as blind when it was found was not blind to this
            if (entry.what, entry.state, entry.reason) not in there.marks and _is_about(entry, finding):
                yield entry
    yield from absent.at(asset)
    if not (known and _lies(absent, known, asset)):
        yield from (entry for entry in absent.wide if _hides(entry, absent, there, asset))


def _lies(absent: Look, known: Name, asset: Asset) -> bool:
    """Whether a package is where an asset is; anywhere when it has no path."""
    if asset.path is not None:
        return (known, asset.path) in absent.located
    return any(one.locations for one in absent.packages.get(known, ()))


def _is_about(entry: Coverage, finding: Finding) -> bool:
    """Whether advisories that were not asked may be those of a finding: of all, an ecosystem, or a feed (and scope)."""
    named, _, scope = entry.what.partition(".")[2].partition(":")
    told = [where.split(":") for where in collections(finding)]
    if not named or named == "online" or not told:
        return True
    return any(named in parts[1:2] or (named == parts[0] and (not scope or scope in parts[1:2])) for parts in told)


def _hides(entry: Coverage, absent: Look, there: Look, asset: Asset) -> bool:
    """Whether what could not be read, nobody knows where, may hold this asset."""
    if entry.layer:
        return asset.layer in {None, entry.layer} or asset.layer not in absent.layers
    package = there.by_purl.get(asset.value)
    if entry.what.startswith("catalog.") and package is not None and package.found_by:
        return package.found_by.partition("@")[0] == entry.what.removeprefix("catalog.")
    return True


def _unasked(absent: Look, there: Look, finding: Finding, asset: Asset) -> tuple[Cause, str] | None:
    """A feed that speaks of the finding and was not asked, though the package was there to ask about."""
    if name_of(asset.value) not in absent.packages:
        return None
    named = {where.partition(":")[0] for where in collections(finding)} & there.feeds
    feeds = named or there.feeds
    if feeds and not feeds & absent.feeds:
        return Cause.COVERAGE, f"not asked: {', '.join(sorted(feeds))}"
    return None


def collections(finding: Finding) -> list[str]:
    """``feed:ecosystem`` of the advisories that a finding rests on, as its evidence says."""
    return [item.where.rpartition(" ")[0] for item in finding.evidence if item.kind == "range" and item.where]


def _words(entry: Coverage) -> str:
    place = " ".join(part for part in (entry.path, entry.layer and entry.layer[:19]) if part)
    told = f"{entry.what} {entry.state.value}"
    return ": ".join(part for part in (f"{told} at {place}" if place else told, entry.detail or entry.reason) if part)
