"""Write docs/reference from the code; with ``--check`` only say whether it is current."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import io
import json
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from surveyor.scan.acquire.interface import Acquirer
    from surveyor.scan.catalog.interface import Cataloger
    from surveyor.service.app.watch import Series
    from tests.fixtures.case import Case

REFERENCE = Path(__file__).parent / "reference"
#: The fixtures of catalogers, which say what each gives, are packages of the repository's top.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
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
    from surveyor.llm.classes import CLASSES
    from surveyor.scan.check.registry import catalogue

    def table(fields: tuple[str, ...], *, programs: bool) -> str:
        rows = (row for row in catalogue() if (row["needs"] == "program") is programs)
        return "\n".join(f"| `{row['rule']}` | " + " | ".join(_cell(row[f]) for f in fields) + " |" for row in rows)

    rows = table(("domain", "title", "severity", "criteria"), programs=False)
    classes = "\n".join(
        f"| `{one.rule}` | {one.title} | {one.severity.value} | {one.number} ({one.level}) | {one.barrier} |"
        for one in CLASSES.values()
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
        "It is asked in these words; a claim that cites no element of the class's kind is dropped.\n\n"
        f"| rule | finding | severity | WCAG 2.1 | asked |\n|---|---|---|---|---|\n{classes}\n"
    )


def _cell(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


#: What a bound is about, and where it can be set; a field without words here stops the writing of the page.
_LIMITS = {
    "artifact_bytes": "Bytes of the file that is scanned; what may be uploaded is `SURVEYOR_UPLOAD_MAX_BYTES`",
    "inflated_bytes": "Bytes that come out of all decompression together",
    "entries": "Entries of all trees together: files, folders and links",
    "candidates": "Files that some cataloger reads",
    "memory_bytes": "Names and records that are held until the report is written, estimated",
    "owned_bytes": "Lists of the files that system packages own",
    "packages": "Package records",
    "depth": "Levels of artifacts inside artifacts, and of Java archives inside Java archives",
    "file_bytes": "Bytes of one file that are held in memory",
    "metadata_bytes": "Bytes of one table of a filesystem or archive, such as its list of chunks",
    "ratio": "What one byte may inflate to, of streams over 1 MiB",
    "spool_bytes": "Bytes of nameless files, for pulled images and as many for inflated data; `SURVEYOR_SPOOL_BYTES`",
    "seconds": "Seconds of a scan",
    "page_bytes": "Bytes of a page",
    "page_seconds": "Seconds of a page's scanner; `SURVEYOR_PAGE_SECONDS` in the service",
    "site_bytes": "What all pages of one crawl may weigh",
    "site_seconds": "Seconds of a scan of several pages",
    "redirects": "Redirects that are followed",
}
#: Units whose packages are of any type.
_ANY_TYPE = {"elf_note": "as the program says", "sbom": "as the document says"}


def formats() -> str:
    """Everything that is opened, read and bounded, by the units' own declarations and fixtures."""
    from surveyor.scan.acquire import ACQUIRERS
    from surveyor.scan.catalog import CATALOGERS
    from surveyor.scan.tree.stream import _OTHERS
    from surveyor.scan.tree.zip import _NAMES
    from surveyor.scan.vocabulary import COMPRESSED

    return (
        f"{NOTE}# What is opened and read\n\n"
        f"{len(ACQUIRERS)} readers open what is scanned, {len(CATALOGERS)} catalogers read what lies in it.\n"
        "Formats are told by their bytes; names only say which files inside something are worth a look.\n"
        "[Scan an artifact](../how-to/scan-an-artifact.md) says how to use it, [How the artifact scanner\n"
        "works](../explanation/artifact-scanner.md) why it is so.\n\n"
        "## What is opened\n\n"
        "Asked in this order; the first whose format it is takes it. *Inside others* are the names under which\n"
        "such a file is opened where it lies, inside an archive, a disc or a source tree; in images and root\n"
        "filesystems only where that is said, because there an archive is just a file of somebody's.\n\n"
        f"{_table(('id', 'what', 'files that people call', 'inside others'), map(_acquirer, ACQUIRERS))}\n"
        "Anything may be compressed as a whole, and so may the layers of images: "
        f"{', '.join(COMPRESSED)}.\nKnown and not read, so told: {', '.join(_OTHERS.values())}; in zips"
        f" {', '.join(_NAMES.values())},"
        " which nobody packs metadata with.\n\n"
        "A lock file or manifest alone (`manifest`) is the one text that is told by its name: every name that a\n"
        "cataloger below reads, without what it may be compressed with.\n\n"
        "### Kinds of archives\n\n"
        "As `archive.type` tells them and, behind `archive/`, the report's `target.type`: "
        f"{', '.join(f'`{kind}`' for kind in _archives())}.\n\n"
        "## What is read\n\n"
        "`id@version` is what a package's `found_by` says. *Installed* packages are there; *declared* ones are\n"
        "asked for by a lock file or a manifest, or offered by a repository. What is not *confirmed* is of the tier\n"
        "`heuristic_unverified`. The examples are names under which the unit's tests lay such files.\n\n"
        "### Packages of systems\n\n"
        "Read where the distribution has its database, links to it followed.\n\n"
        f"{_catalogers(unit for unit in CATALOGERS if unit.system)}\n"
        "### Packages of applications, and package files\n\n"
        f"{_catalogers(unit for unit in CATALOGERS if not unit.system)}\n"
        f"{_unread()}"
        "## Bounds\n\n"
        "One scan's, all nested parts together. What is beyond a bound is told as coverage, with its place; what was\n"
        "found before stays.\n\n"
        f"{_table(('bound', 'default', 'of what'), _limits())}\n"
        "Each cataloger bounds what it reads of one file besides, up to the bytes of one file above.\n"
        "How much of what files and layers gave is kept for the next scan is the setting `SURVEYOR_LAYER_CACHE_MB`\n"
        "([Settings](settings.md)).\n"
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines).replace("| --- ", "|---").replace("|--- |", "|---|")


