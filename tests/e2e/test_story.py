"""The whole story in a real browser: what a scan finds becomes a task, and a fix a proof; a proof can be taken back."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import ROOT, Running
from tests.e2e.test_pages import ended, picture, sign_in
from tests.e2e.test_reports import made, saved, scanned
from tests.servers.web import Site

pytestmark = pytest.mark.browser

TITLE = "Content-Security-Policy missing"
SHOP = (ROOT / "tests/e2e/shop.html").read_bytes()


def mend(shop: Site) -> None:
    """Send the header that was missing."""
    policy = "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
    shop.page("/", SHOP, headers=(("Server", "shop"), ("Content-Security-Policy", policy)))


def open_finding(page: Page, title: str = TITLE) -> None:
    """From the list to the page of one finding."""
    page.get_by_role("link", name="Findings", exact=True).click()
    row = page.locator("details.finding").filter(has_text=title)
    row.locator("summary").click()
    row.get_by_role("link", name="Open this finding").click()
    expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()


def pill(page: Page, words: str) -> None:
    """The state of what the page is about."""
    expect(page.locator(".head .pill").first).to_have_text(words, timeout=60_000)


def test_from_a_scan_to_a_proof_and_back(page: Page, surveyor: Running, shop: Site, tmp_path: Path) -> None:
    sign_in(page, surveyor)
    page.get_by_role("link", name="Tasks").click()
    expect(page.get_by_text("No task yet")).to_be_visible()
    picture(page, "tasks-empty")
    page.get_by_role("link", name="Scans").click()
    scanned(page, shop)

    open_finding(page)
    pill(page, "New")
    expect(page.get_by_role("heading", name="Evidence, as found")).to_be_visible()
    expect(page.locator(".factors")).to_contain_text("Severity")
    expect(page.get_by_text("Nobody has decided anything yet.")).to_be_visible()
    page.get_by_role("button", name="Mark as triaged").click()
    pill(page, "Triaged")
    page.get_by_role("button", name="Start work").click()
    pill(page, "In progress")
    page.get_by_role("radio", name="Critical").check()
    page.get_by_role("button", name="Set severity").click()
    expect(page.get_by_text("set by a person").first).to_be_visible()
    expect(page.locator(".history li")).to_have_count(3)
    expect(page.locator(".history li").first).to_contain_text(re.compile(r"Severity .*to\s+Critical"))
    picture(page, "finding")

    page.get_by_role("button", name="Create task").click()
    expect(page).to_have_url(re.compile("/tasks/"))
    pill(page, "Backlog")
    expect(page.locator(".head .due")).to_have_text(re.compile("Due in 23 hours|Due in 1 day"))
    page.get_by_label("Ticket").fill("SEC-142")
    page.get_by_label("Change that mends it").fill("https://code.example/shop/pull/7")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".glance")).to_contain_text("SEC-142")
    expect(page.locator(".glance").get_by_role("link")).to_have_attribute("href", "https://code.example/shop/pull/7")
    page.get_by_role("button", name="Start work").click()
    pill(page, "In progress")

    # not mended yet: verified, and it is still there
    page.get_by_role("button", name="Verify", exact=True).click()
    expect(page).to_have_url(re.compile("/verifications/"))
    pill(page, "Failed")
    expect(page.get_by_text("It is still there.")).to_be_visible()
    expect(page.locator(".check .word").first).to_have_text("Still there")
    picture(page, "verification-failed")
    page.get_by_role("link", name="Task", exact=True).first.click()
    pill(page, "In progress")

    mend(shop)
    page.get_by_role("button", name="Verify", exact=True).click()
    expect(page).to_have_url(re.compile("/verifications/"))
    # what follows came by itself: the page was not loaded again
    page.evaluate("window.untouched = true")
    pill(page, "Passed")
    assert page.evaluate("window.untouched")
    expect(page.get_by_text("Proved: it is gone.")).to_be_visible()
    expect(page.locator(".check .word").first).to_have_text("Gone")
    expect(page.locator(".went")).to_contain_text(re.compile(r"Task In progress.*Done"))
    expect(page.locator(".went")).to_contain_text(re.compile(r"Finding In progress.*Resolved"))
    picture(page, "verification")
    proof = page.url

    page.locator(".went").get_by_role("link", name="Finding").click()
    pill(page, "Resolved")
    expect(page.locator(".history li").first).to_contain_text("every check passed")
    picture(page, "finding-resolved")

    page.goto(proof)
    page.get_by_text("Take the proof back…").click()
    page.get_by_label("Why").fill("The staging page was looked at, not the shop.")
    page.get_by_role("button", name="Take it back").click()
    pill(page, "Taken back")
    expect(page.get_by_text("Not convinced?")).to_have_count(0)
    expect(page.locator(".went")).to_contain_text(re.compile(r"Task Done.*In progress"))
    picture(page, "verification-taken-back")
    page.get_by_role("link", name="Verifications", exact=True).first.click()
    expect(page.get_by_role("region", name="Came back")).to_contain_text("A proof was taken back")
    picture(page, "verifications")
    page.get_by_role("region", name="Came back").get_by_role("link", name=TITLE).click()
    expect(page.get_by_text("It came back.")).to_be_visible()
    page.get_by_role("link", name="Tasks", exact=True).click()
    expect(page.get_by_role("region", name="In progress")).to_contain_text(TITLE)
    picture(page, "tasks")

    made(page, "JSON")
    told = json.loads(saved(page, tmp_path))
    assert {f["title"]: f["status"] for f in told["findings"]}[TITLE] == "in_progress"


def test_what_cannot_be_looked_at_is_no_proof(page: Page, surveyor: Running, shop: Site) -> None:
    sign_in(page, surveyor)
    scanned(page, shop)
    open_finding(page)
    page.get_by_role("button", name="Create task").click()
    # it hangs up on everybody
    shop.raw("/", b"")
    page.get_by_role("button", name="Verify", exact=True).click()
    pill(page, "Could not look")
    expect(page.get_by_text("Not proved.")).to_be_visible()
    expect(page.locator(".check .word").first).to_have_text("Could not look")
    picture(page, "verification-could-not-look")


def test_only_legal_moves_are_offered_and_a_dismissal_has_a_reason(page: Page, surveyor: Running, shop: Site) -> None:
    sign_in(page, surveyor)
    scanned(page, shop)
    open_finding(page)
    moves = page.get_by_role("region", name="Status").locator(".moves")
    expect(moves.get_by_role("button")).to_have_text(["Mark as triaged", "Start work"])
    # somebody else decides in another tab: this one is told, and nothing is overwritten
    other = page.context.new_page()
    other.goto(page.url)
    other.get_by_role("button", name="Mark as triaged").click()
    pill(other, "Triaged")
    page.get_by_role("button", name="Start work").click()
    expect(page.get_by_role("alert")).to_contain_text("Somebody has changed it meanwhile")
    pill(page, "Triaged")
    moves.get_by_text("Dismiss…").click()
    page.get_by_role("button", name="Dismiss it").click()
    pill(page, "Triaged")
    page.get_by_label("Why it can be left").fill("<script>alert(1)</script> is how the old shop does it.")
    page.get_by_role("button", name="Dismiss it").click()
    pill(page, "Dismissed")
    expect(page.locator(".history li").first).to_contain_text("<script>alert(1)</script> is how")
    expect(moves.get_by_role("button")).to_have_text(["Take up again"])


def test_a_task_form_that_is_refused_keeps_what_was_typed(page: Page, surveyor: Running, shop: Site) -> None:
    sign_in(page, surveyor)
    scanned(page, shop)
    open_finding(page)
    page.get_by_role("button", name="Create task").click()
    page.get_by_label("Ticket").fill("not a key!")
    page.get_by_label("Change that mends it").fill("https://code.example/a|b<c>")
    page.get_by_label("Due").fill("2020-01-02")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Ticket")).to_have_value("not a key!")
    expect(page.get_by_role("alert")).to_have_count(2)
    page.get_by_label("Ticket").fill("SEC-1")
    page.get_by_label("Change that mends it").fill("")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".head .due")).to_have_text(re.compile(r"Overdue by [\d,]+ days"))
    picture(page, "task-overdue")


def test_by_keyboard_and_without_scripts(chromium: Browser, surveyor: Running, shop: Site) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, surveyor)
    page.locator("#url").fill(shop.url())
    page.keyboard.press("Enter")
    for _ in range(200):
        if page.locator("#head .pill").inner_text() == "Complete":
            break
        page.wait_for_timeout(500)
        page.reload()
    ended(page, "Complete")
    open_finding(page)
    page.get_by_role("button", name="Create task").focus()
    page.keyboard.press("Enter")
    mend(shop)
    page.get_by_role("button", name="Verify", exact=True).focus()
    page.keyboard.press("Enter")
    # the page asks for itself again
    pill(page, "Passed")
    page.get_by_text("Take the proof back…").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Take it back").focus()
    page.keyboard.press("Enter")
    pill(page, "Taken back")
    context.close()


def test_a_narrow_screen_does_not_scroll_sideways(page: Page, surveyor: Running, shop: Site) -> None:
    sign_in(page, surveyor)
    scanned(page, shop)
    open_finding(page)
    finding = page.url
    page.get_by_role("button", name="Create task").click()
    expect(page).to_have_url(re.compile("/tasks/"))
    task = page.url
    page.get_by_role("button", name="Verify", exact=True).click()
    pill(page, "Failed")
    verification = page.url
    page.set_viewport_size({"width": 360, "height": 800})
    paths = (finding, task, verification, f"{surveyor.url}/tasks", f"{surveyor.url}/verifications")
    for number, path in enumerate(paths):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
        picture(page, f"story-narrow-{number}")


def test_language_models_are_set_up_switched_off_and_forgotten(page: Page, surveyor: Running, shop: Site) -> None:
    key = "sk-ant-not-a-real-key-0123456789"
    sign_in(page, surveyor)
    page.get_by_role("link", name="Language models").click()
    expect(page.get_by_text("None is asked")).to_be_visible()
    provider = page.locator("details.provider").filter(has_text="Anthropic")
    provider.locator("> summary").click()
    provider.get_by_label("Key").fill(key)
    # an address inside the network is nobody's model
    provider.get_by_label("Address").fill("http://169.254.169.254/v1")
    provider.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).not_to_be_empty()
    expect(provider.get_by_label("Address")).to_have_value("http://169.254.169.254/v1")
    provider.get_by_label("Address").fill("")
    provider.get_by_label("Key").fill(key)
    provider.get_by_role("button", name="Save").click()
    expect(provider.locator(".pill")).to_have_text("Asked")
    expect(provider).to_contain_text("sk-ant-…6789")
    assert key not in page.content()
    picture(page, "llm")
    provider.locator("> summary").click()
    provider.get_by_label("Ask it").uncheck()
    provider.get_by_role("button", name="Save").click()
    expect(provider.locator(".pill")).to_have_text("Switched off")
    provider.locator("> summary").click()
    provider.get_by_text("Forget it…").click()
    provider.get_by_role("button", name="Forget it and its key").click()
    expect(provider.locator(".pill")).to_have_text("Not set up")
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
