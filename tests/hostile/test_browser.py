"""A page in a real Chromium must not reach inside: every way a page can ask for something ends at our proxy."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from surveyor.scan.errors import Refused, ScanError, Unreachable
from surveyor.scan.evidence import Page, Rendered
from surveyor.scan.gather import Errand, browser, lab
from surveyor.scan.net import Client
from surveyor.scan.net.extra import Extra
from surveyor.scan.settings import AllowedHost, Settings
from tests import browser as browsers
from tests.servers.web import Site

pytestmark = [pytest.mark.ssrf, pytest.mark.browser]


@pytest.fixture(scope="module")
def chromium() -> str:
    """The browser that pages are loaded in."""
    return browsers.find() or pytest.skip("no Chromium is installed")


@pytest.fixture
def inside() -> Iterator[Site]:
    """A server that nobody allowed: whatever it is asked is a leak."""
    with Site() as running:
        running.page("/", "secret", headers=(("Access-Control-Allow-Origin", "*"),))
        yield running


def load(url: str, settings: Settings, *, resolver: Any = None, seconds: float = 30.0) -> Rendered:
    page = Page(asked=url, url=url, status=200, headers=(), body=b"")
    client = Client(settings, resolver=resolver)
    deadline = time.monotonic() + seconds
    return browser.gather(Errand(url=url, settings=settings, client=client, deadline=deadline, page=lambda: page))


def attacks(to: str) -> str:
    """One page that asks for an address in every way we know."""
    socket_, plain = to.replace("http:", "ws:"), to
    return f"""<!doctype html><html lang=en><title>t</title>
    <link rel=preconnect href="{plain}"><link rel=dns-prefetch href="{plain}">
    <link rel=prefetch href="{plain}?prefetch">
    <link rel=preload as=image href="{plain}?preload"><link rel=modulepreload href="{plain}?module">
    <link rel=stylesheet href="{plain}?style"><style>@import "{plain}?import"; body {{ background: url("{plain}?css") }}
    @font-face {{ font-family: f; src: url("{plain}?font") }} p {{ font-family: f }}</style><p>x</p>
    <script type=speculationrules>{{"prefetch": [{{"source": "list", "urls": ["{plain}?rules"]}}]}}</script>
    <img src="{plain}?img"><iframe src="{plain}?frame"></iframe><object data="{plain}?object"></object>
    <embed src="{plain}?embed"><video src="{plain}?video" autoplay></video><script src="{plain}?script"></script>
    <img src="/hop"><iframe srcdoc="<img src='{plain}?srcdoc'>"></iframe>
    <iframe name=f></iframe><form id=form method=post target=f action="{plain}?form"><input name=a></form>
    <script>
      fetch("{plain}?fetch", {{mode: "no-cors"}}).catch(() => 0);
      const asked = new XMLHttpRequest(); asked.open("GET", "{plain}?xhr"); asked.send();
      new WebSocket("{socket_}"); new EventSource("{plain}?events"); navigator.sendBeacon("{plain}?beacon", "x");
      new Worker(URL.createObjectURL(new Blob(["fetch('{plain}?worker').catch(() => 0)"])));
      document.getElementById("form").submit();
      navigator.serviceWorker && navigator.serviceWorker.register("/worker.js").catch(() => 0);
    </script>"""


def test_the_laboratory_has_no_other_way_out(site: Site, inside: Site, chromium: str) -> None:
    site.page("/", attacks(inside.url()))
    site.redirect("/hop", inside.url("/?hop"))
    page = Page(asked=site.url(), url=site.url(), status=200, headers=(("Content-Type", "text/html"),), body=b"")
    settings = site.settings(browser=chromium, lab_runs=1)
    sent = (("X-Stage", "open-sesame-4711"),)
    client, deadline = Client(settings).sending(Extra(site.url(), sent)), time.monotonic() + 60.0
    found = lab.gather(Errand(url=page.url, settings=settings, client=client, deadline=deadline, page=lambda: page))
    assert found.load is not None
    asked = [one for one in found.load.resources if one.url.startswith(inside.url())]
    assert {one.kind for one in asked} >= {"image", "script", "stylesheet", "fetch", "xhr"}
    assert not [one for one in asked if one.status is not None]
    assert sum(seen.path == "/" for seen in site.requests) in {1, 2}  # measured, and counted where time is left
    assert {seen.headers.get("x-stage") for seen in site.requests if seen.path != "/favicon.ico"} == {sent[0][1]}
    assert inside.requests == []


def spellings(port: int) -> dict[str, str]:
    """One inside by many names, and the rule that stops each."""
    return {
        f"http://127.0.0.1:{port}/": "address_loopback",
        f"http://localhost:{port}/": "host_local",
        f"http://[::1]:{port}/": "address_loopback",
        f"http://[::ffff:127.0.0.1]:{port}/": "address_loopback",
        f"http://2130706433:{port}/": "address_loopback",
        "http://10.0.0.1/": "address_private",
        "http://169.254.169.254/latest/meta-data/": "address_metadata",
        "http://printer.local/": "host_local",
    }


def test_no_way_of_asking_leads_inside(site: Site, inside: Site, chromium: str) -> None:
    site.page("/", attacks(inside.url()))
    site.redirect("/hop", inside.url("/?hop"))
    site.page("/worker.js", f"fetch('{inside.url('/?service')}')", content_type="text/javascript")
    found = load(site.url(), site.settings(browser=chromium))
    assert inside.requests == []
    assert found.refused == {f"127.0.0.1:{inside.port}": "address_loopback"}
    assert {one.kind for one in found.requests} >= {"Document", "Image", "Script", "Fetch", "XHR", "WebSocket"}
    assert any(seen.path == "/hop" for seen in site.requests)


WAYS = {"prefetch", "preload", "module", "style", "import", "css", "img", "frame", "object", "video", "script", "hop"}
WAYS |= {"srcdoc", "form", "fetch", "xhr", "events", "beacon", "worker"}


def test_the_same_page_reaches_what_is_allowed(site: Site, inside: Site, chromium: str) -> None:
    """Else the test above would prove nothing."""

    def asked() -> set[str]:
        return {seen.path.partition("?")[2] for seen in list(inside.requests)}

    site.page("/", attacks(inside.url()) + "<script>fetch('/held')</script>")
    site.hold("/held", lambda: asked() >= WAYS)
    site.redirect("/hop", inside.url("/?hop"))
    allowed = tuple(AllowedHost(host="127.0.0.1", port=one.port) for one in (site, inside))
    load(site.url(), Settings(allow_hosts=allowed, browser=chromium), seconds=60.0)
    assert asked() >= WAYS


def test_no_spelling_of_inside_is_reached(site: Site, inside: Site, chromium: str) -> None:
    names = spellings(inside.port)
    site.page("/", "<!doctype html><title>t</title>" + "".join(f'<img src="{name}">' for name in names))
    found = load(site.url(), site.settings(browser=chromium))
    assert inside.requests == []
    assert set(names.values()) == set(found.refused.values())


def test_a_name_that_changes_its_mind_is_judged_each_time(site: Site, inside: Site, chromium: str) -> None:
    asked: list[str] = []

    def resolver(host: str, port: int, *_: Any) -> list[tuple[Any, ...]]:
        asked.append(host)
        addresses = {"mixed.example": ["93.184.216.34", "127.0.0.1"]}.get(host, ["127.0.0.1"])
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    ports = frozenset({inside.port})
    hosts = (AllowedHost(host="127.0.0.1", port=site.port), AllowedHost(host="ours.example", port=site.port))
    names = ("mixed.example", "rebound.example")
    site.page("/", "".join(f'<img src="http://{name}:{inside.port}/">' for name in names) + OURS % site.port)
    site.page("/ours.js", "document.title = 'seen'", content_type="text/javascript")
    settings = Settings(allow_hosts=hosts, ports=ports, browser=chromium)
    found = load(site.url(), settings, resolver=resolver)
    assert inside.requests == []
    assert {found.refused[f"{name}:{inside.port}"] for name in names} == {"address_loopback"}
    assert "<title>seen</title>" in found.html  # a name that is allowed is reached through the same proxy
    assert asked.count("ours.example") == 1


OURS = '<script src="http://ours.example:%d/ours.js"></script>'


@pytest.mark.parametrize("way", ["script", "refresh"])
def test_a_page_that_sends_the_browser_inside_is_refused(way: str, site: Site, inside: Site, chromium: str) -> None:
    move = {
        "script": f"<script>location = '{inside.url()}'</script>",
        "refresh": f"<meta http-equiv=refresh content='0;url={inside.url()}'>",
    }
    site.page("/", f"<!doctype html><title>t</title>{move[way]}")
    with pytest.raises(Refused) as error:
        load(site.url(), site.settings(browser=chromium))
    assert error.value.rule == "address_loopback"
    assert inside.requests == []


def test_no_datagram_leaves_the_browser(site: Site, chromium: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(1.0)
        port = listener.getsockname()[1]
        site.page("/", WEBRTC % (port, port))
        site.hold("/held", lambda: any(seen.path == "/tried" for seen in list(site.requests)))
        found = load(site.url(), site.settings(browser=chromium))
        assert "<title>tried</title>" in found.html
        with pytest.raises(TimeoutError):
            listener.recv(100)


WEBRTC = """<!doctype html><title>t</title><script>
  fetch("/held");
  const peer = new RTCPeerConnection({iceServers: [{urls: ["stun:127.0.0.1:%d", "turn:127.0.0.1:%d?transport=udp"],
                                                    username: "u", credential: "c"}]});
  peer.createDataChannel("c");
  peer.createOffer().then(offer => peer.setLocalDescription(offer)).then(() => {
    document.title = "tried"; fetch("/tried");
  });
