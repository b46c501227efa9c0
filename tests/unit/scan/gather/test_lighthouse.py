"""Lighthouse as a program beside a browser of ours: bounded, and reaching no more than any other load.

The program is a stand-in that drives the browser by its port, as Lighthouse does, and writes what Lighthouse would.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import pytest

from surveyor.scan import engine
from surveyor.scan.engine import speed
from surveyor.scan.errors import BadTarget, Malformed, NotConfigured, ScanError, Unreachable
from surveyor.scan.events import Progress
from surveyor.scan.figures import Device, Engine
from surveyor.scan.gather import Errand, lighthouse
from surveyor.scan.model import CoverageState
from surveyor.scan.net import Client
from surveyor.scan.plan import plan
from surveyor.scan.settings import Settings, from_environment
from surveyor.scan.speed import Speed
from tests import browser as browsers
from tests.fixtures.lighthouse import result
from tests.servers.web import Site

#: $1 is what to write, once the page ($2) that is opened through ``--port=N`` ($3) calls itself done.
DRIVES = r"""ask() {
  exec 3<>/dev/tcp/127.0.0.1/${port#--port=}
  printf '%s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n' "$1" >&3
  timeout 0.3 cat <&3
  exec 3>&-
}
port=$3
ask "PUT /json/new?$2" >/dev/null
for turn in $(seq 120); do ask "GET /json/list" | grep -q '"title": "done"' && break; done
printf %s "$1"
"""


def errand(*command: str, chromium: str | None = "/bin/false", seconds: float = 20.0) -> Errand:
    settings = Settings(browser=chromium, lighthouse=command)
    return Errand(
        url="https://a.example/", settings=settings, client=Client(settings), deadline=time.monotonic() + seconds
    )


def told(script: str, seconds: float = 20.0) -> bytes:
    from surveyor.scan.net.browser import driven

    return driven.run(("/bin/bash", "-c", script), seconds=seconds)


@pytest.mark.parametrize(
    ("script", "seconds", "error", "words"),
    [
        ("echo one >&2; echo two >&2; exit 3", 20, Unreachable, "failed \\(3\\): two"),
        ("while :; do echo; done", 0.3, Unreachable, "not done within 0 s"),
        ("exec cat /dev/zero", 20, ScanError, "writes more than 32 MiB"),
        ("exec /nowhere/lighthouse", 20, NotConfigured, "does not start"),
    ],
)
def test_a_program_is_bounded_in_time_output_and_what_it_says(
    script: str, seconds: float, error: type[ScanError], words: str
) -> None:
    with pytest.raises(error, match=words):
        told(script, seconds)


def test_what_it_wrote_counts_even_where_it_ends_badly() -> None:
    assert told("yes | head -c 300000 >&2; printf ok; exit 1") == b"ok"
    assert told("echo $HOME $PATH $NODE_OPTIONS $SURVEYOR_CHROMIUM").decode().endswith("--max-old-space-size=512\n")


def test_it_is_never_tried_unless_it_is_named() -> None:
    with pytest.raises(NotConfigured, match="SURVEYOR_LIGHTHOUSE"):
        lighthouse.gather(errand())
    with pytest.raises(NotConfigured, match="SURVEYOR_CHROMIUM"):
        lighthouse.gather(errand("lighthouse", chromium=None))
    assert from_environment({}).lighthouse == ()
    assert from_environment({"SURVEYOR_LIGHTHOUSE": "/opt/lighthouse"}).lighthouse == ("/opt/lighthouse",)
    assert from_environment({"SURVEYOR_PERFORMANCE_ENGINE": "lab"}).performance_engine is Engine.LAB
    with pytest.raises(BadTarget, match="SURVEYOR_PERFORMANCE_ENGINE 'fast'"):
        from_environment({"SURVEYOR_PERFORMANCE_ENGINE": "fast"})


@pytest.mark.browser
def test_it_drives_a_browser_that_reaches_what_the_page_asks_for_and_may(site: Site) -> None:
    chromium = browsers.find() or pytest.skip("no Chromium is installed")
    with Site() as other:
        other.page("/secret", "secret")
        site.page("/", f"<img src='{other.url('/secret')}'><iframe src=/inner></iframe><script src=/own.js></script>")
        script = "onload = () => fetch('/asked').then(() => document.title = 'done')"
        site.page("/own.js", script, content_type="text/javascript")
        site.page("/inner", "<img src=/deep>")
        measured = _measured(site, chromium, json.dumps(result()))
        assert isinstance(measured, Speed)
        assert (measured.by, measured.device, measured.score) == (Engine.LIGHTHOUSE, Device.MOBILE, 0.81)
        asked = {request.path for request in site.requests}
        assert {"/", "/own.js", "/asked", "/inner", "/deep"} <= asked
        assert other.requests == []


def test_what_it_could_not_measure_and_what_is_no_result_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from surveyor.scan.net.browser import driven

    @contextlib.contextmanager
    def browser(*_: object, **__: object) -> Iterator[SimpleNamespace]:
        yield SimpleNamespace(port=1)

    monkeypatch.setattr(driven, "browser", browser)
    cases = (({"runtimeError": {"code": "NO_FCP"}}, Unreachable), ({"audits": {}}, Malformed), ("no JSON", Malformed))
    for written, error in cases:
        text = written if isinstance(written, str) else json.dumps(written)
        with pytest.raises(error):
            lighthouse.gather(errand("/bin/bash", "-c", 'printf %s "$1"', "lighthouse", text))


def _measured(site: Site, chromium: str, written: str) -> Speed | ScanError:
    command = ("/bin/bash", "-c", DRIVES, "lighthouse", written)
    settings = site.settings(browser=chromium, lighthouse=command)
    one = replace(errand(), url=site.url(), settings=settings, client=Client(settings), deadline=time.monotonic() + 60)
    try:
        return lighthouse.gather(one)
    except ScanError as error:
        return error


def test_a_scan_that_chose_it_says_so(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from surveyor.scan.formats import lighthouse as reader
    from surveyor.scan.gather import Gatherer

    def gather(errand: Errand) -> Speed:
        return reader.read(result(), url=errand.url, by=Engine.LIGHTHOUSE, device=errand.device)

    site.page("/", "<!doctype html><title>t</title>")
    monkeypatch.setitem(speed.ENGINES, Engine.LIGHTHOUSE, Gatherer(id="lighthouse", version=1, gather=gather))
    request = replace(plan(site.url()), slots=("performance",))
    report = engine.run(request, site.settings(performance_engine=Engine.LIGHTHOUSE), Progress())
    (slot,) = report.coverage
    assert slot.state is CoverageState.LOOKED
    assert "by Lighthouse 13.5.0 (lighthouse, mobile)" in (slot.detail or "")
    assert (report.scores[0].profile, report.measurements[0].series) == (
        "lighthouse-performance-mobile",
        "lighthouse-devtools-mobile",
    )
    assert report.measurements[0].notes == ("The page may not be loading as expected.",)