def _acquirer(unit: Acquirer) -> tuple[str, ...]:
    from surveyor.scan.vocabulary import FILES

    names = [_glob(part) for part in (unit.names, unit.endings and rb"*." + _grouped(unit.endings)) if part]
    inside = ", ".join(names) + (", in images too" if unit.inside_systems else "") if names else "no"
    return f"`{unit.id}`", unit.summary, ", ".join(FILES[unit.id]) or "–", inside


def _glob(pattern: bytes) -> str:
    """A unit's pattern of names, much as a person would write it in a shell."""
    text = pattern.decode()
    for regular, plain in (("(?i:", "("), ("(?:", "("), ("[^/]*", "*"), ("\\.", ".")):
        text = text.replace(regular, plain)
    return f"`{text}`"


def _grouped(pattern: bytes) -> bytes:
    return b"(?:" + pattern + b")" if b"|" in pattern and not pattern.startswith(b"(?i:") else pattern


def _archives() -> list[str]:
    from surveyor.scan.acquire.tar import _TYPES as TARS
    from surveyor.scan.acquire.zip import _OTHER, _TYPES, _WRAPPED

    others = ("cpio", "deb", "gem", "macos-pkg", "rpm", "xar")
    return sorted({kind.id for kind in (*_TYPES, *TARS, _OTHER)} | {*_WRAPPED.values(), *others})


def _catalogers(units: Iterable[Cataloger]) -> str:
    head = ("id", "what", "PURL types", "packages are", "for example")
    return _table(head, map(_cataloger, units))


def _cataloger(unit: Cataloger) -> tuple[str, ...]:
    from surveyor.scan.catalog.interface import File, Record
    from surveyor.scan.limits import Budget, Limits
    from surveyor.scan.model import Tier

    cases = importlib.import_module(f"tests.fixtures.catalog.{unit.id}").CASES
    budget = Budget(limits=Limits())
    told = [one for case in cases for one in unit.parse(File(path=case.path, data=memoryview(case.data)), budget)]
    records = [one for one in told if isinstance(one, Record)]
    types = _ANY_TYPE.get(unit.id) or ", ".join(f"`{one}`" for one in sorted({record.type for record in records}))
    facts = {record.presence.value for record in records if not record.remark}
    tiers = {record.tier for record in records}
    sure = (
        "" if tiers <= {Tier.CONFIRMED} else ", not confirmed" if Tier.CONFIRMED not in tiers else ", not all confirmed"
    )
    packages = " and ".join(sorted(facts)) + sure if facts else "–"
    return f"`{unit.stamp}`", unit.summary, types or "–", packages, ", ".join(_examples(unit, cases))


