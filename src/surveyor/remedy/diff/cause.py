"""Why a finding is in one report and not in the other, or not the same in both."""

from __future__ import annotations

from dataclasses import dataclass

from surveyor.remedy.diff.looked import Look, collections, unlooked
from surveyor.remedy.diff.model import Cause
from surveyor.remedy.diff.pair import name_of
from surveyor.scan.model import Asset, Domain, Finding


@dataclass(frozen=True, slots=True)
class Reason:
    """A cause in words; ``looked`` unless the report without the finding may just not have seen it."""

    cause: Cause
    words: str
    looked: bool = True


@dataclass(frozen=True, slots=True)
class Between:
    """The two reports, the earlier first."""

    before: Look
    after: Look

    def of_one(self, finding: Finding, asset: Asset, *, later: bool) -> Reason:
        """Why only the later report (or only the earlier) has a finding for this asset."""
        there, absent = (self.after, self.before) if later else (self.before, self.after)
        missed = unlooked(absent, there, finding, asset)
        if missed is not None:
            return Reason(missed[0], missed[1], looked=False)
        if finding.domain is Domain.VULNERABILITY:
            if not later and (older := self._older(finding, asset)):
                return Reason(Cause.ADVISORY, older, looked=False)
            return self._of_package(there, absent, asset, later=later)
        return self._of_rule(finding)

    def of_both(self, finding: Finding, moved: str) -> Reason:
        """Why a fact of a finding that both have is another; ``moved`` says how the package is another, if it is."""
        if moved:
            return Reason(Cause.ARTIFACT, moved)
        if finding.domain is not Domain.VULNERABILITY:
            return self._of_rule(finding)
        return self._of_data() or self._of_scanner() or _UNTOLD

    def _older(self, finding: Finding, asset: Asset) -> str:
        """How the later scan's advisories are the older ones, which may not have known the finding; empty otherwise."""
        if name_of(asset.value) not in self.after.packages:
            return ""
        feeds = {where.partition(":")[0] for where in collections(finding)}
        old, new = (
            {source.feed: source.date for source in side.report.sources if source.feed.partition(":")[0] in feeds}
            for side in (self.before, self.after)
        )
        dated = [(feed, date, new[feed]) for feed, date in sorted(old.items()) if date and new.get(feed)]
        backward = [(feed, date, later) for feed, date, later in dated if later and later < date]
        if not backward or len(backward) < len(dated):
            return ""
        feed, date, later = backward[0]
        return f"the later scan knows {feed} of {later:%Y-%m-%d} only, not of {date:%Y-%m-%d}"

    def _of_package(self, there: Look, absent: Look, asset: Asset, *, later: bool) -> Reason:
        name = name_of(asset.value)
        others = absent.packages.get(name, []) if name else []
        if not others and name:
            return self._of_artifact(f"{_short(name)} was {'added' if later else 'removed'}", there, asset)
        same = asset.value in absent.by_purl
        if name and others and not same:
            here = there.by_purl.get(asset.value)
            versions = here.version if here and here.version else "another version", absent.versions[name]
            first, second = reversed(versions) if later else versions
            return self._of_artifact(f"{_short(name)} {first} → {second}", there, asset)
        if same and asset.path and (asset.value, asset.path) not in absent.located:
            return self._of_artifact(f"{'now' if later else 'no longer'} at {asset.path}", there, asset)
        return self._of_data() or self._of_scanner() or _UNTOLD

    def _of_artifact(self, words: str, there: Look, asset: Asset) -> Reason:
        """Another artifact, unless it is the same to the byte: then what reads it is another."""
        digests = {side.report.target.digest for side in (self.before, self.after)}
        if len(digests) > 1 or None in digests:
            return Reason(Cause.ARTIFACT, words)
        package = there.by_purl.get(asset.value)
        unit = f"catalog.{package.found_by.partition('@')[0]}" if package else ""
        versions = self.before.units.get(unit), self.after.units.get(unit)
        told = f"{unit} {versions[0]} → {versions[1]}" if versions[0] != versions[1] else self._scanners()
        return Reason(Cause.RULE, f"{words}, in the same artifact: {told}") if told else _UNTOLD

    def _of_rule(self, finding: Finding) -> Reason:
        unit = self.before.unit_of(finding.rule) or self.after.unit_of(finding.rule) or finding.rule
        versions = self.before.units.get(unit), self.after.units.get(unit)
        if versions[0] != versions[1]:
            return Reason(Cause.RULE, f"{unit} {versions[0] or 'none'} → {versions[1] or 'none'}")
        digests = {side.report.target.digest for side in (self.before, self.after)}
        if len(digests) == 1 and None not in digests:
            return self._of_scanner() or _UNTOLD
        return Reason(Cause.ARTIFACT, "what was scanned is another")

    def _of_data(self) -> Reason | None:
        """Feeds that were added, dropped or brought up to date."""
        old, new = (
            {source.feed: (source.date, source.rows) for source in side.report.sources}
            for side in (self.before, self.after)
        )
        differing = [feed for feed in sorted({*old, *new}) if old.get(feed) != new.get(feed)]
        if not differing:
            return None
        told = ", ".join(f"{feed} {_dated(old.get(feed))} → {_dated(new.get(feed))}" for feed in differing[:3])
        return Reason(Cause.ADVISORY, told)

    def _of_scanner(self) -> Reason | None:
        told = self._scanners()
        return Reason(Cause.RULE, told) if told else None

    def _scanners(self) -> str:
        old, new = (side.report.scanner.get("version") for side in (self.before, self.after))
        return f"scanner {old} → {new}" if old != new else ""


_UNTOLD = Reason(Cause.UNKNOWN, "neither report tells why")


def _short(name: tuple[str, str, str]) -> str:
    return "/".join(part for part in name[1:] if part)


def _dated(held: tuple[object, int] | None) -> str:
    if held is None:
        return "none"
    date, rows = held
    return f"{str(date)[:10]} ({rows:,})" if date else f"({rows:,})"
