"""Whole scans against kept answers: the report and the stream of events of one image and one page.

``SURVEYOR_GOLDEN=write`` writes them anew; read the difference before you commit it.
"""

from __future__ import annotations

import json
import os
import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from surveyor import __version__
from surveyor.scan import engine, vocabulary
from surveyor.scan.advise.feeds import feed
from surveyor.scan.advise.sources import want
from surveyor.scan.advise.update import update
from surveyor.scan.events import Event, Progress
from surveyor.scan.plan import plan
from surveyor.scan.report import json as report_json
from surveyor.scan.settings import AllowedHost, Feeds, Settings
from tests import images
from tests.servers.osv_bucket import record as _record
from tests.servers.osv_bucket import write
from tests.servers.web import Site

record = partial(_record, modified="2026-01-01T00:00:00Z")
GOLDEN = Path(__file__).parent
NUMBERS_OF_TIME = re.compile(r"\bms=\d+")
DIGEST = re.compile(r"sha256:[0-9a-f]{12,64}")
PAGE = b"""<!doctype html><html><head><title>Shop</title><meta name="viewport" content="user-scalable=no"></head>
<body><h1>Shop</h1><h3>Deals</h3><img src="a.png"><form><input name="q"></form></body></html>"""


def compare(name: str, found: Any) -> None:
    text = json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    path = GOLDEN / name
    if os.environ.get("SURVEYOR_GOLDEN") == "write":
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")


def run(target: str, settings: Settings, **steady: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Report and events of a scan, without times, versions and the places of this run."""
    seen: list[Event] = []
    report = json.loads(report_json.encode(engine.run(plan(target), settings, Progress(seen.append))))
    assert [event.stage for event in seen if not vocabulary.is_known(event.stage)] == []
    for field in ("started_at", "finished_at"):
        del report[field]
    assert report["scanner"].pop("version") == __version__
    assert report["scanner"].pop("units") is not None  # their list grows with every format
    report["coverage"] = [entry for entry in report["coverage"] if entry["what"] != "catalog"]
    lines = [{key: value for key, value in event.line().items() if key != "ts"} for event in seen]
    for line in lines:
        line.get("data", {}).pop("ms", None)
    report["target"].pop("size")
    text = json.dumps([report, lines])
    for actual, name in steady.items():
        text = text.replace(actual, name)
    report, lines = json.loads(_numbered(NUMBERS_OF_TIME.sub("ms=0", text)))
    return report, lines


def _numbered(text: str) -> str:
    """Digests by the order in which they appear: archives carry the time at which they were made."""
    known: dict[str, str] = {}
    return DIGEST.sub(lambda m: known.setdefault(m[0][:19], f"sha256:{len(known) + 1}"), text)


def image() -> bytes:
    """Debian with a vulnerable expat, below a layer that adds one application and hides another."""
    base = {
        "etc/os-release": images.DEBIAN,
        "var/lib/dpkg/status": images.deb("libexpat1", "2.5.0-1", source="expat")
        + images.deb("linux-libc-dev", "6.1.0-1", source="linux"),
        "app/node_modules/old/package.json": images.npm("old", "1.0.0"),
    }
    top = {
        "app/node_modules/.wh.old": b"",
        "app/node_modules/lodash/package.json": images.npm("lodash", "4.17.15"),
        "usr/lib/python3/dist-packages/Django-3.2.dist-info/METADATA": images.python("Django", "3.2"),
        "opt/lib/log4j-core-2.14.1.jar": images.jar(images.pom("org.apache.logging.log4j", "log4j-core", "2.14.1")),
        "opt/lib/broken.jar": b"PK\x03\x04 and no more",
    }
    return images.Oci().add([images.pack(images.tar(base), "zstd"), images.pack(images.tar(top), "gzip")]).tar()


def advisories(folder: Path) -> Path:
    """Advisories for what is in the image: rated, unrated, and one that names the kernel."""
    severity = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"}]
    bucket = write(
        folder / "bucket",
        {
            "Debian": [
                record("DEBIAN-CVE-1", "Debian:12", "expat", fixed="2.5.0-1+deb12u2", upstream=["CVE-2024-1"]),
                record("DEBIAN-CVE-2", "Debian:12", "linux", fixed="6.1.9-1", upstream=["CVE-2024-2"]),
            ],
            "Maven": [
                record(
                    "GHSA-jfh8-c2jp-5v3q",
                    "Maven",
                    "org.apache.logging.log4j:log4j-core",
                    fixed="2.15.0",
                    aliases=["CVE-2021-44228"],
                    severity=severity,
                )
            ],
            "npm": [record("GHSA-old", "npm", "old", fixed="2.0.0")],
        },
    )
    database = folder / "advisories.db"
    update([want(feed("osv"), bucket, fetch=_no_network)], database, progress=Progress())
    return database


def _no_network(url: str, **_: Any) -> Any:
    raise AssertionError(f"asked the network for {url}")


def test_an_image(tmp_path: Path) -> None:
    path = tmp_path / "shop.tar"
    path.write_bytes(image())
    settings = Settings(advisories=advisories(tmp_path), feeds=Feeds(stale_after=0))
    report, events = run(str(path), settings, **{str(tmp_path): "/folder"})
    compare("image.report.json", report)
    compare("image.events.json", events)


def test_a_page(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.page("/", PAGE, headers=[("X-Frame-Options", "ALLOWALL")])
    settings = Settings(allow_hosts=(AllowedHost(host="127.0.0.1"),))
    report, events = run(site.url("/"), settings, **{site.url("/"): "http://shop.test/"})
    report["findings"].sort(key=lambda finding: (finding["domain"], finding["rule"]))
    report["coverage"].sort(key=lambda entry: entry["what"])
    # the four scanners run side by side: each one's own order is steady
    compare("page.report.json", report)
    compare("page.events.json", sorted(events, key=lambda line: str(line["component"])))