</script>"""


def test_a_page_that_never_rests_is_cut_and_its_browser_gone(site: Site, chromium: str) -> None:
    site.page("/", "<!doctype html><title>t</title><script>for (;;);</script>")
    started = time.monotonic()
    with pytest.raises(Unreachable):
        load(site.url(), site.settings(browser=chromium), seconds=6.0)
    assert time.monotonic() - started < 60
    assert not _browsers_of(os.getpid())


def test_a_page_without_end_in_bytes_is_cut(site: Site, chromium: str) -> None:
    site.page("/", "<!doctype html><title>t</title><p id=p>x<script src=/big.js></script>")
    site.page("/big.js", b" " * (9 << 20) + b"document.title = 'whole'", content_type="text/javascript")
    settings = site.settings(browser=chromium)
    small = Settings(allow_hosts=settings.allow_hosts, browser=chromium, limits=_small(settings))
    found = load(site.url(), small)
    assert not found.settled
    assert "<title>t</title>" in found.html


def _small(settings: Settings) -> Any:
    from dataclasses import replace

    return replace(settings.limits, page_bytes=1 << 20)


def _browsers_of(pid: int) -> list[str]:
    """Command lines of Chromium processes below a process."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        if parent == pid and "--remote-debugging-pipe" in command:
            found.append(command)
    return found


