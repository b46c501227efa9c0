"""Has a model look at a page's outline and at what was found, beside the rules and without any power over them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from surveyor import __version__
from surveyor.scan.address import normal
from surveyor.scan.errors import LimitExceeded
from surveyor.scan.model import Coverage, CoverageState, Finding, Kind, Report, ScanStatus, Target
from surveyor.scan.outline import Outline
from surveyor.service.actions import intake, llm
from surveyor.service.actions.slots import MODEL_SLOT, Beside
from surveyor.service.errors import QuotaExceeded
from surveyor.service.jobs.asking import in_thread
from surveyor.service.jobs.interface import Work, log, patiently
from surveyor.service.store.llm_calls import NewCall
from surveyor.service.store.scans import Scan

SLOT = "accessibility"
#: Text and selectors, each character of which JSON may write as six.
_OUTLINE_BYTES = 2 << 20
_UNASKED: dict[str | None, tuple[str, str]] = {
    "refused": (QuotaExceeded.code, "no unit was left for a model"),
    None: ("not_configured", "no language model is configured, or none was wanted for this scan"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a model said of one page, or the ``reason`` why it said nothing; every try either way.

    ``outline`` is what it was shown, ``left_out`` says what of the page it was not, ``short`` what of the findings it
    was not asked about; ``told`` is all that it did, in words; ``judged`` are the scan's own findings with its words
    among their evidence. Where only that failed, there is a reason beside findings.
    """

    findings: tuple[Finding, ...] = ()
    judged: tuple[Finding, ...] = ()
    model: str = ""
    outline: str = ""
    left_out: str = ""
    short: str = ""
    told: str = ""
    reason: str | None = None
    detail: str = ""
    calls: tuple[NewCall, ...] = ()


def beside(scan: Scan, slot: str) -> bool:
    """Whether a model has anything to look at beside this slot."""
    return slot == SLOT and scan.kind == Kind.WEB


async def unit_of(work: Work, scan: Scan) -> str | None:
    """What is known of the run's unit: only while one is held may a model be asked."""
    sessions = work.platform.sessions
    return await patiently(lambda: llm.unit_of(sessions, purpose="scan", subject_id=scan.id))


def unasked(scan: Scan, unit: str | None) -> Beside:
    """What is told of a model that nobody asked: there is none, it was not wanted, or no unit was left."""
    reason, detail = _UNASKED.get(unit, _UNASKED[None])
    refused = unit == "refused"
    entry = Coverage(
        what=f"slot.{MODEL_SLOT}",
        state=CoverageState.SKIPPED if refused else CoverageState.NOT_CONFIGURED,
        reason=reason,
        detail=detail,
        asset=normal(scan.url or ""),
    )
    return Beside(coverage=entry)


async def look(work: Work, scan: Scan, outline: Path, report: bytes) -> Beside:
    """What a model sees in an outline, and says of what was found; every failure is an entry of coverage only."""
    started, url = datetime.now(UTC), normal(scan.url or "")
    seen = await ask(work, scan.team_id, url, outline, report=report)
    if not seen.model:
        return _blind(url, seen)
    part = bool(seen.left_out or seen.short or seen.reason)
    own = Report(
        scanner={"name": "surveyor", "version": __version__, "units": {}},
        target=Target(kind=Kind.WEB, source=scan.url or "", type="url"),
        started_at=started,
        finished_at=datetime.now(UTC),
        # what is not named on a part of a page is not gone
        scan_status=ScanStatus.PARTIAL if seen.left_out else ScanStatus.COMPLETE,
        findings=seen.findings,
    )
    entry = Coverage(
        what=f"slot.{MODEL_SLOT}",
        state=CoverageState.PARTIAL if part else CoverageState.LOOKED,
        reason=seen.reason or (LimitExceeded.code if part else None),
        detail="; ".join(filter(None, (seen.told, seen.left_out, seen.short, seen.detail)))[:1_000],
        asset=url,
        count=len(seen.findings),
    )
    return Beside(coverage=entry, report=own, judged=seen.judged, calls=seen.calls)


