"""What several scanners of one scan gather once, each in a process of its own."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier, Event

import pytest

from surveyor.scan import engine
from surveyor.scan.engine.kept.pool import Pool
from surveyor.scan.errors import Refused, Unreachable
from surveyor.scan.events import Progress
from surveyor.scan.evidence import Page, Rendered
from surveyor.scan.plan import WEB_SLOTS, plan
from tests.servers.web import Site

URL = "http://s.example/"
#: Nobody waits for so long, however busy the machine is.
AMPLE = 60.0
PAGE = Page(asked=URL, url=URL, status=200, headers=(("Set-Cookie", "a=secret; Path=/"),), body=b"<p>\xff")
SHOWN = Rendered(url=URL, html="<p>x" * 1000, browser="Chrome/1", sandboxed=True, cut=False, settled=True)


def test_who_comes_first_gathers_and_the_others_get_what_came_of_it(tmp_path: Path) -> None:
    asked, all_here = list[str](), Barrier(3)

    def gather() -> Rendered:
        asked.append("")
        return SHOWN

    def scanner(_: int) -> object:
        all_here.wait(AMPLE)
        return Pool(tmp_path / "common").once("browser", URL, gather, seconds=AMPLE)

    with ThreadPoolExecutor(3) as threads:
        found = list(threads.map(scanner, range(3)))
    assert found == [SHOWN] * 3
    assert len(asked) == 1
    assert stat.S_IMODE((tmp_path / "common").stat().st_mode) == 0o700
    # another page, and what only one scanner asks for, are gathered by whoever asks
    for name, url in (("browser", f"{URL}a"), ("links", URL), ("links", URL)):
        Pool(tmp_path / "common").once(name, url, gather, seconds=AMPLE)
    assert len(asked) == 4


def test_an_error_is_everybodys_and_a_secret_nobodys(tmp_path: Path) -> None:
    def fails() -> Page:
        raise Refused("it is private", rule="private")

    for gather in (fails, lambda: PAGE):
        with pytest.raises(Refused, match="it is private") as error:
            Pool(tmp_path).once("http", URL, gather, seconds=1)
        assert error.value.rule == "private"
    other = f"{URL}?2"
    assert Pool(tmp_path).once("http", other, lambda: PAGE, seconds=1) is PAGE
    again = Pool(tmp_path).once("http", other, fails, seconds=1)
    assert again == replace(PAGE, headers=(("Set-Cookie", "a=***; Path=/"),))


def test_nobody_waits_longer_than_there_is_time_and_rubbish_is_gathered_again(tmp_path: Path) -> None:
    begun, go = Event(), Event()

    def slow() -> Rendered:
        begun.set()
        go.wait(AMPLE)
        return SHOWN

    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(Pool(tmp_path).once, "browser", URL, slow, seconds=AMPLE)
        assert begun.wait(AMPLE)
        with pytest.raises(Unreachable, match="another scanner"):
            Pool(tmp_path, clock=iter((0.0, 1.0)).__next__).once("browser", URL, slow, seconds=1)
        go.set()
        assert first.result(AMPLE) is SHOWN
    (kept,) = (path for path in tmp_path.iterdir() if not path.suffix)
    kept.write_bytes(b"SURVEYOR EVIDENCE 1\nrubbish")
    assert Pool(tmp_path).once("browser", URL, slow, seconds=1) is SHOWN


def test_scanners_that_run_apart_ask_a_page_once(site: Site, tmp_path: Path) -> None:
    site.page("/", "<!doctype html><html lang=en><title>t</title><h1>Shop</h1>")
    apart = []
    for slot in WEB_SLOTS:
        request = replace(plan(site.url()), slots=(slot,), common=tmp_path / "common")
        apart.append(engine.run(request, site.settings(), Progress()))
    # the other one asks what it answers to strangers
    assert [seen.headers.get("origin") is None for seen in site.requests if seen.path == "/"].count(True) == 1
    assert [seen.path for seen in site.requests].count("/robots.txt") == 1
    together = engine.run(plan(site.url()), site.settings(), Progress())
    assert sorted(one.title for report in apart for one in report.findings) == sorted(
        one.title for one in together.findings
    )
