"""What proves a fix: which checks to run on what, and what their reports amount to. Pure; nothing here looks itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from surveyor.scan.errors import LimitExceeded
from surveyor.scan.model import INCOMPLETE, Coverage, CoverageState, Evidence, Finding, Report
from surveyor.scan.vocabulary import MODEL_KINDS

PENDING, PASSED, FAILED = "pending", "passed", "failed"
#: Why a verification failed, where it is not simply that a check did.
COULD_NOT_LOOK, CHANGED = "could_not_look", "finding_changed"
#: What a rule says of a page on which it finds nothing.
_GONE = "nothing of the kind is there any more"
#: Bounds on what is kept of one answer.
_TEXT, _QUOTED = 600, 5
#: Characters of a picture.
_PICTURE = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one check saw on one asset: ``status`` is ``passed | failed | unknown_check | not_looked``.

    ``picture`` is one of what it still sees, as an address of its own (``data:``).
    """

    key: str
    asset: str
    status: str
    after: str | None = None
    reason: str | None = None
    picture: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check over all assets: ``before`` is the finding's evidence, if it is its own; ``after`` what decides now.

    ``picture`` is the first of its looks that has one; theirs are not kept beside it.
    """

    key: str
    before: str | None
    after: str | None
    status: str
    assets: tuple[Look, ...] = ()
    picture: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What a finding's rule was known to see besides the finding, by title: findings of their own, each with its proof.

    What the rule did not see before is no other finding's: a header that is weak now was missing.
    """

    rule: str = ""
    titles: frozenset[str] = frozenset()


NOTHING_BESIDE = Beside()


def keys(rule: str, asked: Sequence[str], *, names: Iterable[str] = ()) -> tuple[str, ...]:
    """The checks to run: the one that raised the finding, whatever else was asked for; no other can prove its fix.

    ``names`` are other names of the finding's own check, by which it may be asked for: ids of one vulnerability.
    """
    wanted = tuple(dict.fromkeys(asked))
    return wanted if {rule, *names}.intersection(wanted) else (rule, *wanted)


def on_page(
    report: Report, wanted: Sequence[str], asset: str, *, shown: bool = False, beside: Beside = NOTHING_BESIDE
) -> list[Look]:
    """What a scan narrowed to these rules says about one page.

    A rule that ran leaves coverage ``check.<id>`` with the number of its outcomes; one that did not never passes. With
    ``shown`` the finding is one of the page as a browser shows it, which the page as served cannot prove to be gone.
    What is ``beside`` the finding is proved by itself.
    """
    entries = {entry.what: entry for entry in report.coverage if entry.what.startswith("check.")}
    others = {key: beside.titles if key == beside.rule else frozenset() for key in wanted}
    looks = [_rule(report, key, entries.get(f"check.{key}"), asset, others[key]) for key in wanted]
    unshown = _without_browser(report.coverage) if shown else None
    return [_blind(one.key, asset, unshown) if unshown and one.status == PASSED else one for one in looks]


def _without_browser(coverage: Iterable[Coverage]) -> Coverage | None:
    """The entry of a scan that had use for a browser and none to load the page in."""
    told = (entry for entry in coverage if entry.what == "gather.browser")
    return next((entry for entry in told if entry.state is CoverageState.NOT_CONFIGURED), None)


def by_model(
    key: str, asset: str, *, found: Iterable[Finding], model: str, standing: Sequence[str] = (), whole: bool = True
) -> Look:
    """What a model says about one class of barriers on a page, and what it may not say alone.

    ``standing`` is what the finding quoted and still stands there as it was: a page that talks a model into silence
    has not been mended. What is not named on a page that was not shown as a ``whole`` proves nothing either.
    """
    named = [finding for finding in found if finding.rule == key]
    if named:
        return Look(key=key, asset=asset, status="failed", after=_told(named))
    if standing:
        told = f"{model} does not name it any more, but this stands as it was: {'; '.join(standing[:_QUOTED])}"
        return Look(key=key, asset=asset, status="failed", after=told[:_TEXT], reason="unchanged")
    if not whole:
        told = f"{model} does not name it, but the page was too long to be shown as a whole"
        return Look(key=key, asset=asset, status="not_looked", after=told[:_TEXT], reason=LimitExceeded.code)
    return Look(key=key, asset=asset, status="passed", after=f"{model} does not name it"[:_TEXT])


