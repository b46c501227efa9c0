"""The PDF: a real, tagged one, typeset in a process that is bounded and killed when it is not wanted any more."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import struct
import zlib
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pypdf
import pytest

from benchmarks.reports import finding, report
from surveyor.service.documents import pdf
from surveyor.service.documents.model import Asset, ProjectReport
from tests.samples import measurement
from tests.unit.service.documents.test_formats import SPELLS, hostile


def read(content: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(content))


def words(reader: pypdf.PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def bookmarks(items: list[object]) -> Iterator[str]:
    for item in items:
        if isinstance(item, list):
            yield from bookmarks(item)
        else:
            yield str(item.title)  # type: ignore[attr-defined]


def png(width: int = 7, height: int = 5) -> bytes:
    """A grey picture (PNG, third edition)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x80" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def titled(*titles: str) -> ProjectReport:
    found = tuple(replace(finding(number), title=title) for number, title in enumerate(titles, 1))
    return replace(report(1), findings=found, findings_total=len(found))


async def test_it_is_tagged_has_bookmarks_and_page_numbers_and_says_the_cut(tmp_path: Path) -> None:
    reader = read(await pdf.write(report(40, total=12_345), tmp_path))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in root
    assert root["/Lang"] == "en"
    assert b"<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_object().get_data()
    assert reader.metadata is not None
    assert reader.metadata.title == "Surveyor report: Web shop"
    marks = list(bookmarks(reader.outline))
    assert {"In numbers", "Findings", "Coverage: what could not be looked at"} <= set(marks)
    assert "2. CVE-2026-00002: npm/left-pad-2" in marks
    text = words(reader)
    assert f"Page 2 of {len(reader.pages)}" in text
    assert "12,305 of 12,345 are not in it" in text
    assert "default-src * 'unsafe-inline'" in text
    assert "The database is damaged" in text
    assert "shop-api-2.4.tar, app/package-lock.json" in text
    assert "of 3 targets not looked at whole; 1 scanner not set up: performance" in text
    assert "set SURVEYOR_PSI_KEY" in text
    assert not any("/JavaScript" in str(page.get("/AA", "")) for page in reader.pages)


def pictured(*pictures: str) -> ProjectReport:
    """One finding a picture, of a page that was measured."""
    found = tuple(
        replace(finding(number), evidence=({"kind": "element", "where": f"p{number}", "value": "x", "picture": one},))
        for number, one in enumerate(pictures, 1)
    )
    target = replace(report(1).targets[0], measurements=(measurement(),))
    return replace(report(1), findings=found, findings_total=len(found), targets=(target,))


async def test_it_shows_how_pages_load_and_what_elements_look_like(tmp_path: Path) -> None:
    reader = read(await pdf.write(pictured(f"data:image/png;base64,{b64encode(png()).decode()}"), tmp_path))
    assert "How pages load" in list(bookmarks(reader.outline))
    text = words(reader)
    assert "https://shop.test/ Laboratory, Chrome/156, mobile, slow conditions applied" in text
    assert "Largest Contentful Paint 3.1 s needs improvement 3.0 s to 3.3 s in 3 runs laboratory" in text
    assert "The page loads more than is let through." in text
    drawn = [one.get_object() for page in reader.pages for one in page["/Resources"].get("/XObject", {}).values()]
    assert [(one["/Width"], one["/Height"]) for one in drawn if one["/Subtype"] == "/Image"] == [(7, 5)]


async def test_a_picture_that_cannot_be_read_costs_no_report(tmp_path: Path) -> None:
    junk = b64encode(b"RIFF" + b"x" * 40).decode()
    bad = pictured(f"data:image/webp;base64,{junk}", "data:image/jpeg;base64,AAA=", "data:image/png;base64,A")
    assert "2. CVE-2026-00002: npm/left-pad-2" in words(read(await pdf.write(bad, tmp_path)))


async def test_the_same_report_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = await pdf.write(report(20), tmp_path), await pdf.write(report(20), tmp_path)
    assert first == second
    assert list(tmp_path.iterdir()) == []


async def test_hostile_text_is_set_and_not_obeyed(tmp_path: Path) -> None:
    reader = read(await pdf.write(hostile(), tmp_path))
    text = words(reader)
    for spell in (SPELLS[0], SPELLS[8], SPELLS[10], '#import "x"; #panic[x] $x^2$ *bold* `raw` @label <l>'):
        assert spell in text
    assert reader.metadata is not None
    assert reader.metadata.title == f"Surveyor report: {SPELLS[11]}"


