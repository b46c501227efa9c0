"""What people read of a report: sentences that say what is known, and neither more nor less."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from benchmarks.reports import NOW, PSI, finding, report
from surveyor.service.documents import excerpt
from surveyor.service.documents.model import Asset, Entry, ProjectReport
from surveyor.service.documents.sheet import Gap, Item


def item(**changes: Any) -> Item:
    return excerpt.of(replace(report(1), findings=(replace(finding(2), **changes),))).findings[0]


def gap(**changes: Any) -> Gap:
    base = Entry(what="catalog.rpm", state="failed", reason=None, why=None, where=None, count=None)
    made = report(1)
    target = replace(made.targets[0], entries=(replace(base, **changes),))
    return excerpt.of(replace(made, targets=(target,))).places[0].gaps[0]


def healthy(**changes: Any) -> ProjectReport:
    made = report(0)
    whole = replace(made, targets=made.targets[2:], targets_total=1)
    return replace(whole, metrics=replace(made.metrics, **changes))


def test_an_asset_says_which_artifact_it_is_in() -> None:
    layer = "sha256:" + "c" * 64
    place = Asset(type="package", value="pkg:pypi/a@1", artifact_name="one.whl", path="a/METADATA", layer=layer)
    made = item(assets=(place, Asset(type="url", value="https://a.example/")), assets_total=2)
    assert [(quote.where, quote.value) for quote in made.places] == [
        ("one.whl, a/METADATA, layer sha256:cccccccccccc", "pkg:pypi/a@1"),
        ("", "https://a.example/"),
    ]
    assert made.absent == ""


def test_what_is_not_there_any_more_says_since_when() -> None:
    gone = {"assets": (), "assets_total": 0}
    assert item(**gone, not_seen_since=NOW - timedelta(days=2)).absent == "Not seen since 3 Mar 2026."
    assert item(**gone).absent == "Not known."


def test_of_a_sites_pages_what_was_seen_is_quoted_behind_how_many_there_are() -> None:
    group = ({"kind": "pages", "value": "on 2 of 9 pages"}, {"kind": "template", "where": "1f10", "value": "/: on 2"})
    seen = tuple({"kind": "element", "where": f"p{number}", "value": "x"} for number in range(5))
    made = item(evidence=(*group, *seen))
    assert [quote.value for quote in made.evidence] == ["on 2 of 9 pages", "x", "x", "x"]
    held = replace(report(excerpt.WHOLE + 1), findings=(replace(finding(2), evidence=(*group, *seen)),) * 1_001)
    assert excerpt.of(held).brief[0].evidence == "p0 x"


def test_what_is_not_set_up_is_named_as_people_call_it() -> None:
    target = replace(report(1).targets[0], not_set_up=("gather.browser", "slot.performance"))
    told = excerpt.of(replace(report(1), targets=(target,))).not_set_up
    assert told == "2 parts not set up: the page in a browser, performance"


def test_the_brief_form_names_the_artifact_too() -> None:
    brief = excerpt.of(report(excerpt.WHOLE + 1)).brief[0]
    assert brief.place.startswith("shop-api-2.4.tar and ")


@pytest.mark.parametrize(
    ("summary", "fixed_in", "told"),
    [
        ("Upgrade lodash to 4.17.11 or later", ("4.17.11",), ("Upgrade lodash to 4.17.11 or later.", "")),
        ("Upgrade lodash to 4.17.11", ("4.17.11",), ("Upgrade lodash to 4.17.11.", "")),
        ("Upgrade lodash to 14.17.11", ("4.17.11",), ("Upgrade lodash to 14.17.11.", "4.17.11")),
        ("Upgrade it", ("1.2", "2.0"), ("Upgrade it.", "1.2, 2.0")),
        ("Is it needed?", ("1.2",), ("Is it needed?", "1.2")),
        ("", ("1.2",), ("", "1.2")),
    ],
)
def test_the_fix_is_sentences(summary: str, fixed_in: tuple[str, ...], told: tuple[str, str]) -> None:
    made = item(recommended_fix={"summary": summary, "steps": []}, fixed_in=fixed_in)
    assert (made.fix, made.versions) == told


@pytest.mark.parametrize(
    ("reason", "why", "told"),
    [
        ("not_configured", PSI, PSI),
        ("malformed", "my_package_lock.json: bad_name is cut short", "my_package_lock.json: bad_name is cut short"),
        ("malformed", "my_file", "my_file"),
        ("limit_exceeded", "limit_exceeded", "limit exceeded"),
        ("Odd_Name", "Odd_Name", "Odd_Name"),
        (None, None, ""),
    ],
)
def test_only_a_code_is_turned_into_words(reason: str | None, why: str | None, told: str) -> None:
    assert gap(reason=reason, why=why).why == told


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("slot.performance", "performance"),
        ("catalog.rpm", "catalog · rpm"),
        ("check.security_header_csp", "check · security header csp"),
        ("advisories.Alpine:v3.18", "advisories · Alpine:v3.18"),
        ("advisories.my_Feed", "advisories · my_Feed"),
        ("advisories", "advisories"),
    ],
)
def test_the_names_of_others_stay_letter_by_letter(what: str, told: str) -> None:
    assert gap(what=what).what == told


def test_what_nobody_set_up_is_neither_whole_nor_a_failure() -> None:
    sheet = excerpt.of(report(1))
    assert [(place.tone, place.word) for place in sheet.places] == [
        ("gaps", "not looked at whole"),
        ("set_up", "looked at with all that is set up; 1 scanner not set up: performance"),
        ("whole", "looked at whole"),
    ]
    assert (sheet.gaps, sheet.not_set_up) == (1, "1 scanner not set up: performance")


def test_the_number_says_what_it_cannot_know() -> None:
    assert excerpt.of(healthy(computed_health=90)).health_words == ("Health of 100, computed from open findings",)
    assert excerpt.of(healthy(computed_health=90, unrated=2)).health_words[1] == (
        "2 open findings not rated by anybody, counting nothing"
    )
    assert excerpt.of(report(3)).health_words[-1] == "not everything was looked at"


def test_no_number_says_why() -> None:
    unrated = healthy(computed_health=None, unrated=2, open_findings=2)
    assert excerpt.of(unrated).health_words == ("Health is unknown: 2 open findings, not rated by anybody",)
    blind = healthy(computed_health=None)
    assert excerpt.of(blind).health_words == ("Health is unknown: no scan could look at anything and judge it",)
