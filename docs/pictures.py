"""Take the pictures in docs/images: a real installation in a folder of its own, a real browser in front of it.

    python docs/pictures.py [FOLDER]

What is scanned is built here: an image whose programs, packages and layers give every part of a page something to
show, and a page of a shop. Advisories are a few true ones, loaded from a bucket on disk. Needs Chromium.
"""

from __future__ import annotations

import json
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from playwright.sync_api import Page, expect, sync_playwright  # noqa: E402 - after the path

from surveyor.scan.advise import feeds  # noqa: E402
from surveyor.scan.advise.sources import want  # noqa: E402
from surveyor.scan.advise.update import update  # noqa: E402
from surveyor.scan.events import Progress  # noqa: E402
from tests import browser, images  # noqa: E402
from tests.programs import elf  # noqa: E402
from tests.servers import flaws  # noqa: E402
from tests.servers.osv_bucket import record, write  # noqa: E402
from tests.servers.web import Site  # noqa: E402

_SHOP = (ROOT / "tests/e2e/shop.html").read_bytes()
_POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
_WIDTH = 1280
#: MiB in each layer that tell nothing, so that the scan lasts long enough to be watched.
_BALLAST = 1
_SYSTEM = (
    *("adduser 3.134", "apt 2.6.1", "base-files 12.4+deb12u5", "bash 5.2.15-2+b2", "ca-certificates 20230311"),
    *("coreutils 9.1-1", "curl 7.88.1-10+deb12u5", "debianutils 5.7-0.5", "dpkg 1.21.22", "gpgv 2.2.40-1.1"),
    *("libc6 2.36-9+deb12u4", "libcurl4 7.88.1-10+deb12u5", "libexpat1 2.5.0-1", "libssl3 3.0.11-1~deb12u2"),
    *("openssl 3.0.11-1~deb12u2", "perl-base 5.36.0-7+deb12u1", "tzdata 2024a-0+deb12u1", "zlib1g 1:1.2.13.dfsg-1"),
)
_SOURCES = {"libexpat1": "expat", "libcurl4": "curl", "libssl3": "openssl", "libc6": "glibc", "zlib1g": "zlib"}

#: EPSS on 16 August 2026, and CISA's entries.
_EPSS = {
    "CVE-2021-23337": (0.21333, 0.97387),
    "CVE-2021-44228": (0.99999, 1.0),
    "CVE-2021-44906": (0.04581, 0.90829),
    "CVE-2021-45046": (0.99977, 0.9998),
    "CVE-2023-32681": (0.02974, 0.86082),
    "CVE-2023-52425": (0.01815, 0.76815),
    "CVE-2024-0727": (0.03187, 0.86981),
    "CVE-2024-2398": (0.36081, 0.98341),
}
_APPLY = {"requiredAction": "Apply updates per vendor instructions.", "knownRansomwareCampaignUse": "Known"}
_KEV = {
    "CVE-2021-44228": {
        **_APPLY,
        "dateAdded": "2021-12-10",
        "dueDate": "2021-12-24",
        "cwes": ["CWE-20", "CWE-400", "CWE-502"],
    },
    "CVE-2021-45046": {**_APPLY, "dateAdded": "2023-05-01", "dueDate": "2023-05-22", "cwes": ["CWE-917"]},
}


def vector(impact: str, *, complexity: str = "L", scope: str = "U") -> list[dict[str, str]]:
    """A CVSS score of something that is reached over the network, by nobody in particular."""
    return [{"type": "CVSS_V3", "score": f"CVSS:3.1/AV:N/AC:{complexity}/PR:N/UI:N/S:{scope}/{impact}"}]


