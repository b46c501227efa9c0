"""The W3C's test cases for accessibility rules (ACT) against ours, with a browser and by markup alone.

    python -m benchmarks act [--folder FOLDER] [--rules ID …]

Every page of ``testcases.json`` is served on loopback under the path that the W3C serves it at, loaded in one
Chromium as a scan loads it, and judged by every check that names the case's rule. A case is flagged when one of those
finds something; what is only to be reviewed flags nothing. Of rules that no check names nothing is flagged. Writes
``docs/reference/act.md``, when all rules were asked for.

Which cases are looked at while rules are written is decided by a hash: ``kept`` ones are not, and show whether a rule
was written for what it says or for its cases.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self
from urllib.parse import unquote, urlsplit

from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check
from surveyor.scan.check.registry import CHECKS
from surveyor.scan.errors import ScanError
from surveyor.scan.evidence import Page, Rendered
from surveyor.scan.gather import Errand, browser, http
from surveyor.scan.model import Domain
from surveyor.scan.net import Client
from surveyor.scan.net.browser.visits import Visits
from surveyor.scan.settings import AllowedHost, Settings
from tests import browser as browsers

REPORT = Path(__file__).resolve().parents[1] / "docs/reference/act.md"
SHARED = Path(__file__).resolve().parents[2] / "shared/fixtures/act"
PREFIX = "/WAI/content-assets/wcag-act-rules/"
#: Cases of one browser, whose processor time is bounded.
_A_BROWSER = 60
_SECONDS = 60.0
_REVIEW = "review"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One page of one rule; ``kept`` ones are not looked at while rules are written."""

    id: str
    rule: str
    name: str
    path: str
    failed: bool
    approved: bool

    @property
    def kept(self) -> bool:
        """Whether it belongs to the half that is kept apart."""
        return hashlib.sha256(self.id.encode()).digest()[0] & 1 == 1


@dataclass(slots=True)
class Tally:
    """How often a verdict agreed: failed cases that were flagged or not, others that were flagged."""

    cases: int = 0
    true: int = 0
    false: int = 0
    missed: int = 0

    def count(self, *, failed: bool, flagged: bool) -> None:
        """One case."""
        self.cases += 1
        self.true += failed and flagged
        self.false += flagged and not failed
        self.missed += failed and not flagged

    @property
    def precision(self) -> float | None:
        """Of what was flagged, what should be."""
        return self.true / (self.true + self.false) if self.true + self.false else None

    @property
    def recall(self) -> float | None:
        """Of what should be flagged, what was."""
        return self.true / (self.true + self.missed) if self.true + self.missed else None


def cases(folder: Path) -> list[Case]:
    """Every case with its page in the folder, in the file's order."""
    told = json.loads((folder / "testcases.json").read_text("utf-8"))["testcases"]
    return [
        Case(
            id=one["testcaseId"],
            rule=one["ruleId"],
            name=one["ruleName"],
            path=one["relativePath"],
            failed=one["expected"] == "failed",
            approved=bool(one.get("approved")),
        )
        for one in told
    ]


def by_rule() -> dict[str, list[Check]]:
    """Our checks by the W3C's rule that they decide, in part or whole."""
    found: dict[str, list[Check]] = defaultdict(list)
    for check in CHECKS[Domain.ACCESSIBILITY]:
        for rule in check.act:
            found[rule].append(check)
    return found


def flagging(checks: Iterable[Check], page: Page, rendered: Rendered | None) -> set[str]:
    """The checks that find something in a page, by id; by its markup alone where nothing ``rendered`` it."""
    if not page.is_html:
        return set()
    document = Document(page, rendered)
    found = set[str]()
    for check in checks:
        if check.page is not None:
            outcomes = check.page(document)
        elif check.rendered is not None and rendered is not None:
            outcomes = check.rendered(document, rendered)
        else:
            continue
        if any(outcome.key != _REVIEW for outcome in outcomes):
            found.add(check.id)
    return found


class Served:
    """The folder on loopback, as the W3C serves it."""

    def __init__(self, folder: Path) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, directory=str(folder)))
        self._server.daemon_threads = True
        self.port: int = self._server.server_port

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def url(self, path: str) -> str:
        """Where a file is."""
        return f"http://127.0.0.1:{self.port}{PREFIX}{path}"


class _Handler(SimpleHTTPRequestHandler):
    def translate_path(self, path: str) -> str:
        return super().translate_path("/" + unquote(urlsplit(path).path).removeprefix(PREFIX).lstrip("/"))

    def log_message(self, *_: object) -> None:
        pass


class Visitor:
    """Loads pages as a scan does, in one browser for many."""

    def __init__(self, executable: str, settings: Settings) -> None:
        self._executable, self._settings = executable, settings
        self._client = Client(settings)
        self._visits = Visits(self._client, executable)
        self._done = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._visits.close()

    def visit(self, url: str) -> tuple[Page, Rendered | None]:
        """What was fetched, and what a browser made of it, of HTML alone; raises as gathering does."""
        self._done += 1
        if self._done % _A_BROWSER == 0:
            self._visits.close()
            self._visits = Visits(self._client, self._executable)
        deadline = time.monotonic() + _SECONDS
        errand = Errand(url=url, settings=self._settings, client=self._client, deadline=deadline, visits=self._visits)
        page = http.gather(errand)
        return page, browser.gather(replace(errand, page=lambda: page)) if page.is_html else None


