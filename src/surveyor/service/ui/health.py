"""How a scanned thing is doing: our number and a model's, each with what it does not know."""

from __future__ import annotations

from dataclasses import dataclass

from surveyor.service.store.scans import Scan
from surveyor.service.ui.verdict import judge

_PARAGRAPH, _NAME = 2_000, 80


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelView:
    """What a model made of a scan. Its words are as untrusted as the page that it read."""

    name: str
    score: int | None
    paragraph: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Of 100. ``unrated`` findings weigh nothing in ``ours``, and neither does what was not looked at (``gaps``)."""

    ours: int | None
    unrated: int
    gaps: bool
    model: ModelView | None


def health(run: Scan) -> Health | None:
    """What the summary of an ended run says; None while it goes on, and where it says nothing."""
    verdict = judge(run)
    ours, model = _score(run.summary.get("computed_health")), _model(run)
    if not verdict.ended or (ours is None and model is None):
        return None
    counts = run.summary.get("findings")
    unrated = counts.get("unknown", 0) if isinstance(counts, dict) else 0
    return Health(ours=ours, unrated=int(unrated), gaps=verdict.key != "complete", model=model)


def _model(run: Scan) -> ModelView | None:
    score, said = _score(run.summary.get("health_score")), _text(run.summary.get("summary"), _PARAGRAPH)
    if score is None and not said:
        return None
    return ModelView(name=_text(run.summary.get("model"), _NAME) or "A language model", score=score, paragraph=said)


def _score(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 100 else None


def _text(value: object, limit: int) -> str:
    text = value.strip() if isinstance(value, str) else ""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
