"""The pages for the webhook and for schedules in a real browser, by mouse and by keyboard."""

from __future__ import annotations

import re
import threading
import time

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Running
from tests.e2e.test_pages import picture, sign_in
from tests.servers.web import Site
from tests.servers.webhook import Answer, Receiver

pytestmark = pytest.mark.browser


def test_a_webhook_is_added_tried_and_told_of_a_scan(
    page: Page, receiver: Receiver, surveyor: Running, shop: Site
) -> None:
    sign_in(page, surveyor)
    page.get_by_role("link", name="Webhook").click()
    picture(page, "webhook-empty")
    page.get_by_label("URL of the receiver").fill("http://169.254.169.254/")
    page.get_by_role("button", name="Add webhook").click()
    expect(page.get_by_role("alert")).to_contain_text("not a public address")
    expect(page.get_by_label("URL of the receiver")).to_be_focused()
    picture(page, "webhook-refused")
    page.get_by_label("URL of the receiver").fill(receiver.url())
    page.get_by_label("A critical finding was seen").uncheck()
    page.get_by_role("button", name="Add webhook").click()
    secret = page.locator("#secret").inner_text()
    assert secret.startswith("whsec_")
    picture(page, "webhook-secret")
    page.get_by_role("link", name="Webhook").click()
    expect(page.locator("#secret")).to_have_count(0)
    expect(page.get_by_label("A critical finding was seen")).not_to_be_checked()
    held = threading.Event()
    receiver.script.append(Answer(held=held))
    page.get_by_role("button", name="Send a test").click()
    expect(page.locator("#deliveries .pill")).to_have_text("Waiting")
    held.set()
    # without a reload: the list asks again while something is under way
    expect(page.locator("#deliveries .pill")).to_have_text("Delivered", timeout=60_000)
    receiver.fail(500)
    page.get_by_role("link", name="Scans").click()
    page.get_by_label("Scan a page").fill(shop.url())
    page.get_by_role("button", name="Scan", exact=True).click()
    messages = receiver.until(lambda seen: len(seen) == 3, 90.0)
    assert [message.verified(secret)["type"] for message in messages] == ["webhook.test", "scan.done", "scan.done"]
    assert messages[1].id == messages[2].id
    link = messages[2].json["data"]["links"]["page"]
    assert link.startswith(surveyor.url)
    page.goto(f"{surveyor.url}/webhooks")
    expect(page.locator("#deliveries tbody tr")).to_have_count(3)
    picture(page, "webhook-deliveries")
    page.goto(link)
    expect(page.get_by_role("heading", name=shop.url())).to_be_visible()


def test_a_webhook_that_was_switched_off_says_why_and_goes_by_keyboard(
    page: Page, receiver: Receiver, surveyor: Running
) -> None:
    sign_in(page, surveyor)
    page.goto(f"{surveyor.url}/webhooks")
    page.get_by_label("URL of the receiver").fill(receiver.url())
    page.keyboard.press("Enter")
    expect(page.locator("#secret")).to_be_visible()
    page.get_by_role("button", name="Switch off").press("Enter")
    expect(page.locator(".notice")).to_contain_text("Switched off by a person")
    picture(page, "webhook-off")
    page.get_by_role("button", name="Switch on again").press("Enter")
    expect(page.locator("#content .pill").first).to_have_text("Active")
    page.locator("summary").filter(has_text="Rotate").press("Enter")
    page.get_by_role("button", name="Make a new secret").press("Enter")
    expect(page.locator(".notice")).to_contain_text("signed by the old one as well")
    picture(page, "webhook-rotated")
    page.locator("summary").filter(has_text="Delete").press("Enter")
    page.get_by_role("button", name="Delete it").press("Enter")
    expect(page.get_by_role("heading", name="Add the webhook")).to_be_visible()


def test_a_page_is_scheduled_changed_and_forgotten(page: Page, surveyor: Running, shop: Site) -> None:
    sign_in(page, surveyor)
    page.get_by_role("link", name="Schedules").click()
    expect(page.get_by_text("Nothing is scheduled")).to_be_visible()
    page.get_by_role("textbox", name="Address or name").fill(shop.url())
    page.get_by_label("When").fill("0 7 * * nonday")
    page.get_by_label("Time zone").fill("Europe/Berlin")
    page.get_by_role("button", name="Add schedule").click()
    expect(page.get_by_role("alert")).to_contain_text("The day of week cannot be read")
    expect(page.get_by_label("When")).to_be_focused()
    expect(page.get_by_role("textbox", name="Address or name")).to_have_value(shop.url())
    picture(page, "schedule-refused")
    page.get_by_label("When").fill("0 7 * * mon-fri")
    page.keyboard.press("Enter")
    row = page.locator("table.schedules tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text(re.compile("07:00"))
    expect(row).to_contain_text(re.compile("CES?T"))
    picture(page, "schedules")
    page.get_by_role("textbox", name="Address or name").fill(shop.url())
    page.get_by_role("button", name="Add schedule").click()
    expect(page.get_by_role("alert")).to_contain_text("has a schedule already")
    row.get_by_role("link", name=shop.url()).click()
    page.get_by_label("When").fill("30 22 * * *")
    page.get_by_role("region", name="Times").get_by_role("button", name="Save").click()
    expect(row).to_contain_text("22:30")
    row.get_by_role("link", name=shop.url()).press("Enter")
    page.get_by_role("button", name="Switch off").press("Enter")
    expect(page.locator(".notice")).to_contain_text("Switched off by a person")
    picture(page, "schedule-off")
    page.get_by_role("button", name="Switch on again").press("Enter")
    expect(page.locator("#content .pill")).to_have_text("Active")
    page.locator("summary").filter(has_text="Delete").press("Enter")
    page.get_by_role("button", name="Delete it").press("Enter")
    expect(page.get_by_text("Nothing is scheduled")).to_be_visible()


@pytest.mark.long
def test_a_schedule_that_is_due_starts_a_scan(page: Page, surveyor: Running, shop: Site) -> None:
    sign_in(page, surveyor)
    page.goto(f"{surveyor.url}/schedules")
    page.get_by_role("textbox", name="Address or name").fill(shop.url())
    page.get_by_label("When").fill("* * * * *")
    page.keyboard.press("Enter")
    expect(page.locator("table.schedules tbody tr")).to_have_count(1)
    # due at the next full minute
    page.wait_for_timeout(1000 * (60 - time.time() % 60))
    for _ in range(80):
        page.wait_for_timeout(1000)
        page.reload()
        if page.locator("table.schedules tbody td a").count() == 2:
            break
    page.locator("table.schedules tbody td a").last.click()
    expect(page.get_by_role("heading", name=shop.url())).to_be_visible()


def test_narrow_pages_do_not_scroll_sideways(page: Page, surveyor: Running, shop: Site, receiver: Receiver) -> None:
    page.set_viewport_size({"width": 380, "height": 800})
    sign_in(page, surveyor)
    page.goto(f"{surveyor.url}/webhooks")
    page.get_by_label("URL of the receiver").fill(receiver.url("/a-rather-long-path-of-a-receiver/" + "x" * 60))
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Send a test").click()
    expect(page.locator("#deliveries .pill")).to_have_text("Delivered", timeout=60_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= 380
    picture(page, "webhook-narrow")
    page.goto(f"{surveyor.url}/schedules")
    page.get_by_role("textbox", name="Address or name").fill(shop.url("/a-rather-long-path/" + "x" * 60))
    page.keyboard.press("Enter")
    expect(page.locator("table.schedules tbody tr")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 380
    picture(page, "schedules-narrow")
