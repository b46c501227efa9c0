"""What a scan run becomes, from what its slots became."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ENDED = frozenset({"done", "failed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a run ends: ``done`` or ``failed``; ``analyse`` when an analyser should first look at what was found."""

    status: str
    analyse: bool = False


def finish(slots: Mapping[str, str], *, analyser: bool = False, findings: int = 0) -> Verdict | None:
    """Decide on a run by its slots' states; ``None`` while one of them has not ended.

    It is done when at least one slot is; without an analyser, or without findings, nothing stands between the last slot
    and the end.
    """
    if not slots or not all(state in ENDED for state in slots.values()):
        return None
    if "done" not in slots.values():
        return Verdict(status="failed")
    return Verdict(status="done", analyse=analyser and findings > 0)