def _examples(unit: Cataloger, cases: Iterable[Case]) -> list[str]:
    """Where the unit's fixtures lie, those that give packages first: some of them."""
    named = [
        case for case in sorted(cases, key=lambda case: not case.packages) if unit.paths.search(case.path.encode())
    ]
    paths = dict.fromkeys(f"`{re.sub('[0-9a-f]{64}', '…', case.path)}`" for case in named)
    return ["programs"] * unit.programs + [*paths][:3]


def _unread() -> str:
    from surveyor.scan.catalog.unread import _MANIFESTS, UNREAD

    rows = [(f"`{name}`", ", ".join(f"`{unit}`" for unit in units) or "nothing") for name, units in _MANIFESTS.items()]
    rows += [("`*.gemspec`", "`gemfile_lock`"), ("`requirements-*.in`", "`requirements`")]
    return (
        "## What is missed aloud\n\n"
        + "".join(f"`catalog.{one.id}`: {one.detail}.\n" for one in UNREAD)
        + "Such a manifest makes a source tree partial, unless a file that one of the named catalogers reads lies\n"
        "in the same folder or above it; in images it is told as skipped.\n\n"
        + _table(("manifest", "answered for by"), rows)
        + "\n"
    )


def _limits() -> Iterable[tuple[str, ...]]:
    from surveyor.scan.limits import GIB, MIB, Limits

    for one in fields(Limits):
        value = getattr(Limits(), one.name)
        size = f"{value // GIB} GiB" if value >= GIB else f"{value // MIB} MiB"
        yield (
            f"`{one.name}`",
            size if one.name.endswith("_bytes") else f"{value:,g}" if isinstance(value, float) else f"{value:,}",
            _LIMITS[one.name],
        )


def reports() -> str:
    """What a report can be written as, by the formats' own words."""
    from surveyor.scan.report import FORMATS

    told = (f"## `{name}`\n\n{inspect.getdoc(importlib.import_module(path))}\n" for name, path in FORMATS.items())
    return (
        f"{NOTE}# What a report can be written as\n\n"
        "`surveyor scan TARGET --format NAME [--output FILE]`; [Feed other tools](../how-to/feed-other-tools.md) says\n"
        "who reads which. Each is made from the same report; what was not looked at is in every one of them.\n\n"
        + "\n".join(told).replace("``", "`")
    )


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


def versions() -> str:
    """Which order rules which ecosystem, how each does on the public files, and what is decided otherwise."""
    import surveyor.scan.advise.versions as orders
    from tests.orders import MISSED

    def rows(name: str, order: orders.Order) -> tuple[str, ...]:
        module = sys.modules[order.__module__]
        ruled = sorted(
            (name for name, found in orders.VERSIONS.items() if found.__module__ == order.__module__), key=str.casefold
        )
        words = (module.__doc__ or "").partition("\n")[0].partition(": ")[2].rstrip(".").replace("``", "`")
        return f"`{name}`", ", ".join(ruled), words

    measured = (REFERENCE / "../../benchmarks/VERSIONS.md").read_text("utf-8").partition("\n\n")[2]
    missed = [
        (family, f"`{line}`", f"`{one.read}`", one.why) for family, own in MISSED.items() for line, one in own.items()
    ]
    return (
        f"{NOTE}# Version orders\n\n"
        "Whether an advisory concerns a package is a question of order: is what is installed below the fix. Each\n"
        "ecosystem has an order of its own; Surveyor has every one of them written anew, in one small file each.\n\n"
        f"{_table(('order', 'ecosystems of OSV', 'how'), (rows(*item) for item in orders.SCHEMES.items()))}\n"
        "A version that its order cannot take is compared with listed versions only, and coverage names it.\n\n"
        f"## Measured\n\n{measured}\n"
        "## What is decided otherwise\n\n"
        f"{len(missed)} lines, each for a reason. The files are made by programs: Maven's by maven-artifact 3.8.6, of\n"
        "which its makers have mended the order since, Packagist's by PHP's `version_compare` without what Composer\n"
        "does to a version before. Maven 3.8.7 and Composer's semver 3.3 answer about each of these lines as Surveyor\n"
        "does; on every line on which they agree with the file, so does Surveyor. A test fails when another line is\n"
        "missed, or one of these is not. Where a machine has Maven, Composer, dpkg, rpm, Ruby, PHP and npm, tests ask\n"
        "them, too: the first two about these lines, the others about pairs of versions made at random.\n\n"
        f"{_table(('family', 'the file says', 'the program of today', 'why not'), missed)}"
    )


