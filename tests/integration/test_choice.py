"""One of several images in an uploaded file: chosen by name, digest or platform, kept with the run, shown on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import pytest

from surveyor.service.actions import scans, uploads
from surveyor.service.actions.addresses import judge_choice
from surveyor.service.config import Config
from surveyor.service.errors import InvalidParams
from surveyor.service.store.scans import Scan
from tests import images
from tests.integration.test_ui_sessions import signed_in
from tests.servers.pipeline import Ground, open_ground, worker
from tests.servers.service import Service

SHORT = "/api/v1/audit"


def layer(name: str) -> bytes:
    return images.tar({f"srv/node_modules/{name}/package.json": images.npm(name, "1")})


def called(name: str, architecture: str) -> dict[str, Any]:
    platform = {"os": "linux", "architecture": architecture}
    return {"annotations": {"org.opencontainers.image.ref.name": name}, "platform": platform}


def several() -> bytes:
    made = images.Oci().add([layer("left")], **called("shop:1.2", "amd64"))
    made.add([layer("right")], **called("shop:1.2", "arm64")).add([layer("other")], **called("stock:3", "amd64"))
    return made.tar()


async def start(ground: Ground, content: bytes, image: str | None, platform: str | None) -> Scan:
    async def chunks() -> AsyncIterator[bytes]:
        yield content

    upload, _ = await uploads.receive(ground.platform, **ground.place, filename="images.tar", chunks=chunks())
    choice = judge_choice(image, platform)
    return await scans.start_artifact(ground.platform, **ground.place, upload_id=upload.id, choice=choice)


async def test_the_images_that_were_chosen_are_scanned_and_the_others_are_told(config: Config) -> None:
    cases = {
        (None, None): ("images.tar", ["left", "other", "right"]),
        ("shop:1.2", None): ("images.tar (shop:1.2)", ["left", "right"]),
        (None, "linux/arm64"): ("images.tar (linux/arm64)", ["right"]),
        ("docker.io/library/shop:1.2", "linux/amd64"): (
            "images.tar (docker.io/library/shop:1.2, linux/amd64)",
            ["left"],
        ),
    }
    async with open_ground(config) as ground:
        started = [await start(ground, several(), *case) for case in cases]
        missing = await start(ground, several(), "shop:2", None)
        with worker(ground.config):
            ended = [await ground.ended(scan.id) for scan in (*started, missing)]
        for scan, (name, packages) in zip(ended, cases.values(), strict=False):
            assert (scan.status, scan.error, scan.name) == ("done", None, name)
            report = await ground.platform.storage.get_bytes(scan.report_keys["artifact"])
            found = [one for one in ("left", "other", "right") if f"pkg:npm/{one}@1".encode() in report]
            assert found == packages
            told = [entry for entry in scan.coverage if entry.get("reason") == "not_chosen"]
            assert len(told) == 3 - len(packages)
        assert ended[-1].status == "failed"
        assert ended[-1].error == "no image shop:2 is in it; it has: shop:1.2, stock:3"


async def test_the_api_chooses_shows_the_choice_and_keeps_it_for_another_try(service: Service) -> None:
    client = service.client()
    digest = "sha256:" + "0" * 64
    asked = urlencode({"filename": "images.tar", "image": digest, "platform": "LINUX/arm64"})
    answer = client.post(f"{SHORT}/uploads?{asked}", body=several())
    assert answer.status == 202, answer.text
    run = answer.json["data"]
    shown = (digest, "linux/arm64", f"images.tar ({digest}, linux/arm64)")
    assert (run["image"], run["platform"], run["name"]) == shown
    assert run["artifact_id"]
    assert [path for path in (service.config.home / "objects").rglob("*") if path.is_file()]
    client.post(f"{SHORT}/scans/{run['id']}/cancel")
    again = client.post(f"{SHORT}/scans/{run['id']}/retry").json["data"]
    assert (again["image"], again["platform"], again["name"]) == shown
    read = client.get(f"{SHORT}/scans/{again['id']}").json["data"]
    assert (read["image"], read["platform"], read["retry_of"]) == (digest, "linux/arm64", run["id"])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("image", "two words"),
        ("image", "-x"),
        ("image", "a\nb"),
        ("image", ""),
        ("image", "a" * 501),
        ("image", "<b>"),
        ("platform", "arm64"),
        ("platform", "linux/arm64/v8/x"),
        ("platform", "l" * 65),
    ],
)
async def test_what_can_be_no_choice_is_refused_and_nothing_is_kept(service: Service, field: str, value: str) -> None:
    asked = urlencode({"filename": "images.tar", field: value})
    answer = service.client().post(f"{SHORT}/uploads?{asked}", body=several())
    assert (answer.status, answer.json["error"]["code"]) == (422, "invalid_params")
    assert any(field in name for name in answer.json["error"]["details"])
    assert service.client().get(f"{SHORT}/scans").json["data"] == []
    assert not [path for path in (service.config.home / "objects").rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "name", ["1", "shop:1.2", "registry.example:5000/a/b@sha256:" + "0" * 64, "a" * 500, "v1+build"]
)
def test_what_an_archive_may_call_an_image_is_taken(name: str) -> None:
    assert judge_choice(name, None).image == name
    with pytest.raises(InvalidParams):
        judge_choice(f"{name} ", None)


async def test_the_page_chooses(service: Service) -> None:
    browser = await signed_in(service)
    page = browser.get("/").text
    assert 'data-choice="image"' in page
    assert 'data-choice="platform"' in page
    headers = {"x-csrf-token": browser.csrf(), "sec-fetch-site": "same-origin", "accept": "application/json"}
    headers["cookie"] = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    sent = browser.client.post("/uploads?filename=images.tar&image=shop:1.2&platform=", body=several(), headers=headers)
    assert sent.status == 202, sent.text
    assert "images.tar (shop:1.2)" in browser.get(sent.json["data"]["href"]).text
    refused = browser.client.post("/uploads?filename=images.tar&platform=arm", body=several(), headers=headers)
    assert refused.status == 422
    assert "is no platform" in refused.json["error"]["message"]
