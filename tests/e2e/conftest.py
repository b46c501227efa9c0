"""The whole service as its own processes, and a real browser in front of it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
import urllib.request
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from surveyor.scan.advise.feeds import feed
from surveyor.scan.advise.sources import want
from surveyor.scan.advise.update import update
from surveyor.scan.events import Progress
from surveyor.service.actions import bootstrap, teams
from surveyor.service.store.database import open_engine, sessions
from tests import browser as browsers
from tests.servers.distribution import Distribution, Realm
from tests.servers.osv_bucket import record, write
from tests.servers.ports import Reserved
from tests.servers.warm import Forked
from tests.servers.web import Site
from tests.servers.webhook import Receiver

ROOT = Path(__file__).resolve().parents[2]
_SHOWN = 6_000  # characters of a log
# pages ask again every few seconds, and a busy machine takes a few more; five in all, as by default, are too few
expect.set_options(timeout=30_000)
FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@dataclass
class Running:
    """A served installation: where it is, and how to get in."""

    url: str
    database_url: str
    home: Path

    def link(self) -> str:
        """A fresh one-time sign-in link."""
        # in a thread: the browser's driver has a loop running in this one
        with ThreadPoolExecutor(1) as thread:
            token = thread.submit(asyncio.run, _link(self.database_url)).result()
        return f"{self.url}/sign-in?token={token}"


async def _link(database: str) -> str:
    engine = open_engine(database)
    try:
        await bootstrap.bootstrap(sessions(engine))
        return await teams.create_link(sessions(engine), team=bootstrap.TEAM)
    finally:
        await engine.dispose()


@pytest.fixture(scope="module")
def launched() -> Iterator[Browser]:
    """An installed Chromium, for one file: while its driver runs, no other loop can run in this thread."""
    path = browsers.find()
    if path is None:
        pytest.skip("not run: no browser")
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=[*FLAGS, *as_root])
        yield browser
        browser.close()


@pytest.fixture
def chromium(launched: Browser, surveyor: Running) -> Iterator[Browser]:
    """The same for one test: nothing that it opened is left when the service ends, whose pages would complain."""
    yield launched
    for context in launched.contexts:
        context.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page in a context of its own. Any error in its console fails the test: that is how a policy shows itself."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    errors: list[str] = []
    opened.on("console", lambda m: errors.append(m.text) if _is_error(m) else None)
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    context.close()
    assert not errors, errors


def _is_error(message: ConsoleMessage) -> bool:
    # an answer of 4xx is in the console too; the tests that want one look at it
    return message.type in {"error", "warning"} and "the server responded with a status of 4" not in message.text


@pytest.fixture
def shop() -> Iterator[Site]:
    """A page with things to find."""
    with Site() as site:
        site.page("/", (ROOT / "tests/e2e/shop.html").read_bytes(), headers=(("Server", "shop"),))
        yield site


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Where a webhook may send to."""
    with Receiver() as running:
        yield running


@pytest.fixture
def distribution() -> Iterator[Distribution]:
    """A registry that wants a login: ``robot`` with the password ``let me pull``."""
    with Realm(login="robot:let me pull") as realm, Distribution(realm=realm) as running:
        yield running


@pytest.fixture
def advisories(tmp_path: Path) -> Path:
    """A small advisory database, made by the real update from a bucket on disk."""
    return load_advisories(tmp_path, tmp_path / "advisories.db")


def load_advisories(folder: Path, path: Path) -> Path:
    """Write such a database to a path."""
    maven = [
        record(
            "GHSA-jfh8-c2jp-5v3q",
            "Maven",
            "org.apache.logging.log4j:log4j-core",
            fixed="2.15.0",
            aliases=["CVE-2021-44228"],
            summary="Remote code injection in Log4j",
            severity=[{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"}],
        ),
        record(
            "GHSA-8489-44mv-ggj8",
            "Maven",
            "org.apache.logging.log4j:log4j-core",
            fixed="2.17.1",
            aliases=["CVE-2021-44832"],
            summary="Improper input validation in Log4j",
            severity=[{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:H/PR:H/UI:N/S:U/C:H/I:H/A:H"}],
        ),
    ]
    bucket = write(folder / "bucket", {"Maven": maven})
    update([want(feed("osv"), bucket, fetch=_no_network)], path, progress=Progress())
    return path


def _no_network(url: str, **_: Any) -> Any:
    raise AssertionError(f"asked the network for {url}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show with a failure what the processes said: a page that does not change does not tell why."""
    report = yield
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    if report.failed and folder is not None:
        report.sections += [(path.name, path.read_text(errors="replace")[-_SHOWN:]) for path in folder.glob("*.log")]
    return report


@pytest.fixture
def surveyor(database_url: str, tmp_path: Path, shop: Site, request: pytest.FixtureRequest) -> Iterator[Running]:
    """``serve`` and ``worker`` on a database of their own; a test marked ``advisories`` gets some."""
    home = tmp_path / "home"
    reserved = Reserved()
    port = reserved.number
    known = request.getfixturevalue("advisories") if "advisories" in request.fixturenames else home / "none.db"
    near = [shop.port] + ([request.getfixturevalue("receiver").port] if "receiver" in request.fixturenames else [])
    if "distribution" in request.fixturenames:
        registry: Distribution = request.getfixturevalue("distribution")
        assert registry.realm is not None
        near += [registry.port, registry.realm.port]
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT / "src"),
        "SURVEYOR_HOME": str(home),
        "DATABASE_URL": database_url,
        "SURVEYOR_PORT": str(port),
        "SURVEYOR_CHROMIUM": "off",  # what a browser of this machine finds has tests of its own
        "SURVEYOR_ALLOW_HOSTS": " ".join(f"127.0.0.1:{allowed}" for allowed in near),
        "SURVEYOR_WEBHOOK_RETRY_SECONDS": "0.3",
        "SURVEYOR_FEED_REFRESH": "false",
        "SURVEYOR_ADVISORIES": str(known),
    }
    with reserved, contextlib.ExitStack() as stack:
        for command in ("serve", "worker"):
            stack.enter_context(_process(command, environment, tmp_path / f"{command}.log"))
        url = f"http://127.0.0.1:{port}"
        _wait_for(f"{url}/readyz", tmp_path / "serve.log")
        yield Running(url=url, database_url=database_url, home=home)


@contextlib.contextmanager
def _process(command: str, environment: dict[str, str], log: Path) -> Iterator[None]:
    with log.open("wb") as out:
        process = Forked(f"from surveyor.cli import main; main(['{command}'])", environment, out)
        try:
            yield
        finally:
            process.terminate()
            code = process.wait(40)
    assert code == 0, log.read_text()[-3000:]


def _wait_for(url: str, log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:
            if answer.status == 200:
                return
        assert time.monotonic() < deadline, f"{url} does not answer: {log.read_text()[-3000:]}"
        time.sleep(0.1)