async def test_what_no_font_has_is_a_blank_and_what_hides_is_shown(tmp_path: Path) -> None:
    strange = ("private \ue000\ue001", "noncharacter \U0010fffd", "turned \u202eround\u202c", "zero\u200bwidth\ufeff")
    text = words(read(await pdf.write(titled(*strange, "plain Ελληνικά"), tmp_path)))
    assert "\u25af" in text
    assert "⟨U+202E⟩round" in text
    assert "zero⟨U+200B⟩width⟨U+FEFF⟩" in text
    assert "plain Ελληνικά" in text


async def test_a_long_finding_goes_on_over_the_page(tmp_path: Path) -> None:
    long = replace(
        finding(1),
        title="t" * 500,
        description="word " * 400,
        evidence=tuple({"where": f"w{n}", "value": "x\n" * 150 + f"end {n}"} for n in range(9)),
        recommended_fix={"summary": "fix " * 300, "steps": [f"step {n} " * 30 for n in range(30)]},
    )
    made = replace(report(1), findings=(long,), findings_total=1)
    reader = read(await pdf.write(made, tmp_path))
    assert len(reader.pages) > 4
    assert "Decided by" in words(reader)


async def test_what_cannot_be_broken_stays_in_its_box_and_is_copied_as_it_was(tmp_path: Path) -> None:
    run = "A" * 3_000
    long = replace(
        finding(1),
        title="T" * 300,
        description="D" * 700,
        evidence=(
            {"where": "w" * 200, "value": f'<button class="{run}">'},
            {"where": "img", "value": f"data:image/png;base64,{run}"},
        ),
        recommended_fix={"summary": "F" * 600, "steps": ["S" * 200]},
        assets=(Asset(type="url", value=f"https://shop.example/{run}"), Asset(type="package", value="=" * 300)),
        references=(f"https://advisories.example/{run}",),
    )
    target = replace(report(1).targets[0], name="N" * 200)
    made = replace(report(1), findings=(long,), findings_total=1, project="P" * 200, team="M" * 200, targets=(target,))
    reader = read(await pdf.write(made, tmp_path))
    lines = [line for page in reader.pages for line in page.extract_text().splitlines()]
    # more letters in one go than a line has room for would be off the paper
    assert max(len(word) for line in lines for word in line.split()) < 100
    joined = "".join("".join(lines).split())
    assert "A" * 300 in joined
    assert "T" * 299 in joined
    assert "\u200b" not in joined
    assert "data:image/png;base64,AAA" in joined


async def test_a_finding_flows_over_the_page_and_its_head_is_never_alone(tmp_path: Path) -> None:
    reader = read(await pdf.write(report(120), tmp_path))
    pages = [" ".join(page.extract_text().split()) for page in reader.pages]
    # a page used to be left half empty wherever a finding did not fit
    assert len(pages) < 120 / 3.2
    for page in pages[2:-1]:
        head = page.rpartition(": npm/left-pad-")[2] or page
        assert "Evidence" in head or "Affects" in head or "Fix" in head, page[-200:]


async def test_the_time_is_bounded_and_nothing_stays_behind(tmp_path: Path) -> None:
    with pytest.raises(pdf.NotTypeset, match="took more than"):
        await pdf.write(report(3_000), tmp_path, seconds=0.3)
    assert list(tmp_path.iterdir()) == []
    assert not typesetters()


async def test_the_memory_is_bounded(tmp_path: Path) -> None:
    with pytest.raises(pdf.NotTypeset, match="typesetting failed"):
        await pdf.write(report(3_000), tmp_path, memory=200 << 20)
    assert list(tmp_path.iterdir()) == []


async def test_cancelled_it_leaves_no_process(tmp_path: Path) -> None:
    writing = asyncio.ensure_future(pdf.write(report(3_000), tmp_path))
    while not typesetters():
        await asyncio.sleep(0.01)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert not typesetters()
    assert list(tmp_path.iterdir()) == []


def typesetters() -> list[psutil.Process]:
    found = []
    for child in psutil.Process(os.getpid()).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            found += [child] if any("typeset.py" in word for word in child.cmdline()) else []
    return found
