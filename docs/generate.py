"""Write docs/reference from the code; with ``--check`` only say whether it is current."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from surveyor.service.app.watch import Series

REFERENCE = Path(__file__).parent / "reference"
NOTE = "<!-- written by `make docs`; edit the code instead -->\n\n"


def cli() -> str:
    """Every command's own help."""
    from surveyor.cli import _ADMIN, _COMMANDS, _DB

    commands = [[name] for name in _COMMANDS]
    commands += [["db", name] for name in _DB]
    commands += [["admin", noun, verb] for noun, verbs in _ADMIN.items() for verb in verbs]
    parts = [f"## surveyor {' '.join(words)}\n\n```\n{_help(words)}\n```\n" for words in commands]
    exits = (
        "Exit codes of `scan`: 0 clean or below the gate, 1 gate failed, 2 could not scan or bad usage, 3 incomplete.\n"
    )
    return f"{NOTE}# Command line\n\n```\n{_help([])}\n```\n\n{exits}\n" + "\n".join(parts)


def _help(words: list[str]) -> str:
    from rich.console import Console

    from surveyor.cli import _app

    out = io.StringIO()
    with contextlib.suppress(SystemExit):
        _app()([*words, "--help"], console=Console(file=out, width=100, color_system=None))
    return "\n".join(line.rstrip() for line in out.getvalue().strip().splitlines())


def settings() -> str:
    """Every setting with its variables, default and meaning."""
    from surveyor.scan import settings as scanner
    from surveyor.service.config import Config

    rows = [_setting(name, field) for name, field in Config.model_fields.items() if name != "scan"]
    scan = [f"| `{name}` | {default} | {meaning} |" for name, default, meaning in scanner.VARIABLES]
    head = (
        "# Settings\n\nVariables; or, in `surveyor.toml` in the home (or named by `SURVEYOR_CONFIG`), the same\n"
        "names in lower case without `SURVEYOR_`. An option wins over a variable, a variable over the file.\n"
    )
    table = "| variable | default | meaning |\n|---|---|---|\n"
    return (
        f"{NOTE}{head}\n## The service\n\n{table}" + "\n".join(rows) + "\n\n## The scanner\n\n"
        "`surveyor scan` reads these too; in the file they stand in the table `[scan]`.\n\n"
        + table
        + "\n".join(scan)
        + "\n"
    )


def _setting(name: str, field: FieldInfo) -> str:
    choices = getattr(field.validation_alias, "choices", [f"SURVEYOR_{name.upper()}"])
    told = "" if field.is_required() or field.default_factory or field.default in (None, ()) else f"`{field.default}`"
    meaning = " ".join((field.description or "").replace("``", "`").split())
    return f"| {', '.join(f'`{choice}`' for choice in choices)} | {told} | {meaning} |"


def errors() -> str:
    """The one table of error codes."""
    from surveyor.service.errors import CODES

    rows = "\n".join(f"| `{code}` | {status} | {meaning} |" for code, (status, meaning) in CODES.items())
    return f"{NOTE}# Error codes\n\n| code | status | meaning |\n|---|---|---|\n{rows}\n"


def events() -> str:
    """The published names of stages."""
    from surveyor.scan.vocabulary import STAGES, SUFFIXES

    head = (
        "# Events\n\nOne line of NDJSON each: `ts`, `stage`, `detail`, `level`, `component`, `event` and, when known,\n"
        "`pct` and `data`. The service adds `seq`, gap-free per scan, and `slot`.\n"
    )
    stages = "\n".join(f"| `{name}` | {meaning} |" for name, meaning in STAGES.items())
    words = "\n".join(f"| `*.{word}` | {meaning} |" for word, meaning in SUFFIXES.items())
    return f"{NOTE}{head}\n| stage | meaning |\n|---|---|\n{stages}\n\n| suffix | meaning |\n|---|---|\n{words}\n"


