"""Every format of a report: whole, bounded, the same each time, and hostile text stays text."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from benchmarks.reports import finding, report
from surveyor.scan.report import json as report_json
from surveyor.service import documents
from surveyor.service.actions import intake
from surveyor.service.documents import csv as rows
from surveyor.service.documents import html, model
from surveyor.service.documents import json as whole
from surveyor.service.documents.model import ProjectReport
from tests.samples import hostile_report, measurement

SPELLS = (
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1",
    "\uff1d1",
    "<script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}",
    '#import "x"; #panic[x] $x^2$ *bold* `raw` @label <l> \\u{41}',
    '"; drop table findings; --',
    'line\nbreak, and "quotes"',
)


def hostile() -> ProjectReport:
    """Each text of a finding a spell."""
    found = tuple(
        replace(
            finding(number),
            title=spell,
            description=spell,
            rule=spell,
            package=spell,
            fixed_in=(spell,),
            ids=(spell,),
            evidence=({"kind": "element", "where": spell, "value": spell},),
            recommended_fix={"summary": spell, "steps": [spell]},
            assets=(model.Asset(type="package", value=spell, artifact_name=spell, path=spell, layer=spell),),
            references=(f"https://x.example/{spell}", f"javascript:{spell}"),
        )
        for number, spell in enumerate(SPELLS, 1)
    )
    made = report(3)
    return replace(made, team=SPELLS[8], project=SPELLS[11], findings=found, findings_total=len(found))


def cells(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_json_holds_every_field_in_the_order_given_and_says_the_cut() -> None:
    made = report(5, total=12)
    told = json.loads(whole.write(made))
    assert told["cut"] == {"total": 12, "held": 5, "left_out": 7}
    assert [row["title"] for row in told["findings"]] == [row.title for row in made.findings]
    assert set(told["findings"][0]) == set(model.Finding.__dataclass_fields__)
    assert told["metrics"]["regression_rate"] is None
    assert told["coverage"]["with_gaps"] == 1
    assert told["coverage"]["not_set_up"] == ["slot.performance"]
    assert told["findings"][0]["assets"][0]["artifact_name"] == "shop-api-2.4.tar"


def test_csv_has_one_row_a_finding_with_crlf_and_a_byte_order_mark() -> None:
    made = report(5)
    content = rows.write(made)
    assert content.startswith(b"\xef\xbb\xbfseverity,")
    assert not rows.write(made, bom=False).startswith(b"\xef\xbb\xbf")
    table = cells(content)
    assert table[0] == list(rows.COLUMNS)
    assert len(table) == 6
    assert {len(row) for row in table} == {len(rows.COLUMNS)}
    assert content.endswith(b"\r\n")
    assert "CUT: 7 of 12 findings" in cells(rows.write(report(5, total=12)))[-1][rows.COLUMNS.index("title")]


def test_no_cell_of_a_csv_begins_a_formula() -> None:
    table = cells(rows.write(hostile()))
    assert len(table) == len(SPELLS) + 1
    for row in table[1:]:
        for value in row:
            assert not re.match(r"[\s]*[=+\-@\uff1d\t\r]", value), value
    title = rows.COLUMNS.index("title")
    assert [row[title] for row in table[1:]] == [
        f"'{spell}" if index < 8 else spell for index, spell in enumerate(SPELLS)
    ]


@given(st.text())
def test_any_text_is_a_cell_that_stays_text(text: str) -> None:
    made = rows.cell(text)
    assert not made[:1] or made[0] not in "=+-@\t\r\uff1d\uff0b\uff0d\uff20"
    assert made.removeprefix("'").startswith(text.replace("\0", "")[: rows.CELL].removeprefix("'"))


def test_html_stands_alone_and_runs_nothing() -> None:
    page = html.write(hostile()).decode()
    tree = LexborHTMLParser(page)
    assert not tree.css("script, img, iframe, object, embed, form, base, audio, video")
    assert len(tree.css("link")) == 0
    assert len(tree.css("style")) == 1
    assert not re.search(r"@import|url\(", tree.css_first("style").text())
    for node in tree.css("*"):
        assert not any(name.startswith("on") or name == "style" for name in node.attributes), node.html
        assert not (node.attributes.get("href") or "").startswith("javascript:")
    titles = [node.text() for node in tree.css("#findings article h3")]
    # what HTML folds is shown; the rest is there letter by letter
    assert titles[8] == f"9. {SPELLS[8]}"
    assert titles[10] == f"11. {SPELLS[10]}"
    policy = tree.css_first("meta[http-equiv]").attributes["content"]
    assert policy == html.policy()
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert tree.css_first("title").text() == f"Surveyor report: {SPELLS[11]}"


def test_html_says_what_was_cut_and_what_could_not_be_looked_at() -> None:
    text = LexborHTMLParser(html.write(report(5, total=12))).body.text()
    assert "7 of 12 are not in it" in text
    assert "The database is damaged" in text
    assert "1of 3 targets not looked at whole; 1 scanner not set up: performance" in " ".join(text.split())
    none = replace(report(0), targets=(), targets_total=0)
    none = replace(none, metrics=replace(none.metrics, computed_health=None, unrated=0))
    text = LexborHTMLParser(html.write(none)).body.text()
    assert "Health is unknown" in text
    assert "nothing is known about any of them" in text


def test_json_and_html_tell_how_pages_load() -> None:
    # as the service keeps them
    hostile_ones = report_json.decode(report_json.encode(hostile_report())).measurements
    kept = intake.measured(intake.measurements((measurement(), *hostile_ones)))
    assert kept[0] == measurement()
    target = replace(report(1).targets[0], measurements=kept)
    made = replace(report(1), targets=(target,))
    (first, *_) = json.loads(whole.write(made))["coverage"]["targets"][0]["measurements"]
    assert first["metrics"][0] == asdict(measurement())["metrics"][0]
    tree = LexborHTMLParser(html.write(made))
    rows_ = [" ".join(node.text(separator=" ").split()) for node in tree.css("#loads tbody tr")]
    assert rows_[:3] == [
        "Interaction to Next Paint 180 ms real visits",
        "Largest Contentful Paint 3.1 s needs improvement 3.0 s to 3.3 s in 3 runs laboratory",
        "Cumulative Layout Shift 0.010 good 0.010 to 0.010 in 3 runs laboratory",
    ]
    # on a line to half beyond what is poor: 2500, 3120 and 4000 of 6000
    parts = [node.attributes.get("x1") for node in tree.css("#loads tbody tr")[1].css("line")]
    assert parts == ["41.67%", "66.67%", "52.00%"]
    assert not tree.css("#loads script")


def test_all_four_formats_name_the_artifacts() -> None:
    for content in (whole.write(report(2)), rows.write(report(2)), html.write(report(2))):
        assert b"shop-api-2.4.tar" in content
    assert "pkg:npm/left-pad-1@1.2.3 (shop-api-2.4.tar, app/package-lock.json)" in rows.write(report(1)).decode()


def test_the_formats_for_reading_write_the_first_thousand_out_and_the_rest_in_brief() -> None:
    tree = LexborHTMLParser(html.write(report(1_003)))
    assert len(tree.css("#findings article")) == 1_000
    assert [node.text()[:5] for node in tree.css("#findings .brief")] == ["1001.", "1002.", "1003."]


@pytest.mark.parametrize("name", ["json", "csv", "html"])
async def test_ten_thousand_findings_are_written_at_once_and_alike(name: str, tmp_path: Path) -> None:
    made = report(10_000, total=12_000)
    await documents.render(name, report(1), tmp_path)
    content = await documents.render(name, made, tmp_path)
    assert content == await documents.render(name, made, tmp_path)
