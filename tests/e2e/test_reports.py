"""Reports in a real browser: asked for, followed without a script, looked at in their sandbox, saved."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import Running
from tests.e2e.test_pages import ended, picture, sign_in
from tests.servers.web import Site

pytestmark = pytest.mark.browser


def scanned(page: Page, shop: Site) -> None:
    page.get_by_label("Scan a page").fill(shop.url())
    page.get_by_role("button", name="Scan", exact=True).click()
    expect(page).to_have_url(re.compile("/scans/"))
    ended(page, "Complete")


def made(page: Page, kind: str) -> None:
    """Choose, ask, and wait on the page that asks for itself again."""
    page.goto(f"{page.url.split('/', 3)[0]}//{page.url.split('/', 3)[2]}/reports")
    page.get_by_role("radio", name=kind).check()
    page.get_by_role("button", name="Make report").click()
    expect(page.get_by_role("heading", name=f"{kind} report")).to_be_visible()
    expect(page.locator(".facts .pill")).to_have_text("Ready", timeout=60_000)


def saved(page: Page, folder: Path) -> bytes:
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download").click()
    assert waiting.value.suggested_filename.startswith("surveyor-report-")
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path.read_bytes()


def test_reports_are_made_looked_at_and_saved(page: Page, surveyor: Running, shop: Site, tmp_path: Path) -> None:
    sign_in(page, surveyor)
    page.get_by_role("link", name="Reports").click()
    expect(page.get_by_text("No report yet")).to_be_visible()
    picture(page, "reports-empty")
    page.get_by_role("link", name="Scans").click()
    scanned(page, shop)

    made(page, "HTML")
    shown = page.frame_locator("iframe.shown")
    expect(shown.get_by_role("heading", name="Findings", exact=True)).to_be_visible()
    expect(shown.get_by_role("heading", name="Content-Security-Policy missing")).to_be_visible()
    picture(page, "report-html")
    assert saved(page, tmp_path).startswith(b"<!doctype html>")

    made(page, "PDF")
    picture(page, "report-pdf")
    assert saved(page, tmp_path).startswith(b"%PDF-1.7")

    made(page, "JSON")
    told = json.loads(saved(page, tmp_path))
    assert "Content-Security-Policy missing" in {finding["title"] for finding in told["findings"]}
    made(page, "CSV")
    assert b"Content-Security-Policy missing" in saved(page, tmp_path)

    page.get_by_role("link", name="Reports").first.click()
    expect(page.get_by_role("row")).to_have_count(4 + 1 + 7 + 1)
    picture(page, "reports")


def test_a_preview_is_the_page_a_report_would_be(page: Page, surveyor: Running, shop: Site) -> None:
    sign_in(page, surveyor)
    scanned(page, shop)
    page.get_by_role("link", name="Reports").click()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Preview").click()
    preview = opened.value
    expect(preview.get_by_role("heading", name="Content-Security-Policy missing")).to_be_visible()
    # its style sheet is the one its policy names, and nothing else runs
    expect(preview.locator("body")).to_have_css("max-width", "920px")
    picture(preview, "report-preview")


def test_by_keyboard_and_without_scripts(chromium: Browser, surveyor: Running) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, surveyor)
    page.goto(f"{surveyor.url}/reports")
    page.get_by_role("radio", name="PDF").focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="JSON")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="JSON report")).to_be_visible()
    expect(page.locator(".facts .pill")).to_have_text("Ready", timeout=60_000)
    expect(page.get_by_text("Unknown: nothing could be looked at yet")).to_be_visible()
    context.close()


def test_a_narrow_screen_does_not_scroll_sideways(page: Page, surveyor: Running) -> None:
    sign_in(page, surveyor)
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(f"{surveyor.url}/reports")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    picture(page, "reports-narrow")