def seo_cases() -> str:
    """The labelled cases of the rules of search engines, counted by rule, and those that are markup in full."""
    from surveyor.scan.check.registry import CHECKS
    from surveyor.scan.model import Domain
    from tests.labelled.seo import labelled

    cases = labelled()
    rows = []
    for rule in CHECKS[Domain.SEO]:
        own = [case for case in cases if case.rule == rule.id]
        fails = sum(bool(case.expected) for case in own)
        rows.append((f"`{rule.id}`", str(len(rule.outcomes)), str(fails), str(len(own) - fails)))
    fails = sum(bool(case.expected) for case in cases)
    rows.append(("all", "", str(fails), str(len(cases) - fails)))
    told = (
        (f"`{case.rule}`", _code(case.what), ", ".join(case.expected) or "nothing")
        for case in sorted(cases, key=lambda case: case.rule)
        if case.what
    )
    return (
        f"{NOTE}# Cases of SEO rules\n\n"
        f"{len(cases)} cases, each labelled by hand with the outcomes that a rule has to give, no more and no fewer:\n"
        f"{fails} in which something is wrong, {len(cases) - fails} in which nothing is. Every one is a test; a test\n"
        "fails too when an outcome of a rule has no case.\n\n"
        f"{_table(('rule', 'outcomes', 'cases that fail', 'cases that pass'), rows)}\n"
        "## Markup\n\n"
        "Before the arrow as served, behind it as rendered. The cases of rules about what is around a page\n"
        "(robots.txt, sitemaps, answers) are counted above and stand in the tests.\n\n"
        f"{_table(('rule', 'page', 'outcomes'), told)}"
    )


def ssrf_cases() -> str:
    """How many cases stand for each family of attacks that would lead the scanner inside."""
    from tests.hostile.families import counts

    rows = [*((family, str(count)) for family, count in counts().items()), ("all", str(sum(counts().values())))]
    return (
        f"{NOTE}# Attacks on the way inside\n\n"
        "Whoever scans asks, from inside a network, for what others name. Each family of attacks on that (SSRF) is\n"
        "a set of tests; they run where only loopback is up, and fail where a packet could leave. A test fails when\n"
        "one of them belongs to no family. [Private hosts](../how-to/private-hosts.md) says what may be reached on\n"
        "purpose.\n\n"
        f"{_table(('family', 'cases'), rows)}"
    )


def _code(text: str) -> str:
    """Markup on one line of a table, cut."""
    line = " ".join(text.split()).replace("`", "'")
    return f"`{line[:160]}{'…' if len(line) > 160 else ''}`"


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


def diff_schema() -> str:
    """JSON Schema of what ``surveyor diff --format json`` writes."""
    from pydantic import TypeAdapter

    from surveyor.remedy.diff.model import SCHEMA_VERSION, Diff

    schema: dict[str, Any] = TypeAdapter(Diff).json_schema(mode="serialization")
    schema["title"] = f"Surveyor diff {SCHEMA_VERSION}"
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "cli.md": cli,
    "settings.md": settings,
    "errors.md": errors,
    "events.md": events,
    "checks.md": checks,
    "formats.md": formats,
    "reports.md": reports,
    "metrics.md": metrics,
    "version-order.md": versions,
    "seo-cases.md": seo_cases,
    "ssrf-cases.md": ssrf_cases,
    "../explanation/priority.md": priority,
    "report.schema.json": report_schema,
    "diff.schema.json": diff_schema,
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
