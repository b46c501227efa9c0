"""Several loads in one browser: each begins with nothing of another's, and a browser that ended is started again."""

from __future__ import annotations

import os
import signal
import time

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
            with visits.visit(seconds=20, max_bytes=1 << 20) as visit:
                tab = visit.tab
                arrive(visit, site.url(), seconds=10, rest=lambda tab=tab: tab.heard.loaded.wait(10))
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


def _first(visit: Visit) -> int:
    """The browser's first process, which ends all others with it."""
    told = visit.chromium.protocol.call("SystemInfo.getProcessInfo", seconds=10)["processInfo"]
    (pid,) = [int(one["id"]) for one in told if one["type"] == "browser"]
    return pid
