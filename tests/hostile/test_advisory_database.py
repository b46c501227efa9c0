"""A database that somebody made up: whatever stands in its cells, it is matched with or it is ``Malformed``."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import orjson
import pytest
import zstandard

from surveyor.scan.advise.build import Builder
from surveyor.scan.advise.match import advise
from surveyor.scan.advise.record import Advisory, Affected, Exploited, Fact, Mark
from surveyor.scan.advise.snapshot import open_snapshot, status
from surveyor.scan.errors import Malformed
from surveyor.scan.events import Progress
from surveyor.scan.report import html, sarif
from surveyor.scan.report import json as report_json
from tests import reports

ODD: tuple[object, ...] = (
    None,
    0,
    -1,
    3.5,
    "",
    "x",
    "2026",
    b"",
    b"[",
    b"[]",
    b"\xff\xfe",
    b'[["a"],""]',
    "i\x1f0\x1ef",
    1 << 62,
)
WORDS: tuple[object, ...] = (None, True, 7, 1.5, "x", "CVE-1-1", [], {}, [[1, "a"]], ["i"])
COLUMNS = {
    "collection": (
        "feed",
        "scope",
        "date",
        "updated_at",
        "rows",
        "failed_at",
        "failure",
        "rest_dictionary",
        "record_dictionary",
    ),
    "ecosystem": ("name",),
    "answer": ("collection",),
    "advisory": ("payload", "names", "collection"),
    "affected": ("ranges", "state", "rest", "collection"),
    "fact": ("payload", "collection"),
}
PACKAGE = reports.package("pkg:npm/left@1.0", "x")


@pytest.fixture
def made(tmp_path: Path) -> Path:
    path, mark = tmp_path / "a.db", Mark(date="2026-01-01", updated_at="2026-05-01T00:00:00Z")
    builder = Builder(path, base=None)
    with builder.collection("osv", "npm") as collection:
        for number in range(3):
            named = Affected(ecosystem="npm", name="left", ranges=(("i", "0", "f", f"2.{number}"),), versions=("0.9",))
            advisory = Advisory(id=f"GHSA-{number}", modified="2026", aliases=("CVE-2024-1",), affected=(named,))
            collection.put(advisory.id, "2026", (advisory,))
        collection.finish(mark)
    vector = ("CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", "nvd")
    for feed, fact in {
        "epss": Fact(cve="CVE-2024-1", score=0.5, percentile=0.9),
        "kev": Fact(cve="CVE-2024-1", exploited=Exploited(added="2024-01-01", ransomware=True)),
        "nvd": Fact(cve="CVE-2024-1", severity=(vector,), cwes=("CWE-79",), summary="x", published="2024-01-01"),
    }.items():
        with builder.collection(feed, "") as collection:
            collection.put(fact.cve, "2026", (fact,))
            collection.finish(mark)
    builder.close()
    return path


def matched(path: Path) -> int:
    """Match and write what is found as a scan does."""
    status(path)
    with open_snapshot(path) as snapshot:
        snapshot.marks()
        advice = advise([PACKAGE], snapshot, artifact="x", progress=Progress())
    report = reports.report(
        *advice.findings,
        packages=(PACKAGE,),
        coverage=advice.coverage,
        sources=advice.sources,
        upgrades=advice.upgrades,
    )
    for encode in (report_json.encode, html.encode, sarif.encode):
        encode(report)
    return len(advice.findings)


def inside(draw: random.Random, value: object) -> object:
    """The same JSON with one value in it exchanged."""
    if isinstance(value, list) and value and draw.random() < 0.8:
        at = draw.randrange(len(value))
        return [*value[:at], inside(draw, value[at]), *value[at + 1 :]]
    return draw.choice(WORDS)


def spoil(draw: random.Random, path: Path) -> None:
    """Exchange the values of one column, or one in a packed value of it."""
    table = draw.choice([*COLUMNS, "affected", "fact", "advisory"])
    column = draw.choice(COLUMNS[table])
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA ignore_check_constraints=ON")
        (held,) = draw.choice(db.execute(f"SELECT {column} FROM {table}").fetchall())
        value = draw.choice(ODD)
        if held is not None and column in {"payload", "rest"} and draw.random() < 0.8:
            raw = held if held.startswith(b"[") else zstandard.ZstdDecompressor().decompress(held)
            value = zstandard.ZstdCompressor().compress(orjson.dumps(inside(draw, orjson.loads(raw))))
        db.execute(f"UPDATE OR IGNORE {table} SET {column} = ? WHERE {column} = ?", (value, held))


def test_as_it_was_made_it_finds(made: Path) -> None:
    assert matched(made) == 1


@pytest.mark.parametrize("seed", range(6))
def test_whatever_stands_in_a_cell_it_is_matched_with_or_malformed(made: Path, tmp_path: Path, seed: int) -> None:
    draw, spoilt, ends = random.Random(seed), tmp_path / "b.db", {"matched": 0, "malformed": 0}
    for _ in range(60):
        shutil.copyfile(made, spoilt)
        try:
            spoil(draw, spoilt)
        except sqlite3.IntegrityError:
            continue
        try:
            matched(spoilt)
        except Malformed:
            ends["malformed"] += 1
        else:
            ends["matched"] += 1
    assert min(ends.values()) > 5


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE VIEW fact AS WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n FROM x) SELECT n AS cve FROM x",
        "CREATE TABLE fact (cve TEXT, collection INTEGER, payload BLOB AS (zeroblob(1000000000)))",
        "CREATE TABLE fact AS SELECT 1 AS cve",
    ],
)
def test_what_would_compute_for_ever_is_no_database_of_ours(made: Path, statement: str) -> None:
    with closing(sqlite3.connect(made)) as db:
        db.execute("DROP TABLE fact")
        db.execute(statement)
        db.commit()
    with pytest.raises(Malformed, match="other tables"), open_snapshot(made):
        pass
