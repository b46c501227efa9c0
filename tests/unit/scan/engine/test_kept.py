"""What a scan saw, in a file: judged again it says the same, and a file that others made does no harm."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
import zstandard

from surveyor.scan import engine
from surveyor.scan.check.registry import CHECKS
from surveyor.scan.engine.gathering import GATHERERS, MEASURED
from surveyor.scan.engine.kept import bundle, packing
from surveyor.scan.engine.kept.bundle import Bundle, Gathered, Seen
from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.events import Progress
from surveyor.scan.evidence import Page, Scripts
from surveyor.scan.model import CoverageState, Domain, Report
from surveyor.scan.plan import Crawl, plan
from surveyor.scan.settings import Settings
from tests.servers.psi import Psi
from tests.servers.web import Site

COOKIE = "sessionid=oh-so-secret; Path=/"


def small(**changes: object) -> Bundle:
    page = Page(asked="http://s.example/", url="http://s.example/", status=200, headers=(("A", "b"),), body=b"<p>x")
    seen = Seen(url=page.url, page=page)
    made = Bundle(source=page.url, slots=("security",), at=datetime(2026, 1, 1, tzinfo=UTC), pages=(seen,))
    return replace(made, **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, bytes]:
    """A scan of three pages, and the file of what it saw."""
    files: list[bytes] = []
    with Site() as site, Psi() as psi:
        for path, more in (("/", "<a href=/a>Goods</a><a href=/b>More</a>"), ("/a", ""), ("/b", "<script src=/x.js>")):
            text = f"<!doctype html><html lang=en><title>Page {path}</title><body><h1>Shop</h1><img src=a>{more}"
            site.page(path, text, headers=(("Set-Cookie", COOKIE), ("Set-Cookie", "b=2; HttpOnly")))
        site.page("/x.js", "/*! jQuery v1.2.3 */", content_type="text/javascript")
        request = replace(plan(site.url()), crawl=Crawl(pages=3, rate=50), keeps=True)
        settings = site.settings(psi_key=psi.key, psi_base=psi.base, probes=True, links=5)
        report = engine.run(request, settings, Progress(), evidence=files.append)
    return report, files[0]


def same(one: Report, other: Report) -> bool:
    times = {"started_at": one.started_at, "finished_at": one.finished_at}
    return replace(other, **times) == one  # type: ignore[arg-type]


def test_evidence_judged_again_gives_the_same_report_without_any_network(kept: tuple[Report, bytes]) -> None:
    report, data = kept
    assert report.findings
    assert {finding.domain for finding in report.findings} >= {Domain.SECURITY, Domain.SEO, Domain.ACCESSIBILITY}
    again = engine.recheck(data, Settings(), Progress())
    assert same(report, again)
    assert b"oh-so-secret" not in zstandard.ZstdDecompressor().stream_reader(data[len(packing.MAGIC) :]).read()
    assert len(data) < 20_000
    assert bundle.encode(bundle.decode(data)) == data


def test_single_rules_are_judged_again_by_name(kept: tuple[Report, bytes]) -> None:
    report, data = kept
    rules = ("security_header_csp", "seo_title", "no_such_rule")
    found = engine.recheck(data, Settings(), Progress(), rules=rules)
    assert {finding.rule for finding in found.findings} == {"security_header_csp"}
    assert found.findings[0].assets == next(one for one in report.findings if one.rule == rules[0]).assets
    told = {entry.what: entry.state for entry in found.coverage if entry.what.startswith("check.")}
    assert told["check.security_header_csp"] is told["check.seo_title"] is CoverageState.LOOKED
    assert told["check.no_such_rule"] is CoverageState.FAILED


def test_rules_whose_evidence_was_not_kept_are_told_one_by_one(kept: tuple[Report, bytes]) -> None:
    held = bundle.decode(kept[1])
    pages = tuple(replace(seen, gathered=replace(seen.gathered, exposed=None), troubles={}) for seen in held.pages)
    found = engine.recheck(bundle.encode(replace(held, pages=pages)), Settings(), Progress())
    lost = {entry.what for entry in found.coverage if entry.reason == "not_in_evidence"}
    assert {f"check.{rule.id}" for rule in CHECKS[Domain.SECURITY] if rule.exposed is not None} <= lost
    assert "check.security_header_csp" not in lost
    assert {finding.rule for finding in found.findings} >= {"security_header_csp"}


def test_there_is_a_place_for_what_every_gatherer_brings() -> None:
    places = {one.name for one in fields(Gathered)}
    assert {one.id for one in GATHERERS.values()} | {MEASURED} == places


def test_of_too_much_evidence_the_dearest_kind_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    big = Scripts(scripts=(), missed={"x": "y" * 50_000})
    one = small(pages=(replace(small().pages[0], gathered=Gathered(scripts=big)),))
    monkeypatch.setattr(bundle, "_MOST", 10_000)
    left = bundle.decode(bundle.encode(one)).pages[0]
    assert left.gathered.scripts is None
    assert "too much" in left.troubles["scripts"].detail
    page = replace(small().pages[0], page=replace(small().pages[0].page, body=b"x" * 20_000))  # type: ignore[type-var]
    with pytest.raises(LimitExceeded):
        bundle.encode(small(pages=(page,)))


def test_files_that_others_made_raise_our_errors_alone() -> None:
    def framed(head: bytes, body: bytes = b"", *, size: int | None = None) -> bytes:
        raw = (len(head) if size is None else size).to_bytes(4, "big") + head + body
        return packing.MAGIC + zstandard.ZstdCompressor().compress(raw)

    good = bundle.encode(small())
    assert engine.recheck(good, Settings(), Progress()).findings
    head, body = _opened(good)
    deep = b'{"value":' + b"[" * 900 + b"]" * 900 + b"}"
    made = [
        *(b"", packing.MAGIC, b"PK\3\4" * 9, packing.MAGIC + b"\0" * 99, good[:-9], framed(b"{}"), framed(b"[]")),
        *(framed(b"{}", size=1 << 31), framed(b'{"blobs":[99999999999]}'), framed(b'{"blobs":[-1,true,"a"]}')),
        *(framed(b'{"blobs":[9],"value":{"blob":7}}', b"x" * 9), framed(b'{"value":{"blob":true}}'), framed(deep)),
        framed(b'{"value":' + b"[" + b"[]," * 400_000 + b"[]]}"),
        packing.MAGIC + zstandard.ZstdCompressor().compress((5).to_bytes(4, "big") + b'{"b":' + bytes(1 << 28)),
    ]
    for data in made:
        with pytest.raises((Malformed, LimitExceeded)):
            engine.recheck(data, Settings(), Progress())
    dice = random.Random(5)
    refused = 0
    for _ in range(250):
        broken = orjson.loads(head)
        where = dice.choice(list(_places(broken["value"])))
        where[0][where[1]] = dice.choice(_ODD)
        try:
            engine.recheck(framed(orjson.dumps(broken), body), Settings(), Progress())
        except (Malformed, LimitExceeded):
            refused += 1
    assert 50 < refused < 250  # some of it is no worse than what servers answer


_ODD = (
    None,
    7,
    -1,
    1e300,
    "",
    "x",
    "http://[",
    "http://h:99999999/",
    "\0",
    [],
    ["x"],
    {},
    {"blob": 0},
    {"x": "y"},
    True,
)


def _opened(data: bytes) -> tuple[bytes, bytes]:
    raw = zstandard.ZstdDecompressor().stream_reader(data[len(packing.MAGIC) :]).read()
    end = 4 + int.from_bytes(raw[:4], "big")
    return raw[4:end], raw[end:]


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every member of every object and list."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, one in list(items):
        yield value, key
        if isinstance(one, dict | list):
            yield from _places(one)
