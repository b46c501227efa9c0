"""One slot's rules over all pages of a scan: page by page, each within its time, and then what they are together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from surveyor.scan.check.interface import Needs
from surveyor.scan.engine.gathering import Shared
from surveyor.scan.engine.rules import Rules
from surveyor.scan.engine.site.grouping import collapsed, grouped
from surveyor.scan.engine.site.member import Member, Site
from surveyor.scan.engine.units import Ledger
from surveyor.scan.errors import LimitExceeded, ScanError, Unreachable
from surveyor.scan.facts import Facts, Pages
from surveyor.scan.model import Coverage, CoverageState, Domain, Finding
from surveyor.scan.vocabulary import counted

#: What gathering may leave of a page's seconds to parsing and checking.
_GATHER_SHARE = 0.9
_JUDGED = frozenset({CoverageState.LOOKED, CoverageState.PARTIAL})

One = Callable[[Rules, Shared], Coverage]


def judge(rules: Rules, site: Site, one: One) -> Coverage:
    """Judge each with ``one``; the slot's entry says of how many pages.

    Of the first page's failure the slot fails: what is true of it (nothing set up, no answer) is of the others.
    """
    run = _Run(rules, site, one)
    members = site.sampled if rules.domain is Domain.PERFORMANCE else site.members
    for member in members:
        errand = member.shared.errand
        if errand.clock() >= site.until - errand.settings.limits.page_seconds * (1 - _GATHER_SHARE):
            run.lose(member)
        elif not run.page(member) and member is members[0]:
            return run.failed()
    return run.end(len(members))


class _Run:
    """One slot at work on the pages of a site."""

    def __init__(self, rules: Rules, site: Site, one: One) -> None:
        self._rules, self._site, self._one = rules, site, one
        self._found: list[tuple[Member, Finding]] = []
        self._entries: list[Coverage] = []
        self._slots: list[Coverage] = []
        self._facts: list[Facts] = []
        self._unread: dict[str, str] = {}
        named = (rule for rule in rules.all if rule.needs is Needs.PAGES)
        self._together = tuple(named)
        self._replaced = frozenset(name for rule in self._together for name in rule.replaces)
        self._unheard = frozenset(rule.id for rule in rules.all if rule.needs is Needs.LINKS and not rule.heard)

    def page(self, member: Member) -> bool:
        """Judge one page; whether it could be."""
        rules, shared = self._rules, member.shared
        shared.open(shared.errand.settings.limits.page_seconds * _GATHER_SHARE)
        ledger = Ledger(rules.ledger.progress)
        without = self._replaced if member.sampled else self._replaced | self._unheard
        own = Rules(rules.domain, rules.only, shared.asset, ledger, member.reach, without=without)
        own.compared = bool(self._together)
        what = f"slot.{rules.domain.value}"
        entry = ledger.attempt(what, partial(self._one, own, shared), stage=rules.domain.value, asset=member.url)
        if entry is None:
            self._slots += [one for one in ledger.entries if one.what == what][-1:]
            ledger.entries = [one for one in ledger.entries if one.what != what]
        else:
            self._slots.append(entry)
            self._found += [(member, finding) for finding in own.result.findings]
            rules.result.units |= own.result.units
            rules.result.scores += own.result.scores
            rules.result.measurements += own.result.measurements
            rules.result.outline = own.result.outline or rules.result.outline
        self._entries += ledger.entries
        if own.result.facts is not None:
            self._facts.append(replace(own.result.facts, frame=member.frame))
        elif self._together:
            self._unread[member.url] = self._slots[-1].detail or "it could not be read"
        self._site.litter.drop(len(shared.page.body) if shared.page is not None else 0)
        return entry is not None and entry.state in _JUDGED

    def lose(self, member: Member) -> None:
        """Tell of a page that there was no time for."""
        detail = "there was no time left for this page"
        self._slots.append(self._entry(CoverageState.PARTIAL, detail, LimitExceeded.code, asset=member.url))
        self._unread[member.url] = detail

    def failed(self) -> Coverage:
        """The slot's entry where its first page could not be judged."""
        for entry in self._entries:
            self._rules.ledger.add(entry)
        return self._slots[-1]

    def end(self, pages: int) -> Coverage:
        """Judge the pages together, and put together what was found; the slot's entry."""
        self._all()
        self._rules.result.findings += grouped(self._found, self._site)
        troubled = [one for one in self._slots if one.state is not CoverageState.LOOKED]
        for entry in collapsed([*self._entries, *(replace(one, what=f"page.{one.what[5:]}") for one in troubled)]):
            self._rules.ledger.add(entry)
        judged = sum(one.state in _JUDGED for one in self._slots)
        if troubled:
            detail = f"{judged} of {counted(pages, 'page')}, {len(troubled)} of them not in full: {troubled[0].detail}"
            return self._entry(CoverageState.PARTIAL, detail, troubled[0].reason, count=judged)
        return self._entry(CoverageState.LOOKED, f"{counted(pages, 'page')}, {self._slots[0].detail}", count=judged)

    def _all(self) -> None:
        pages = Pages(pages=tuple(self._facts), missed=self._unread)
        members = {member.url: member for member in self._site.members}
        start = self._site.members[0]
        for rule in self._together:
            if rule.pages is not None:
                before = len(self._rules.result.findings)
                saw = counted(len(self._facts), "page")
                self._rules.apply(rule, partial(rule.pages, pages), saw=saw, gap=self._gap())
                found = self._rules.result.findings[before:]
                del self._rules.result.findings[before:]
                self._found += [(members.get(one.assets[0].value, start), one) for one in found]

    def _gap(self) -> ScanError | None:
        """Why pages that are clean together prove nothing."""
        why = self._site.lost or next(iter(self._unread.values()), None)
        return Unreachable(f"not all pages could be compared: {why}") if why else None

    def _entry(
        self,
        state: CoverageState,
        detail: str | None,
        reason: str | None = None,
        *,
        asset: str | None = None,
        count: int | None = None,
    ) -> Coverage:
        return Coverage(
            what=f"slot.{self._rules.domain.value}",
            state=state,
            reason=reason,
            detail=detail,
            asset=asset or self._rules.asset.value,
            count=count,
        )