def checks() -> str:
    """Every outcome of every rule that looks at a page or a program."""
    from surveyor.llm.criteria import CRITERIA
    from surveyor.scan.check import catalogue

    def table(fields: tuple[str, ...], *, programs: bool) -> str:
        rows = (row for row in catalogue() if (row["needs"] == "program") is programs)
        return "\n".join(f"| `{row['rule']}` | " + " | ".join(_cell(row[f]) for f in fields) + " |" for row in rows)

    rows = table(("domain", "title", "severity", "criteria"), programs=False)
    criteria = "\n".join(
        f"| `{one.rule}` | {one.title} | {one.severity.value} | {one.number} ({one.level}) |"
        for one in CRITERIA.values()
    )
    return (
        f"{NOTE}# Checks of pages and programs\n\n"
        f"| rule | domain | finding | severity | WCAG 2.1 |\n|---|---|---|---|---|\n{rows}\n\n"
        "## Of programs\n\n"
        "How programs are protected against being taken over: of those that are scanned alone, that lie\n"
        "in archives, discs and source trees, and in images of those that no package of the system owns.\n\n"
        "| rule | finding | severity | confidence |\n|---|---|---|---|\n"
        f"{table(('title', 'severity', 'confidence'), programs=True)}\n\n"
        "## Judged by a language model\n\nWhere one is configured, and only what rules cannot decide.\n\n"
        f"| rule | finding | severity | WCAG 2.1 |\n|---|---|---|---|\n{criteria}\n"
    )


def _cell(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def metrics() -> str:
    """Every series of ``/metrics``."""
    from surveyor.service.app.metrics import PROCESS, SHARED
    from surveyor.service.app.watch import FRESH_SECONDS

    def table(rows: tuple[Series, ...]) -> str:
        lines = (f"| `{row.name}` | {', '.join(f'`{label}`' for label in row.labels)} | {row.words} |" for row in rows)
        return "| series | labels | meaning |\n|---|---|---|\n" + "\n".join(lines)

    return (
        f"{NOTE}# Metrics\n\n`GET /metrics` of a web process, for Prometheus. It needs no key and answers to the\n"
        "names in `SURVEYOR_ALLOWED_HOSTS` like every page: numbers only, nobody's names, addresses or findings.\n\n"
        f"## Of one web process\n\nAnd `process_*`: its memory, processor time and open files.\n\n{table(PROCESS)}\n\n"
        "## Of the installation\n\nRead from the database at a scrape, at most once in "
        f"{FRESH_SECONDS:g} seconds, each within a second. Every web process\n"
        "tells the same: take `max`, never `sum`, over processes. What the database does not answer is\n"
        "missing, not 0.\n\n"
        f"{table(SHARED)}\n\n"
        "## What to be woken for\n\n"
        "| alert | expression |\n|---|---|\n"
        "| nothing works on scans | `max(surveyor_worker_loops) == 0` |\n"
        "| scans wait too long | `max(surveyor_scan_runs_oldest_queued_seconds) > 300` |\n"
        "| no word from the database | `min(surveyor_database_up) == 0` |\n"
        '| a team is held back | `sum(rate(surveyor_failures_total{code="rate_limited"}[5m])) > 1` |\n'
        "| somebody is told nothing any more | `max(surveyor_webhooks_switched_off) > 0` |\n"
    )


def priority() -> str:
    """The page about priority, with the formula's own table between its marks."""
    from surveyor.remedy import priority as formula

    head, start, rest = (REFERENCE / "../explanation/priority.md").read_text("utf-8").partition("<!-- table:")
    note, _, tail = rest.partition("<!-- end of table -->")
    rows = "\n".join(f"| {factor} | {value} | {points} |" for factor, value, points in formula.table())
    table = f"Formula {formula.FORMULA}:\n\n| factor | value | points |\n|---|---|---|\n{rows}\n"
    return f"{head}{start}{note.partition('-->')[0]}-->\n\n{table}\n<!-- end of table -->{tail}"


def report_schema() -> str:
    """JSON Schema of the report."""
    from pydantic import TypeAdapter

    from surveyor.scan.model import SCHEMA_VERSION, Report

    schema: dict[str, Any] = TypeAdapter(Report).json_schema(mode="serialization")
    schema["title"] = f"Surveyor report {SCHEMA_VERSION}"
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "cli.md": cli,
    "settings.md": settings,
    "errors.md": errors,
    "events.md": events,
    "checks.md": checks,
    "metrics.md": metrics,
    "../explanation/priority.md": priority,
    "report.schema.json": report_schema,
}


def main(arguments: list[str]) -> int:
    """Write all pages, or name those that are not current."""
    stale = []
    for name, page in PAGES.items():
        text, path = page(), REFERENCE / name
        if not path.exists() or path.read_text("utf-8") != text:
            stale.append(name)
            if "--check" not in arguments:
                path.write_text(text, "utf-8")
    if stale and "--check" in arguments:
        print("not current, run `make docs`: " + ", ".join(stale))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
