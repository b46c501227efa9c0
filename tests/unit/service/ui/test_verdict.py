"""A scan that could not look at everything is never shown as clean, and says what and where."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from surveyor import scan as scanner
from surveyor.scan.vocabulary import spoken
from surveyor.service.store.scans import Scan, Slot
from surveyor.service.ui import rows
from surveyor.service.ui.grades import grades
from surveyor.service.ui.health import health
from surveyor.service.ui.render import fragment
from surveyor.service.ui.verdict import judge, label, looked_at

NOW = datetime(2026, 11, 21, tzinfo=UTC)
COUNTS = {"critical": 0, "high": 1, "medium": 0, "low": 0, "unknown": 2}


def scan(**values: Any) -> Scan:
    common: dict[str, Any] = {
        "id": uuid4(),
        "team_id": uuid4(),
        "project_id": uuid4(),
        "kind": "artifact",
        "status": "done",
        "trigger": "manual",
        "url": None,
        "artifact_id": uuid4(),
        "name": "shop.jar",
        "inserted_at": NOW,
        "updated_at": NOW,
    }
    return Scan(**{**common, **values})


def test_done_with_everything_looked_at_is_complete() -> None:
    run = scan(coverage=({"what": "catalog.jar", "state": "looked", "count": 3},), summary={"findings": COUNTS})
    assert judge(run).key == "complete"
    assert rows.found(run).total == 3


@pytest.mark.parametrize("state", ["partial", "failed", "missing"])
def test_any_gap_makes_it_partial_and_is_named_with_its_place(state: str) -> None:
    entry = {
        "what": "catalog.jar",
        "state": state,
        "detail": "cut short",
        "path": "lib/a.jar",
        "layer": "sha256:" + "a" * 64,
    }
    verdict = judge(scan(coverage=(entry,), summary={"findings": COUNTS}))
    assert verdict.key == "partial"
    assert verdict.reasons == ("Java archives: cut short (lib/a.jar · layer sha256:aaaaaaaaaaaa)",)


@pytest.mark.parametrize("state", ["skipped", "not_configured"])
def test_what_nobody_asked_for_is_no_gap(state: str) -> None:
    run = scan(coverage=({"what": "slot.performance", "state": state},))
    assert judge(run).key == "complete"
    assert looked_at(run).gaps == 0


def test_a_failed_slot_that_coverage_does_not_mention_is_a_gap() -> None:
    run = scan(
        kind="web", scanner_status={"seo": Slot(state="failed", reason="unreachable"), "security": Slot(state="done")}
    )
    assert judge(run).key == "partial"
    assert judge(run).reasons == ("SEO: It could not be reached.",)


def test_without_advisories_zero_is_not_a_number() -> None:
    zero = dict.fromkeys(COUNTS, 0)
    run = scan(coverage=({"what": "advisories", "state": "missing", "reason": "missing"},), summary={"findings": zero})
    assert judge(run).no_advisories
    assert rows.found(run).counts is None
    assert rows.scan(run).counts is None


@pytest.mark.parametrize("status", ["failed", "cancelled", "queued", "running"])
def test_what_is_not_done_is_called_by_its_name(status: str) -> None:
    assert judge(scan(status=status)).key == status


def test_a_failed_scan_has_no_count_and_does_not_repeat_its_reason() -> None:
    run = scan(
        status="failed",
        error="no known format",
        coverage=({"what": "slot.artifact", "state": "failed", "detail": "no known format", "asset": "x"},),
        summary={"findings": COUNTS},
    )
    assert rows.found(run).counts is None
    assert (judge(run).why, judge(run).reasons) == ("no known format", ())


def test_many_reasons_are_cut_and_counted_and_the_worst_come_first() -> None:
    entries = [{"what": f"catalog.c{n}", "state": "partial", "detail": "cut"} for n in range(9)]
    run = scan(coverage=(*entries, {"what": "advisories", "state": "missing", "detail": "none"}))
    reasons = judge(run).reasons
    assert reasons[0] == "Advisory database: none"
    assert reasons[-1] == "and 5 more"


def test_gaps_stand_first_and_empty_catalogers_share_a_line() -> None:
    run = scan(
        coverage=(
            {"what": "acquire.layer", "state": "looked", "count": 2, "layer": "sha256:1"},
            {"what": "acquire.layer", "state": "looked", "count": 5, "layer": "sha256:2"},
            {"what": "catalog.apk", "state": "looked", "count": 0},
            {"what": "catalog.dpkg", "state": "looked", "count": 0},
            {"what": "catalog.npm", "state": "looked", "count": 4},
            {"what": "catalog.jar", "state": "partial", "detail": "cut"},
        )
    )
    lines = [(entry.what, entry.why) for entry in looked_at(run).entries]
    assert lines[0] == ("Java archives", "cut")
    assert ("Layers", "2 read to their end, 7 entries") in lines
    assert ("Looked for, none there", "Alpine packages, Debian packages") in lines
    assert len(lines) == 4


def test_many_kinds_of_which_nothing_is_there_fold_away_by_their_names() -> None:
    units = ("bun", "cocoapods", "conda", "cran", "dotnet", "gem", "go", "julia")
    run = scan(
        coverage=(
            {"what": "catalog.apk", "state": "looked", "count": 0},
            {"what": "catalog", "state": "looked", "count": 8, "detail": f"looked for and not met: {', '.join(units)}"},
        )
    )
    (line,) = looked_at(run).entries
    assert (line.what, line.why) == ("Looked for, none there", "9 kinds of packages")
    assert line.names.startswith(".NET packages, Alpine packages, Conda packages, Go modules")


def test_what_a_line_counts_is_said_with_it() -> None:
    run = scan(
        coverage=(
            {"what": "analysis", "state": "partial", "count": 18},
            {"what": "slot.seo", "state": "looked", "count": 7, "detail": "7 checks"},
            {"what": "slot.accessibility_model", "state": "looked", "count": 1},
            {"what": "catalog.jar", "state": "looked", "count": 1},
            {"what": "catalog.declared", "state": "skipped", "reason": "not_read", "count": 2},
        )
    )
    lines = {entry.what: entry.counted for entry in looked_at(run).entries}
    assert lines == {
        "Analysis by a model": "18 findings judged",
        "SEO": "",
        "Accessibility, by a model": "1 class of barriers named",
        "Java archives": "1 package",
        "Declared dependencies": "2 files",
    }


def test_the_health_of_a_run_is_ours_and_a_models_or_nothing() -> None:
    assert health(scan(status="running", summary={"computed_health": 80})) is None
    assert health(scan(summary={"findings": COUNTS})) is None
    ours = health(scan(summary={"findings": COUNTS, "computed_health": 83}))
    assert ours is not None
    assert (ours.ours, ours.unrated, ours.gaps, ours.model) == (83, 2, False, None)
    entry = {"what": "catalog.jar", "state": "failed", "detail": "cut"}
    told = health(scan(summary={"health_score": 200, "summary": "x" * 9_000, "model": 7}, coverage=(entry,)))
    assert told is not None
    assert told.model is not None
    assert (told.ours, told.gaps, told.model.name, told.model.score) == (None, True, "A language model", None)
    assert len(told.model.paragraph) == 2_000


def test_a_scanner_that_nobody_set_up_is_no_gap_where_coverage_does_not_mention_it_either() -> None:
    run = scan(kind="web", scanner_status={"performance": Slot(state="failed", reason="not_configured")})
    assert judge(run).key == "complete"
    assert [(entry.state, entry.word) for entry in looked_at(run).entries] == [("not_configured", "not set up")]
    assert looked_at(run).gaps == 0


def test_of_a_cancelled_run_every_scanner_that_had_not_ended_was_not_looked_at() -> None:
    stopped = {"reason": "cancelled", "state": "failed"}
    slots = {
        "seo": Slot(state="done"),
        "security": Slot(**stopped, started_at=NOW.isoformat()),
        "accessibility": Slot(**stopped),
    }
    looked = looked_at(scan(kind="web", status="cancelled", scanner_status=slots))
    told = {entry.what: (entry.word, entry.why) for entry in looked.entries}
    assert told["SEO"] == ("looked at", None)
    assert told["Security"] == ("not looked at", "Cancelled before it was done.")
    assert told["Accessibility"] == told["Performance"] == ("not looked at", "Cancelled before it began.")
    assert looked.gaps == 3
    # cancelled while it waited: it never had any scanner
    assert [entry.word for entry in looked_at(scan(status="cancelled")).entries] == ["not looked at"]


def test_a_scanner_that_is_not_set_up_has_not_failed() -> None:
    slots = {"seo": Slot(state="done"), "performance": Slot(state="failed", reason="not_configured")}
    run = scan(kind="web", scanner_status=slots)
    (line,) = [entry for entry in looked_at(run).entries if entry.what == "Performance"]
    assert (line.state, line.word) == ("not_configured", "not set up")
    assert (line.how or "").startswith("https://")
    assert (judge(run).key, looked_at(run).gaps) == ("complete", 0)


def test_a_name_is_said_once() -> None:
    entry = {"what": "acquire.file", "state": "failed", "detail": "outer file: the tar is cut off"}
    run = scan(coverage=(entry, {"what": "acquire.remains", "state": "failed", "detail": "cut short"}))
    assert judge(run).reasons == ("Outer file: the tar is cut off", "Cut-off image: cut short")
    assert looked_at(run).entries[0].why == "the tar is cut off"


def test_every_part_of_a_file_has_a_name_of_its_own() -> None:
    source = "".join(path.read_text() for path in Path(scanner.__file__).parent.rglob("*.py"))
    parts = set(re.findall(r'"(acquire\.[a-z]+)"', source))
    assert len(parts) >= 5
    assert {part for part in parts if label(part) == spoken(part)} == set()


def test_scanners_of_a_page_stand_in_one_order_whichever_ended_first() -> None:
    ended = ("seo", "accessibility", "performance", "security")
    entries = tuple({"what": f"slot.{name}", "state": "looked"} for name in ended)
    run = scan(kind="web", coverage=(*entries, {"what": "links", "state": "looked"}))
    assert [one.what for one in looked_at(run).entries][:4] == ["Performance", "Security", "SEO", "Accessibility"]
    told = [{"scanner": name, "profile": name, "tests": []} for name in ended]
    assert [one.name for one in grades(scan(kind="web", summary={"scores": told}))] == [
        "performance",
        "security",
        "seo",
        "accessibility",
    ]


def test_what_several_scanners_tell_of_one_thing_is_one_line() -> None:
    lacking = {"what": "gather.browser", "state": "not_configured", "detail": "no Chromium", "asset": "https://a.test/"}
    coverage = tuple({**lacking, "slot": slot} for slot in ("seo", "security", "accessibility"))
    run = scan(kind="web", coverage=(*coverage, {**lacking, "asset": "https://a.test/2"}), url="https://a.test/")
    lines = [line for line in looked_at(run).entries if line.what == "The page in a browser"]
    assert [line.at for line in lines] == ["https://a.test/", "https://a.test/2"]


def test_while_scanners_run_what_was_found_is_counted() -> None:
    run = scan(kind="web", status="running", url="https://a.test/")
    values = {"found": rows.found(run), "verdict": judge(run), "health": None, "kind": "web"}
    assert "Nothing has been judged yet" in fragment("_found.html", **values, findings={"total": 0})
    told = fragment("_found.html", **values, findings={"total": 8})
    assert ">8<" in told
    assert "Nothing has been judged" not in told


def test_points_stand_alone_and_what_they_lie_between_beside_them() -> None:
    told = {"profile": "x", "score": 96, "lowest": 95, "highest": 97}
    more = {**told, "lowest": 96, "highest": 96, "asset": "https://a.test/2"}
    (grade, same) = grades(scan(summary={"scores": [told, more]}))
    assert (grade.points, grade.span, same.span) == ("96", "95 to 97", "")
    # of one kind there are several, so each says of which page it is
    assert (same.page, grades(scan(summary={"scores": [more]}))[0].page) == ("https://a.test/2", "")


def test_rules_that_one_thing_kept_from_looking_are_one_gap() -> None:
    lost = {"state": "partial", "reason": "unreachable", "detail": "axe: no answer in time", "asset": "https://a.test/"}
    rules = tuple({**lost, "what": f"check.accessibility_{name}"} for name in ("blink", "bypass", "marquee"))
    other = {**lost, "what": "check.accessibility_lang", "detail": "tree: too large"}
    run = scan(kind="web", url="https://a.test/", coverage=(*rules, other), summary={"findings": COUNTS})
    found = looked_at(run)
    assert (found.gaps, found.entries[0].what, found.entries[0].counted) == (2, "Rules that could not look", "3 rules")
    assert judge(run).reasons[0] == "Rules that could not look: axe: no answer in time (https://a.test/)"
