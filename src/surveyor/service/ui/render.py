"""Templates and the words they speak: one environment, always escaping, and a filter for each kind of value."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse

from surveyor.service.store.events import StoredEvent
from surveyor.service.ui.timeline import AXIS, LAST_LABEL, MOST_STEPS, Bar
from surveyor.service.ui.words import counted

HERE = Path(__file__).parent
STATIC = HERE / "static"
RATED = ("critical", "high", "medium", "low")
_LEAST = 1.5
_UNKNOWN_LEAST = 8.0
_GAP = 2.0
_UNDRAWN = {"off": "not run", "unset": "not set up"}
_TYPED = re.compile(r"`([^`\n]{1,200})`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One piece of a severity stack, in percent of its width."""

    name: str
    count: int
    x: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A severity stack: what was rated, and apart from it what nobody has rated."""

    parts: tuple[Part, ...]
    unknown: Part | None


def stack(counts: Mapping[str, int]) -> Stack:
    """Lay out counts; the smallest piece stays visible, and the unrated part keeps its distance."""
    unknown, rated = counts.get("unknown", 0), sum(counts.get(name, 0) for name in RATED)
    apart = min(max(unknown / (rated + unknown) * 100, _UNKNOWN_LEAST), 92.0) if unknown else 0.0
    room = 100.0 - apart - (_GAP if apart and rated else 0.0) if rated else 0.0
    shares = {name: max(counts[name] / rated * 100, _LEAST) for name in RATED if counts.get(name)}
    whole, x = sum(shares.values()), 0.0
    parts = []
    for name, share in shares.items():
        width = round(share / whole * room, 2)
        parts.append(Part(name=name, count=counts[name], x=round(x, 2), width=width))
        x += width
    rest = Part(
        name="unknown",
        count=unknown,
        x=round(100 - apart, 2) if rated else 0.0,
        width=round(apart, 2) if rated else 100.0,
    )
    return Stack(parts=tuple(parts), unknown=rest if unknown else None)


def counts_in_words(counts: Mapping[str, int]) -> str:
    """``3 critical, 12 high, 2 not rated``; ``none`` when there is nothing."""
    words = [f"{number(counts[name])} {name}" for name in RATED if counts.get(name)]
    words += [f"{number(counts['unknown'])} not rated"] if counts.get("unknown") else []
    return ", ".join(words) or "none"


def number(value: int) -> str:
    """Thousands apart."""
    return f"{value:,}"


def duration(ms: float) -> str:
    """Milliseconds in words, as exact as is readable."""
    if ms < 1:
        return "< 1 ms"
    if ms < 1000:
        return f"{round(ms)} ms"
    if ms < 60_000:
        return f"{ms / 1000:.2f} s" if ms < 10_000 else f"{ms / 1000:.1f} s"
    minutes, seconds = divmod(round(ms / 1000), 60)
    return f"{minutes} min {seconds} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def axis(ms: int) -> str:
    """A round time on the axis: without the decimals and the zeros that say nothing."""
    if ms < 1000:
        return f"{ms} ms"
    return f"{ms / 1000:g} s" if ms < 60_000 else duration(ms).removesuffix(" 0 s").removesuffix(" 0 min")


def size(count: float) -> str:
    """Bytes in decimal units."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if count < 1000 or unit == "TB":
            break
        count /= 1000
    return f"{count:.1f} {unit}" if count < 10 and unit != "B" else f"{count:.0f} {unit}"


def moment(value: datetime) -> str:
    """A time of day today, else with its date; UTC, as everything here."""
    value = value.astimezone(UTC)
    today = datetime.now(UTC).date()
    return value.strftime("%H:%M:%S UTC" if value.date() == today else "%-d %b %Y, %H:%M UTC")


def clock(value: datetime) -> str:
    """A time of day to the millisecond, for the log."""
    value = value.astimezone(UTC)
    return f"{value:%H:%M:%S}.{value.microsecond // 1000:03d}"


def day(value: datetime | date | str) -> str:
    """A date in short; what is no date is shown as it came."""
    try:
        moment_of = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return str(value)
    return moment_of.strftime("%-d %b %Y")


def short(digest: str) -> str:
    """A digest that can be told from others at a glance."""
    return f"{digest[:19]}…" if len(digest) > 24 else digest


def said(text: str) -> Markup:
    """A sentence of ours: what it has between backticks is a command or a name to type."""
    return Markup(_TYPED.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped first


def tone(event: StoredEvent, unset: Collection[str]) -> str:
    """How loud an event is: that a scanner was never set up is no error, whatever it was said as."""
    return "info" if event.slot in unset and event.level in {"warn", "error"} else event.level


def bar_words(bar: Bar) -> str:
    """What a lane's state is called."""
    if bar.state in _UNDRAWN:
        return _UNDRAWN[bar.state]
    if bar.took is None:
        return "waiting" if bar.state == "waiting" else bar.state
    return f"{'stopped after' if bar.state == 'stopped' else f'{bar.state},'} {duration(bar.took)}"


@cache
def static(name: str) -> str:
    """The address of a static file, changed by its content, so that browsers may keep it for ever."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{digest}/{name}"


def _environment() -> Environment:
    env = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    env.filters.update(
        {
            f.__name__: f
            for f in (
                stack,
                counts_in_words,
                number,
                counted,
                duration,
                axis,
                size,
                moment,
                clock,
                day,
                short,
                said,
                tone,
                bar_words,
            )
        }
    )
    env.globals["static"] = static
    # the rules of the time axis, for the script that draws it anew while it grows
    env.globals["axis_rules"] = {"steps": " ".join(map(str, AXIS)), "most": MOST_STEPS, "last": LAST_LABEL}
    return env


ENVIRONMENT = _environment()


def fragment(template: str, **values: Any) -> str:  # noqa: ANN401 - a template takes any value
    """A piece of a page."""
    return ENVIRONMENT.get_template(template).render(values)


def page(template: str, *, status: int = 200, **values: Any) -> HTMLResponse:  # noqa: ANN401
    """A whole page."""
    return HTMLResponse(fragment(template, **values), status_code=status)