def test_a_scan_that_is_killed_leaves_no_browser(site: Site, chromium: str) -> None:
    site.page("/", "<!doctype html><title>t</title><script>for (;;);</script>")
    words = [sys.executable, "-c", SCAN, site.url(), chromium, str(site.port)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    scan = subprocess.Popen(words, env=environment, start_new_session=True)
    try:
        assert _until(lambda: len(_group(scan.pid)) > 4)
    finally:
        os.killpg(scan.pid, signal.SIGKILL)
        scan.wait()
    assert _until(lambda: not _group(scan.pid))


SCAN = """
import sys
from surveyor.scan import engine
from surveyor.scan.events import Progress
from surveyor.scan.plan import plan
from surveyor.scan.settings import AllowedHost, Settings
url, browser, port = sys.argv[1:]
settings = Settings(allow_hosts=(AllowedHost(host="127.0.0.1", port=int(port)),), browser=browser)
engine.run(plan(url), settings, Progress())
"""


def _until(true: Callable[[], bool]) -> bool:
    end = time.monotonic() + 60
    while not (now := true()) and time.monotonic() < end:
        time.sleep(0.1)
    return now


def _group(number: int) -> list[int]:
    """Processes of a group that have not ended."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            state, _, group, *_ = entry.read_text().rpartition(")")[2].split()
            if int(group) == number and state != "Z":
                found.append(int(entry.parent.name))
    return found


def test_a_browser_that_does_not_start_is_said(site: Site) -> None:
    with pytest.raises(ScanError) as error:
        load(site.url(), site.settings(browser="/bin/false"))
    assert error.value.code == "not_configured"
