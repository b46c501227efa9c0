"""Several loads in one browser: each begins with nothing of another's, and a browser that ended is started again."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from surveyor.scan.errors import NotConfigured, Unreachable
from surveyor.scan.net import Client
from surveyor.scan.net.browser.arrival import arrive
from surveyor.scan.net.browser.visits import Visit, Visits
from tests import browser as browsers
from tests.servers.web import Site


def test_without_a_browser_or_after_the_end_nobody_gets_a_page(site: Site) -> None:
    visits = Visits(Client(site.settings()), None)
    with pytest.raises(NotConfigured), visits.visit(seconds=5, max_bytes=1):
        pass
    visits.close()
    with pytest.raises(Unreachable), visits.visit(seconds=5, max_bytes=1):
        pass


@pytest.mark.browser
def test_a_load_finds_nothing_of_another_and_survives_its_browser(site: Site) -> None:
    chromium = browsers.find() or pytest.skip("no Chromium is installed")
    cached = (("Set-Cookie", "a=b"), ("Cache-Control", "max-age=600"))
    site.page("/", "<!doctype html><title>t</title>", headers=cached)
    visits = Visits(Client(site.settings()), chromium)
    pids = []
    try:
        for _ in range(3):
            with visits.visit(seconds=60, max_bytes=1 << 20) as visit:
                tab = visit.tab
                arrive(visit, site.url(), seconds=60, rest=lambda tab=tab: tab.heard.loaded.wait(60))
                pids.append(_first(visit))
            if len(pids) == 2:
                os.kill(pids[-1], signal.SIGKILL)
                while visit.chromium.alive:
                    time.sleep(0.01)
    finally:
        visits.close()
    asked = [seen for seen in site.requests if seen.path == "/"]
    assert [seen.headers.get("cookie") for seen in asked] == [None] * 3
    assert pids[0] == pids[1] != pids[2]
    assert visits.loads.count == 3
    assert visits.loads.requests >= 3
    assert visits.loads.received > 3 * len("<!doctype html>")


@pytest.fixture
def locks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine of this test's own."""
    with tempfile.TemporaryDirectory(prefix="surveyor-") as folder:
        Path(folder).chmod(0o711)  # a browser's user, who is nobody, has its profile there
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield


@pytest.mark.browser
@pytest.mark.usefixtures("locks")
def test_there_is_one_browser_on_a_machine(site: Site) -> None:
    chromium, client = browsers.find() or pytest.skip("no Chromium is installed"), Client(site.settings())
    with closing(Visits(client, chromium)) as one, closing(Visits(client, chromium)) as other:
        with one.visit(seconds=60, max_bytes=1, patient=True) as first:
            assert first.alone
            with pytest.raises(Unreachable, match="busy with other scans"), other.visit(seconds=0.1, max_bytes=1):
                pass
        assert first.chromium.alive, "nobody wants it"
        with other.visit(seconds=60, max_bytes=1) as second:
            assert second.alone
            assert not first.chromium.alive
        with one.visit(seconds=60, max_bytes=1, patient=True) as third:
            assert (third.chromium.alive, second.chromium.alive) == (True, False)
        with one.without(seconds=60):
            assert not third.chromium.alive
            with pytest.raises(Unreachable), other.visit(seconds=0.1, max_bytes=1):
                pass
        with one.visit(seconds=60, max_bytes=1) as fourth:
            pass
    assert not fourth.chromium.alive
    with closing(Visits(client, chromium)) as last, last.visit(seconds=60, max_bytes=1) as fifth:
        assert fifth.alone, "and the machine was given back"


def _first(visit: Visit) -> int:
    """The browser's first process, which ends all others with it."""
    told = visit.chromium.protocol.call("SystemInfo.getProcessInfo", seconds=60)["processInfo"]
    (pid,) = [int(one["id"]) for one in told if one["type"] == "browser"]
    return pid