def _rule(report: Report, key: str, entry: Coverage | None, asset: str, others: frozenset[str]) -> Look:
    every = [finding for finding in report.findings if finding.rule == key]
    found = [finding for finding in every if finding.title not in others]
    if found:
        return Look(key=key, asset=asset, status="failed", after=_told(found), picture=_picture(found))
    if entry is not None and entry.reason == "unknown_check":
        return Look(key=key, asset=asset, status="unknown_check", after=entry.detail, reason=entry.reason)
    if entry is not None and entry.state is CoverageState.LOOKED and (not entry.count or every):
        left = f"; what is left is another finding: {', '.join(one.title for one in every)}" if every else ""
        return Look(key=key, asset=asset, status="passed", after=f"{entry.detail or _GONE}{left}"[:_TEXT])
    why = entry if entry is not None and entry.reason else _why(report)
    return _blind(key, asset, why)


def _why(report: Report) -> Coverage | None:
    """The entry that says best why a rule could not be run: a slot's own before any other."""
    bad = [
        entry for entry in report.coverage if entry.state in INCOMPLETE or entry.state is CoverageState.NOT_CONFIGURED
    ]
    return next((entry for entry in bad if entry.what.startswith("slot.")), next(iter(bad), None))


def _blind(key: str, asset: str, why: Coverage | None) -> Look:
    detail = (why.detail or why.reason) if why else "the check did not run"
    return Look(
        key=key,
        asset=asset,
        status="not_looked",
        after=(detail or "")[:_TEXT],
        reason=(why.reason if why else None) or "not_run",
    )


def in_inventory(
    report: Report,
    wanted: Sequence[str],
    asset: str,
    *,
    ids: Iterable[str],
    subject: str,
    incomplete: str | None,
) -> list[Look]:
    """What matching an inventory again says about one vulnerability of one package.

    ``subject`` is the part of the finding's title behind its id; ``incomplete`` says why the inventory does not prove
    that something is absent. Any of ``ids`` names the check.
    """
    known = set(ids)
    found = [
        finding
        for finding in report.findings
        if finding.title.partition(": ")[2] == subject and known & {finding.rule, *finding.ids}
    ]
    return [
        _advisory(report, key, asset, found, incomplete) if key in known else _foreign(key, asset) for key in wanted
    ]


def _foreign(key: str, asset: str) -> Look:
    detail = f"{key} is no check of this finding"
    return Look(key=key, asset=asset, status="unknown_check", after=detail, reason="unknown_check")


def _advisory(report: Report, key: str, asset: str, found: Sequence[Finding], incomplete: str | None) -> Look:
    if found:
        return Look(key=key, asset=asset, status="failed", after=_told(found))
    unmatched = next((entry for entry in report.coverage if _hides(entry)), None)
    if unmatched is not None:
        return _blind(key, asset, unmatched)
    if incomplete is not None:
        return Look(key=key, asset=asset, status="not_looked", after=incomplete[:_TEXT], reason="incomplete_inventory")
    there = ", ".join(dict.fromkeys(f"{package.name} {package.version}" for package in report.packages))
    after = f"{there}: no advisory of this finding is about it" if there else "the package is not there any more"
    return Look(key=key, asset=asset, status="passed", after=after[:_TEXT])


#: What a vendor cleared was looked at; and that some feed is not there says nothing of those that answered.
_ANSWERED = frozenset({"overruled", "no_feed"})
#: These rate what was found, and find nothing.
_RATINGS = frozenset({"advisories.epss", "advisories.kev"})


