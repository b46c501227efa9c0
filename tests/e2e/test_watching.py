"""What a page that is left open shows while things happen: the time axis, a cancelled scan, an update of advisories."""

from __future__ import annotations

import threading
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import pytest
from playwright.sync_api import Page, expect

from surveyor.service.ui import render
from tests.e2e.conftest import Running, load_advisories
from tests.e2e.test_pages import ended, jar, picture, send, sign_in
from tests.servers.web import Site

pytestmark = pytest.mark.browser

#: Everything the chart says about time, read at one moment: shares of its width, labels and where their boxes end.
READ = """() => {
  const chart = document.querySelector("[data-chart]"), width = chart.querySelector(".scale").getBoundingClientRect();
  const share = (e, name) => parseFloat(e.getAttribute(name));
  const shown = [...chart.querySelectorAll(".scale text")].filter((e) => e.getClientRects().length);
  return {
    lines: [...chart.querySelector(".track").querySelectorAll(".grid")].map((e) => [+e.dataset.at, share(e, "x1")]),
    sections: [...chart.querySelectorAll(".scale rect")].map((e) => [share(e, "x"), share(e, "width")]),
    labels: shown.filter((e) => e.dataset.at).map((e) => [+e.dataset.at, share(e, "x"), e.textContent]),
    boxes: shown.map((e) => e.getBoundingClientRect()).map((b) => [b.left, b.right]).sort((a, b) => a[0] - b[0]),
    bars: [...chart.querySelectorAll(".track rect[data-from][data-to]")].map((e) => [+e.dataset.from, share(e, "x")]),
    total: chart.querySelector(".time[data-elapsed]").firstChild &&
      (() => { const r = document.createRange(); r.selectNodeContents(chart.querySelector(".time[data-elapsed]"));
               return r.getBoundingClientRect().left; })(),
  };
}"""
AGED = """(ms) => { clearInterval(window.frozen); const chart = document.querySelector("[data-chart]");
  chart.dataset.total = ms; seen.set(chart, performance.now()); grow(); }"""


def agree(page: Page, *, aged: int | None = None) -> int:
    """Whether lines, labels, sections and bars tell the same time; how many labels there are.

    ``aged``: as if the scan had begun so many milliseconds ago, read before an event can make it young again.
    """
    told = page.evaluate(READ if aged is None else f"(ms) => {{ ({AGED})(ms); return ({READ})(); }}", aged)
    marks = [*told["lines"], *((ms, x) for ms, x, _ in told["labels"]), *told["bars"]]
    whole = {round(ms / x * 100) for ms, x in marks if ms and x > 1}
    assert not whole or max(whole) / min(whole) < 1.05, told
    assert sum(width for _, width in told["sections"]) == pytest.approx(100, abs=1.5)
    assert [words for ms, _, words in told["labels"]] == [render.axis(ms) for ms, _, _ in told["labels"]]
    boxes = [*told["boxes"], [told["total"], told["total"]]]
    assert all(left[1] < right[0] for left, right in pairwise(boxes)), boxes
    return len(told["labels"])


def held(shop: Site) -> threading.Event:
    """Have the page wait until it may come: a scan of it runs for as long as somebody looks."""
    come, write = threading.Event(), shop._routes["/"]

    def wait(out: BinaryIO) -> None:
        come.wait(50)
        write(out)

    shop.raw("/", wait)
    return come


def start(page: Page, address: str) -> None:
    page.get_by_label("Scan a page").fill(address)
    page.get_by_role("button", name="Scan", exact=True).click()
    expect(page.locator("#head .pill")).to_have_text("Running", timeout=60_000)


@pytest.mark.parametrize("width", [1280, 375])
def test_the_axis_and_the_bars_agree_at_every_moment(page: Page, surveyor: Running, shop: Site, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(page, surveyor)
    come = held(shop)
    start(page, shop.url())
    counted = []
    for _ in range(12):
        counted.append(agree(page))
        page.wait_for_timeout(200)
    assert max(counted) >= 1
    picture(page, f"axis-live-{width}")
    for ms in (50, 180, 999, 2_400, 12_000, 59_000, 61_000, 89_000, 178_000, 301_000, 1_700_000, 3_599_000, 5_400_000):
        agree(page, aged=ms)
    picture(page, f"axis-hour-{width}")
    come.set()
    page.reload()
    agree(page)


def test_a_cancelled_scan_keeps_its_time_and_names_what_was_not_looked_at(
    page: Page, surveyor: Running, shop: Site
) -> None:
    sign_in(page, surveyor)
    shop.drip("/", seconds=60)
    start(page, shop.url())
    page.wait_for_timeout(2_500)
    page.get_by_role("button", name="Cancel scan").click()
    ended(page, "Cancelled")
    agree(page)
    total = page.locator("#pipeline [data-chart]").get_attribute("data-total")
    assert int(total or 0) > 2_000
    page.locator("#pipeline").get_by_role("img", name="Security: stopped after").wait_for()
    # one that was never set up is no error
    expect(page.locator("#pipeline")).to_contain_text("not set up")
    expect(page.locator("#looked").get_by_role("link", name="How to set it up")).to_be_visible()
    assert page.locator("#log .error").count() == 0
    for scanner in ("Security", "SEO", "Accessibility"):
        expect(page.locator("#looked li").filter(has_text=scanner)).to_contain_text("not looked at")
    picture(page, "cancelled")


def test_pages_that_are_left_open_notice_new_advisories_and_offer_another_scan(
    page: Page, surveyor: Running, tmp_path: Path
) -> None:
    sign_in(page, surveyor)
    send(page, "shop.jar", jar())
    ended(page, "Partial")
    first = page.context.new_page()
    first.goto(surveyor.url)
    expect(first.locator("#feeds")).to_have_text("None yet")
    expect(first.locator("#advisories").get_by_role("button", name="Update advisories")).to_be_visible()
    load_advisories(tmp_path, surveyor.home / "none.db")
    # neither page is loaded again
    expect(first.locator("#advisories")).to_contain_text("1 file was scanned without them", timeout=60_000)
    expect(first.locator("#feeds")).to_contain_text("Loaded")
    picture(first, "advisories-loaded")
    again = page.locator("#verdict").get_by_role("button", name="Scan it again")
    expect(again).to_be_visible(timeout=60_000)
    picture(page, "scan-again")
    again.click()
    ended(page, "Complete")
    expect(page.locator("#found .big")).to_have_text("2")
    page.get_by_role("link", name="1 package", exact=True).click()
    expect(page.locator("table.packages")).to_contain_text("log4j-core")
    picture(page, "packages")
    page.set_viewport_size({"width": 375, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    picture(page, "packages-narrow")
    page.set_viewport_size({"width": 1280, "height": 900})
    first.reload()
    expect(first.locator("#advisories")).to_have_count(0)
    picture(first, "home-done")