async def ask(
    work: Work, team_id: UUID, url: str, outline: Path, *, report: bytes | None = None, keys: Sequence[str] = ()
) -> Seen:
    """Show a model the outline in a file, within the bound of an analysis; every failure is a reason.

    With a ``report`` it is also asked about what that found; with ``keys`` only for the classes of these checks.
    """
    try:
        page = await asyncio.to_thread(_read, outline)
    except OSError:
        return Seen(reason="no_outline", detail="there was no page to outline")
    except ValueError:
        return Seen(reason="no_outline", detail="the outline that the scanner left could not be read")
    ends = time.monotonic() + work.platform.llm.analysis_seconds
    seen = await _guarded(lambda: _review(work, team_id, url, page, keys, ends))
    if report is None or not seen.model:
        return seen
    more = await _guarded(lambda: _explain(work, team_id, url, page, report, ends))
    return replace(
        seen,
        judged=more.judged,
        told="; ".join(filter(None, (seen.told, more.told))),
        short=more.short,
        reason=more.reason,
        detail=more.detail,
        calls=(*seen.calls, *more.calls),
    )


def _read(outline: Path) -> Outline:
    """What the child left; longer than any it would write, it is cut and so no JSON."""
    with outline.open("rb") as file:
        return Outline.decode(file.read(_OUTLINE_BYTES))


async def _guarded(work: Callable[[], Awaitable[Seen]]) -> Seen:
    """What came of one question; that there is no answer is a reason."""
    from surveyor.llm.interface import LlmError, Unanswered

    try:
        return await work()
    except TimeoutError:
        return Seen(reason="timeout", detail="no answer in time")
    except Unanswered as error:
        return Seen(reason=error.code, detail=str(error), calls=tuple(llm.calls(error.trail)))
    except LlmError as error:
        return Seen(reason=error.code, detail=str(error))
    except Exception as error:  # noqa: BLE001 - part of the job wrapper: the rules' result must not be lost for this
        log.exception("accessibility_model.failed")
        return Seen(reason="internal_error", detail=f"{type(error).__name__} in the service")


async def _review(work: Work, team_id: UUID, url: str, page: Outline, keys: Sequence[str], ends: float) -> Seen:
    """What rules cannot decide at all."""
    from surveyor.llm.accessibility import review, told
    from surveyor.llm.classes import BY_RULE

    caller = await patiently(lambda: llm.callers(work.platform, team_id=team_id, purpose=SLOT))
    classes = [BY_RULE[key] for key in keys if key in BY_RULE] or list(BY_RULE.values())
    # three providers and two pauses at most; the bound of an analysis is the bound of all of it
    found = await in_thread(
        lambda: review(url, page.text, caller.ask, page.selectors, classes), seconds=ends - time.monotonic()
    )
    named = f"{found.model[:200]} named {len(found.findings)} of {len(classes)} classes of barriers"
    return Seen(
        findings=found.findings,
        model=found.model,
        outline=page.text,
        left_out=page.left_out,
        told="; ".join(filter(None, (named, told(found.dropped)))),
        calls=tuple(llm.calls(found.trail)),
    )


async def _explain(work: Work, team_id: UUID, url: str, page: Outline, report: bytes, ends: float) -> Seen:
    """What rules found, and what they left to be reviewed."""
    from surveyor.llm.accessibility import told
    from surveyor.llm.explain import explain, summed

    found = (await asyncio.to_thread(intake.read, report)).findings
    caller = await patiently(lambda: llm.callers(work.platform, team_id=team_id, purpose=SLOT))
    judged = await in_thread(lambda: explain(url, found, page, caller.ask), seconds=ends - time.monotonic())
    if judged is None:
        return Seen()
    pages = {asset.value for finding in found for asset in finding.assets}
    left = (
        f"{judged.left} groups of elements had no room" if judged.left else "",
        f"of {len(pages)} pages with findings only the first was shown" if len(pages) > 1 else "",
    )
    return Seen(
        judged=judged.findings,
        model=judged.model,
        told="; ".join(filter(None, (summed(judged), told(judged.dropped)))),
        short="; ".join(filter(None, left)),
        calls=tuple(llm.calls(judged.trail)),
    )


def _blind(url: str, seen: Seen) -> Beside:
    entry = Coverage(
        what=f"slot.{MODEL_SLOT}",
        state=CoverageState.FAILED,
        reason=seen.reason,
        detail=seen.detail[:1_000],
        asset=url,
    )
    return Beside(coverage=entry, calls=seen.calls)