def _hides(entry: Coverage) -> bool:
    """Whether an advisory may have been missed for it."""
    return entry.state is not CoverageState.LOOKED and entry.reason not in _ANSWERED and entry.what not in _RATINGS


def in_programs(
    wanted: Sequence[str], asset: str, *, rule: str, scan: str, seen: bool, looked: bool, incomplete: str | None
) -> list[Look]:
    """What the newest scan of an artifact says about a rule that it ran on every program in it.

    ``seen`` when that scan has the finding; ``looked`` when it ran such rules at all; ``incomplete`` says why it may
    not have met every program.
    """
    looks: list[Look] = []
    for key in wanted:
        if key != rule:
            looks.append(_foreign(key, asset))
        elif seen:
            looks.append(Look(key=key, asset=asset, status="failed", after=f"scan {scan} still sees it"))
        elif not looked or incomplete is not None:
            why = incomplete or f"scan {scan} ran no rules on programs"
            reason = "incomplete_inventory" if incomplete else "not_run"
            looks.append(Look(key=key, asset=asset, status="not_looked", after=why[:_TEXT], reason=reason))
        else:
            after = f"scan {scan} ran the rule on every program and does not see it"
            looks.append(Look(key=key, asset=asset, status="passed", after=after))
    return looks


def blind(wanted: Sequence[str], asset: str, *, reason: str, detail: str) -> list[Look]:
    """Nothing could be looked at here."""
    return [Look(key=key, asset=asset, status="not_looked", after=detail[:_TEXT], reason=reason) for key in wanted]


def _picture(found: Sequence[Finding]) -> str | None:
    """The first picture of what was found that is not too large to keep."""
    seen = (one.picture for finding in found for one in finding.evidence)
    return next((picture for picture in seen if picture and len(picture) <= _PICTURE), None)


def _told(found: Sequence[Finding]) -> str:
    return "; ".join(f"{one.title}: {text}" if (text := quote(one.evidence)) else one.title for one in found)[:_TEXT]


def quote(evidence: Iterable[Evidence | Mapping[str, object]]) -> str:
    """Evidence as one line: where and what, the first five of them; nothing that only a model says."""
    plain = [item if isinstance(item, Mapping) else asdict(item) for item in evidence]
    parts = []
    for item in [item for item in plain if item.get("kind") not in MODEL_KINDS][:_QUOTED]:
        where, value = item.get("where"), item["value"]
        parts.append(f"{where}: {value}" if where else str(value))
    return "; ".join(parts)[:_TEXT]


#: Which of several assets' states is the check's: the worst first.
_WORST = ("unknown_check", "failed", "not_looked", "passed")


def gather(looks: Sequence[Look], wanted: Sequence[str], before: Mapping[str, str | None]) -> tuple[Check, ...]:
    """One entry a check: passed only if it passed on every asset, and on one at least.

    ``before`` is what the finding was raised on, by the checks that are its own.
    """
    checks = []
    for key in wanted:
        own = tuple(look for look in looks if look.key == key)
        status = next((state for state in _WORST if any(look.status == state for look in own)), "not_looked")
        after = next((look.after for look in own if look.status == status), "there is nothing left to look at")
        picture = next((look.picture for look in own if look.picture), None)
        own = tuple(replace(look, picture=None) for look in own)
        check = Check(key=key, before=before.get(key), after=after, status=status, assets=own, picture=picture)
        checks.append(check)
    return tuple(checks)


def result(checks: Sequence[Check]) -> tuple[str, str | None]:
    """``passed`` only if every check passed; with ``failed`` a reason where a check could not look."""
    if checks and all(check.status == PASSED for check in checks):
        return PASSED, None
    return FAILED, COULD_NOT_LOOK if any(check.status == "not_looked" for check in checks) else None
