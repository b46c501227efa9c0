"""What was found on many pages as one: a finding with all that it affects, and by template where it was seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from surveyor.scan.check.interface import AROUND, Needs
from surveyor.scan.check.registry import CHECKS
from surveyor.scan.engine.site.member import Member, Site
from surveyor.scan.model import Asset, Coverage, Evidence, Finding

#: Of how many pages of one template what was seen there is quoted, how much of one, and how much in all.
_PAGES, _QUOTES, _ALL = 2, 5, 60
_TEMPLATES = 10

Found = tuple[Member, Finding]
_Key = tuple[str, str, str | None]


def grouped(found: Iterable[Found], site: Site) -> list[Finding]:
    """One finding a rule and title, in the order in which they were found first."""
    groups: dict[_Key, list[Found]] = {}
    for member, finding in found:
        groups.setdefault((finding.rule, finding.title, finding.package), []).append((member, finding))
    return [_one(group, site) for group in groups.values()]


def _one(group: Sequence[Found], site: Site) -> Finding:
    first = min((finding for _, finding in group), key=lambda one: one.severity.rank)
    assets: dict[Asset, None] = dict.fromkeys(asset for _, finding in group for asset in finding.assets)
    return replace(
        first,
        assets=tuple(assets),
        confidence=max(finding.confidence for _, finding in group),
        evidence=tuple(_evidence(group, assets, site))[:_ALL],
    )


def _evidence(group: Sequence[Found], assets: Iterable[Asset], site: Site) -> Iterable[Evidence]:
    """How many pages it is on, of which templates, and of each what was seen on its first pages."""
    looked = [member for member in site.members if _reaches(member, group[0][1])]
    frames = {member.url: member.frame for member in looked}
    on = Counter(frames[asset.value] for asset in assets if asset.value in frames)
    seen: dict[str, list[Found]] = {}
    for member, finding in group:
        seen.setdefault(member.frame, []).append((member, finding))
    order = sorted(seen, key=lambda frame: -on[frame])
    if len(looked) > 1:
        rest = "" if len(looked) == len(site.members) else f" that were looked at for it, {len(site.members)} in all"
        yield Evidence(kind="pages", value=f"on {on.total()} of {len(looked):,} pages{rest}")
        of = Counter(frames.values())
        for frame in order[:_TEMPLATES]:
            told = f"{site.templates[frame].pattern}: on {on[frame]} of {_counted(of[frame])}"
            yield Evidence(kind="template", value=told, where=frame or None)
    for nth in range(_PAGES):
        for frame in order:
            if nth < len(seen[frame]):
                member, finding = seen[frame][nth]
                quoted = finding.evidence[: _ALL if len(group) == 1 else _QUOTES]
                # what is itself a page says where it was seen
                yield from (one if one.kind == "page" else replace(one, asset=member.url) for one in quoted)


def _reaches(member: Member, finding: Finding) -> bool:
    """Whether the rule of a finding was run on a page."""
    rule = next((rule for rule in CHECKS[finding.domain] if rule.id == finding.rule), None)
    if rule is None:
        return True
    if rule.needs is Needs.SPEED or (rule.needs is Needs.LINKS and not rule.heard):
        return member.sampled
    return rule.needs not in AROUND or rule.needs in member.reach


def _counted(pages: int) -> str:
    return f"{pages} page" if pages == 1 else f"{pages:,} pages"


def collapsed(entries: Iterable[Coverage]) -> list[Coverage]:
    """Entries that say the same of several pages as one, with their number; its page is the first of them."""
    groups: dict[tuple[str, str, str | None, str | None], list[Coverage]] = {}
    for entry in entries:
        groups.setdefault((entry.what, entry.state.value, entry.reason, entry.detail), []).append(entry)
    found = []
    for same in groups.values():
        first = same[0]
        if len(same) > 1:
            detail = f"{first.detail or first.reason or 'so'}; so on {len(same)} pages"
            first = replace(first, detail=detail, count=len(same) if first.count is None else first.count)
        found.append(first)
    return found