def judged(
    folder: Path, wanted: list[Case], executable: str, say: Callable[[str], None] = print
) -> Iterator[tuple[Case, set[str], set[str]]]:
    """Each case with the checks that flag it in a browser, and by its markup."""
    ours = by_rule()
    with Served(folder) as served:
        settings = Settings(allow_hosts=(AllowedHost(host="127.0.0.1", port=served.port),), browser=executable)
        with Visitor(executable, settings) as visitor:
            for case in wanted:
                checks = ours.get(case.rule, [])
                if not checks:
                    yield case, set(), set()
                    continue
                try:
                    page, rendered = visitor.visit(served.url(case.path))
                except ScanError as error:
                    say(f"{case.path}: {error}")
                    yield case, set(), set()
                    continue
                if rendered is not None and rendered.missed:
                    say(f"{case.path}: {dict(rendered.missed)}")
                seen = set() if rendered is None else flagging(checks, page, rendered)
                yield case, seen, flagging(checks, page, None)


def report(found: list[tuple[Case, set[str], set[str]]]) -> str:
    """The page of the table."""
    ours = by_rule()
    rules: dict[str, tuple[Tally, Tally]] = defaultdict(lambda: (Tally(), Tally()))
    totals: dict[str, tuple[Tally, Tally]] = defaultdict(lambda: (Tally(), Tally()))
    names = {case.rule: case.name + ("" if case.approved else " *") for case, _, _ in found}
    for case, seen, static in found:
        groups = [totals["all"], totals["kept apart" if case.kept else "looked at"], rules[case.rule]]
        if ours.get(case.rule):
            groups.append(totals["of rules that checks decide"])
        if case.approved:
            groups.append(totals["of approved rules"])
        for with_browser, without in groups:
            with_browser.count(failed=case.failed, flagged=bool(seen))
            without.count(failed=case.failed, flagged=bool(static))
    head = _HEAD.format(cases=len(found), failed=sum(case.failed for case, _, _ in found), rules=len(rules))
    order = ("all", "looked at", "kept apart", "of rules that checks decide", "of approved rules")
    sums = "\n".join(_row(f"{name}", totals[name]) for name in order)
    lines = "\n".join(
        _row(f"`{rule}` | {names[rule]} | {_checks(ours.get(rule, []))}", rules[rule]) for rule in sorted(rules)
    )
    columns = (
        "cases | failed | flagged rightly | wrongly | precision | recall | by markup: rightly | wrongly | recall |"
    )
    return (
        f"{head}\n| cases | {columns}\n|---|{'---:|' * 9}\n{sums}\n\n## By rule\n\n"
        "A rule with * is proposed, and not yet approved by the W3C.\n\n"
        f"| rule | what | checks | {columns}\n|---|---|---|{'---:|' * 9}\n{lines}\n"
    )


_HEAD = """<!-- written by `make bench ARGS="act"`; edit the code instead -->

# The W3C's test cases (ACT)

{cases} cases of {rules} rules for accessibility, {failed} of them of pages that break a rule, against Surveyor's checks
alone, without a language model. How it is measured, and what needs people, is in
[how accessibility is judged](../explanation/accessibility.md).
"""


def _checks(checks: list[Check]) -> str:
    return ", ".join(f"`{check.id.removeprefix('accessibility_')}`" for check in checks) or "none"


def _row(name: str, tallies: tuple[Tally, Tally]) -> str:
    seen, static = tallies
    return (
        f"| {name} | {seen.cases} | {seen.true + seen.missed} | {seen.true} | {seen.false} | {_share(seen.precision)}"
        f" | {_share(seen.recall)} | {static.true} | {static.false} | {_share(static.recall)} |"
    )


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def main(arguments: list[str]) -> int:
    """Measure; 1 where the bar is not held."""
    parser = argparse.ArgumentParser(prog="act", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--folder", type=Path, default=SHARED)
    parser.add_argument("--rules", nargs="*", default=[])
    parser.add_argument("--list", action="store_true", help="name the looked-at cases that were judged wrongly")
    asked = parser.parse_args(arguments)
    executable = browsers.find()
    if executable is None:
        sys.exit("no Chromium is installed")
    wanted = [case for case in cases(asked.folder) if not asked.rules or case.rule in asked.rules]
    found = []
    for case, seen, static in judged(asked.folder, wanted, executable):
        found.append((case, seen, static))
        if asked.list and not case.kept and bool(seen) is not case.failed:
            print(f"{case.rule} {'missed' if case.failed else 'wrong'} {case.path} {sorted(seen)}", flush=True)
    total = Tally()
    for case, seen, _ in found:
        total.count(failed=case.failed, flagged=bool(seen))
    print(f"{total.cases} cases: precision {_share(total.precision)}, recall {_share(total.recall)}")
    print(Counter(len(seen) > 0 for _, seen, _ in found))
    if asked.rules:
        return 0
    REPORT.write_text(report(found), "utf-8")
    return 0 if (total.precision or 0) >= 0.98 and (total.recall or 0) >= 0.60 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
