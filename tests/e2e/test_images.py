"""An image by name, as a person has it scanned: a login is kept, the image is pulled, its packages are shown."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests import images
from tests.e2e.conftest import Running
from tests.e2e.test_pages import picture, sign_in
from tests.servers.distribution import Distribution

pytestmark = pytest.mark.browser

SYSTEM = {"etc/os-release": images.DEBIAN, "var/lib/dpkg/status": images.deb("bash", "5.2-1")}


def test_an_image_that_wants_a_login_is_scanned(page: Page, distribution: Distribution, surveyor: Running) -> None:
    layer = distribution.blob(images.pack(images.tar(SYSTEM), "gzip"))
    distribution.image([layer], "1")
    sign_in(page, surveyor)
    page.get_by_role("link", name="Registries", exact=True).first.click()
    expect(page.get_by_text("No login is kept")).to_be_visible()
    page.get_by_label("Registry").fill(distribution.reference.host)
    page.get_by_label("Name").fill("robot")
    page.get_by_label("Password or token").fill("let me pull")
    page.get_by_role("button", name="Keep it").click()
    kept = page.locator("details.provider").filter(has_text=distribution.reference.host)
    expect(kept).to_contain_text("robot")
    assert "let me pull" not in page.content()
    picture(page, "registries")
    page.get_by_role("link", name="Scans", exact=True).first.click()
    page.get_by_label("Scan an image in a registry").fill("10.0.0.1/app")
    page.get_by_role("button", name="Scan image").click()
    expect(page.get_by_role("alert")).to_contain_text("not a public address")
    picture(page, "image-refused")
    page.get_by_label("Scan an image in a registry").fill(str(distribution.reference))
    page.get_by_label("Platform", exact=True).fill("linux/amd64")
    page.get_by_role("button", name="Scan image").click()
    expect(page).to_have_url(re.compile("/scans/"))
    name = f"{distribution.reference} (linux/amd64)"
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    expect(page.locator("#head .pill")).not_to_have_text(re.compile("Queued|Running"), timeout=60_000)
    expect(page.locator("#log")).to_contain_text("container.pull.done")
    picture(page, "image-done")
    page.get_by_role("link", name="1 package").click()
    expect(page.get_by_text("bash").first).to_be_visible()
    page.set_viewport_size({"width": 375, "height": 800})
    for path in ("/", "/registries"):
        page.goto(surveyor.url + path)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 375, path
        picture(page, f"phone{path.replace('/', '-')}")
