"""A comparison as text: JSON in the published shape, a table for a terminal, Markdown for a comment."""

from __future__ import annotations

import io
from collections.abc import Iterator

import orjson

from surveyor.remedy.diff.model import Change, Diff, Kind, Side
from surveyor.scan.events import printable

#: Each kind's heading and what it means beside it.
HEADINGS = {
    Kind.NEW: "New",
    Kind.FIXED: "Fixed",
    Kind.CHANGED: "Changed",
    Kind.RECLASSIFIED: "Weighed or decided otherwise",
    Kind.NOT_LOOKED: "No longer seen, and not looked at: not fixed",
}
_OPTIONS = orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE
_STYLES = {Kind.NEW: "red", Kind.FIXED: "green", Kind.NOT_LOOKED: "yellow"}
_MARKDOWN = 500  # rows; a comment holds 65,536 characters


def as_json(found: Diff) -> bytes:
    """UTF-8 JSON, indented for people."""
    return orjson.dumps(found, option=_OPTIONS)


def as_table(found: Diff, *, width: int = 120, colour: bool = False) -> bytes:
    """Aligned text, ``width`` columns wide."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    out = io.StringIO()
    console = Console(
        file=out, width=width, force_terminal=colour, no_color=not colour, highlight=False, legacy_windows=False
    )
    for side in (found.before, found.after):
        console.print(Text(_of_side(side), style="dim"))
    for kind, changes in _by_kind(found):
        console.print(Text(f"\n{HEADINGS[kind]}", style=f"bold {_STYLES.get(kind, '')}".strip()))
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        for column in ("Severity", "Finding", "Where", "Cause", "Why"):
            table.add_column(column, overflow="fold")
        for change in changes:
            table.add_row(*map(Text, _row(change)))
        console.print(table)
    console.print(Text(f"\n{_summary(found)}", style="bold"))
    return out.getvalue().encode()


def as_markdown(found: Diff) -> bytes:
    """Markdown with a table a kind, cut at some hundreds of rows, and saying so."""
    lines = [f"**{_summary(found)}**", "", *(f"- {_code(_of_side(side))}" for side in (found.before, found.after))]
    left = _MARKDOWN
    for kind, changes in _by_kind(found):
        lines += [
            "",
            f"### {HEADINGS[kind]}",
            "",
            "| severity | finding | where | cause | why |",
            "|---|---|---|---|---|",
        ]
        lines += [f"| {' | '.join(map(_code, _row(change)))} |" for change in changes[:left]]
        if len(changes) > left:
            lines += ["", f"and {len(changes) - left:,} more"]
        left = max(0, left - len(changes))
    return ("\n".join(lines) + "\n").encode()


def _by_kind(found: Diff) -> Iterator[tuple[Kind, list[Change]]]:
    for kind in HEADINGS:
        if changes := [change for change in found.changes if change.change is kind]:
            yield kind, changes


def _row(change: Change) -> tuple[str, ...]:
    facts = ", ".join(
        f"{field.name}: {field.before or 'none'} → {field.after or 'none'}"
        for field in change.fields
        if field.name not in {"decision", "package"}
    )
    why = "; ".join(part for part in (change.reason, facts) if part)
    title = f"{change.title} (ignored)" if change.suppressed else change.title
    return change.severity.value, printable(title), printable(_where(change)), change.cause.value, printable(why)


def _where(change: Change) -> str:
    if not change.assets:
        return ""
    place = change.assets[0].path or change.assets[0].value
    more = len(change.assets) - 1
    return f"{place} and {more:,} more" if more else place


def _of_side(side: Side) -> str:
    name, kind = printable(side.target.name or side.target.source), printable(side.target.type)
    when = f"{side.finished_at:%Y-%m-%d %H:%M}"
    return f"{name}  {kind}, scanned {when}, {side.scan_status.value}, {side.findings:,} findings"


def _summary(found: Diff) -> str:
    told = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in found.summary.items())
    return f"{told}; the later scan is incomplete" if found.unlooked else told


def _code(text: str) -> str:
    """Text as code, which Markdown takes for nothing else and mentions nobody by: names come from targets."""
    plain = " ".join(text.split()).replace("`", "'").replace("|", "\\|")
    return f"`{plain}`" if plain else ""