def advisories(folder: Path, database: Path) -> None:
    """A few advisories that are true, by the real update."""
    log4j, whole = "org.apache.logging.log4j:log4j-core", "C:H/I:H/A:H"
    known = {
        "Maven": [
            record("GHSA-jfh8-c2jp-5v3q", "Maven", log4j, fixed="2.15.0", aliases=["CVE-2021-44228"],
                   summary="Remote code injection in Log4j", severity=vector(whole, scope="C")),
            record("GHSA-7rjr-3q55-vv33", "Maven", log4j, fixed="2.16.0", aliases=["CVE-2021-45046"],
                   summary="Incomplete fix for Apache Log4j vulnerability",
                   severity=vector(whole, complexity="H", scope="C")),
        ],
        "npm": [
            record("GHSA-35jh-r3h4-6jhm", "npm", "lodash", fixed="4.17.21", aliases=["CVE-2021-23337"],
                   summary="Command injection in lodash",
                   severity=[{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:H/I:H/A:H"}]),
            record("GHSA-xvch-5gv4-984h", "npm", "minimist", fixed="1.2.6", aliases=["CVE-2021-44906"],
                   summary="Prototype pollution in minimist", severity=vector(whole)),
        ],
        "PyPI": [
            record("GHSA-j8r2-6x86-q33q", "PyPI", "requests", introduced="2.3.0", fixed="2.31.0",
                   aliases=["CVE-2023-32681"], summary="Unintended leak of Proxy-Authorization header in requests",
                   severity=[{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:C/C:H/I:N/A:N"}]),
        ],
        "Debian:12": [
            record("DEBIAN-CVE-2023-52425", "Debian:12", "expat", fixed="2.5.0-1+deb12u1"),
            record("DEBIAN-CVE-2024-0727", "Debian:12", "openssl", fixed="3.0.13-1~deb12u1"),
            record("DEBIAN-CVE-2024-2398", "Debian:12", "curl", fixed="7.88.1-10+deb12u6"),
        ],
    }  # fmt: skip
    bucket = {"Debian": known.pop("Debian:12"), **known}
    database.parent.mkdir(parents=True, exist_ok=True)
    likely = flaws.scores(_EPSS, date="2026-08-16T00:00:00+0000")
    sources = {
        "osv": write(folder / "osv", bucket),
        "epss": flaws.write_epss(folder / "epss", likely),
        "kev": flaws.write_kev(folder / "kev", [flaws.listed(cve, **entry) for cve, entry in _KEV.items()]),
    }
    wanted = [want(feeds.feed(name), source, fetch=_no_network) for name, source in sources.items()]
    update(wanted, database, progress=Progress())


def _no_network(url: str, **_: object) -> None:
    raise SystemExit(f"asked the network for {url}")


def image() -> bytes:
    """A shop on Debian 12: what docker would save, each layer with the instruction that made it."""
    status = b"\n".join(
        images.deb(name, version, source=_SOURCES.get(name, "")) for name, version in map(str.split, _SYSTEM)
    )
    modules = {"lodash": "4.17.15", "minimist": "1.2.5", "express": "4.18.2", "qs": "6.11.0"}
    wheels = {"requests": "2.19.0", "certifi": "2023.7.22", "idna": "2.10"}
    log4j = images.jar(images.pom("org.apache.logging.log4j", "log4j-core", "2.14.1"))
    layers: dict[str, images.Files] = {
        "ADD rootfs.tar.xz /": {"etc/os-release": images.DEBIAN, "var/lib/dpkg/status": status},
        "RUN pip install -r requirements.txt": {
            f"usr/lib/python3/site-packages/{name}-{version}.dist-info/METADATA": images.python(name, version)
            for name, version in wheels.items()
        },
        "RUN npm ci --omit=dev": {
            f"srv/shop/node_modules/{name}/package.json": images.npm(name, version) for name, version in modules.items()
        },
        "COPY lib/ /srv/shop/lib/": {
            "srv/shop/lib/log4j-core-2.14.1.jar": log4j,
            "srv/shop/lib/reports.jar": log4j[: len(log4j) // 2],
        },
        "COPY bin/ /usr/local/bin/": {
            f"usr/local/bin/{name}": elf(
                needed=["libc.so.6"], symbols=["strcpy"], kind=2, stack=7, relro=True, interpreter=True
            )
            for name in ("shop-api", "shop-worker")
        },
    }
    packed, history = [], []
    for number, (instruction, files) in enumerate(layers.items()):
        mode = 0o755 if "bin/ " in instruction else 0o644
        ballast = {f"usr/share/shop/{number}.bin": random.Random(number).randbytes(1 << 16) * (_BALLAST << 4)}  # noqa: S311
        packed.append(images.tar({**files, **ballast}, mode=mode))
        history.append({"created_by": instruction})
    config = {
        "os": "linux",
        "architecture": "amd64",
        "history": history,
        "rootfs": {"type": "layers", "diff_ids": [images.sha256(layer) for layer in packed]},
    }
    members = {f"{number}/layer.tar": images.pack(layer, "bzip2") for number, layer in enumerate(packed)}
    manifest = [{"Config": "config.json", "RepoTags": ["shop/api:2.4"], "Layers": list(members)}]
    told = {"config.json": json.dumps(config).encode(), "manifest.json": json.dumps(manifest).encode()}
    return images.tar({**members, **told})


@contextmanager
def installation(home: Path, near: int) -> Iterator[str]:
    """``surveyor up`` with everything embedded; gives the link that signs in."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **{name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ},
        "PYTHONPATH": str(ROOT / "src"),
        "SURVEYOR_HOME": str(home),
        "SURVEYOR_ALLOW_HOSTS": f"127.0.0.1:{near}",
        "SURVEYOR_FEED_REFRESH": "false",
    }
    command = [sys.executable, "-m", "surveyor", "up", "--port", str(port)]
    process = subprocess.Popen(  # noqa: S603 - our own program
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    said: list[str] = []
    try:
        for line in process.stdout or ():
            said.append(line)
            if link := re.search(r"http\S+/sign-in\?token=\S+", line):
                threading.Thread(target=list, args=(process.stdout,), daemon=True).start()
                yield link[0]
                return
        raise SystemExit("surveyor up gave no link:\n" + "".join(said))
    finally:
        process.terminate()
        process.wait(60)


def shot(page: Page, folder: Path, name: str, height: int) -> None:
    """The upper part of a page, this many pixels of it at most."""
    page.set_viewport_size({"width": _WIDTH, "height": 900})
    whole = int(page.evaluate("document.documentElement.scrollHeight"))
    page.set_viewport_size({"width": _WIDTH, "height": min(height, whole)})
    page.screenshot(path=folder / f"{name}.png")
    page.set_viewport_size({"width": _WIDTH, "height": 900})


def artifact(page: Page, folder: Path, data: bytes) -> None:
    """Scan the image: while it runs, when it is done, and what is in it."""
    page.get_by_label("Scan a file").set_input_files({"name": "shop-api-2.4.tar", "mimeType": "", "buffer": data})
    expect(page.locator("#pipeline")).to_contain_text(re.compile("[1-5]/5"), timeout=20_000)
    shot(page, folder, "scan-live", 900)
    expect(page.locator("#head .pill")).to_have_text("Partial", timeout=120_000)
    page.reload()
    shot(page, folder, "scan", 1500)
    row = page.locator("details.finding").first
    row.locator("summary").click()
    row.get_by_role("link", name="Open this finding").click()
    shot(page, folder, "vulnerability", 1500)
    page.go_back()
    page.get_by_role("link", name=re.compile("packages", re.IGNORECASE)).first.click()
    shot(page, folder, "packages", 900)


def proof(page: Page, folder: Path, shop: Site) -> None:
    """Scan the page, decide about a finding, mend it, and prove that."""
    title = "Content-Security-Policy missing"
    page.get_by_role("link", name="Scans", exact=True).first.click()
    page.get_by_label("Scan a page").fill(shop.url())
    page.get_by_role("button", name="Scan", exact=True).click()
    expect(page.locator("#head .pill")).to_have_text("Complete", timeout=60_000)
    page.get_by_role("link", name="Findings", exact=True).click()
    row = page.locator("details.finding").filter(has_text=title)
    row.locator("summary").click()
    row.get_by_role("link", name="Open this finding").click()
    for move in ("Mark as triaged", "Start work"):
        page.get_by_role("button", name=move).click()
    page.get_by_role("radio", name="Critical").check()
    page.get_by_role("button", name="Set severity").click()
    expect(page.get_by_text("set by a person").first).to_be_visible()
    shot(page, folder, "finding", 1500)
    page.get_by_role("button", name="Create task").click()
    shop.page("/", _SHOP, headers=(("Server", "shop"), ("Content-Security-Policy", _POLICY)))
    page.get_by_role("button", name="Start work").click()
    page.get_by_role("button", name="Verify", exact=True).click()
    expect(page.locator(".head .pill").first).to_have_text("Passed", timeout=30_000)
    shot(page, folder, "verification", 900)


def main(folder: Path) -> None:
    """Take all of them."""
    chromium = browser.find()
    if chromium is None:
        raise SystemExit("no Chromium")
    with Site() as shop, tempfile.TemporaryDirectory(prefix="surveyor-pictures-") as place:
        shop.page("/", _SHOP, headers=(("Server", "shop"),))
        Path(place).chmod(0o711)  # PostgreSQL runs as another user when this is root
        home = Path(place) / "home"
        advisories(Path(place) / "bucket", home / "advisories" / "advisories.db")
        data = image()
        with installation(home, shop.port) as link, sync_playwright() as driver:
            root = ["--no-sandbox"] if os.geteuid() == 0 else []
            page = driver.chromium.launch(executable_path=chromium, args=["--headless", *root]).new_page()
            page.goto(link)
            page.get_by_role("button", name="Sign in").click()
            # a file that is chosen before the script is there is sent by nobody
            page.wait_for_url(re.compile(r"/$"), wait_until="load")
            artifact(page, folder, data)
            proof(page, folder, shop)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).parent / "images")
