"""What a person can do about a scan that could not look: which option or setting is about it."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.model import CoverageState, Report
from surveyor.scan.settings import EXEMPTED_RULES, Settings


def on(report: Report, settings: Settings) -> Iterator[str]:
    """One sentence for each thing that a setting would mend."""
    if any(entry.reason in EXEMPTED_RULES for entry in report.coverage):
        yield "to scan a host of your own network, name it: --allow-host HOST[:PORT], or SURVEYOR_ALLOW_HOSTS"
    if any(entry.what == "advisories" and entry.state is CoverageState.MISSING for entry in report.coverage):
        yield (
            f"there is no advisory database at {settings.advisories} (--advisories, or SURVEYOR_ADVISORIES);"
            " make one with: surveyor db update"
        )
