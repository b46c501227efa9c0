"""Headers of a scan in a real Chromium: its page's origin gets them, whatever asks, and nobody else ever does."""

from __future__ import annotations

from typing import Any

import pytest

from surveyor.scan import engine
from surveyor.scan.engine.kept import bundle
from surveyor.scan.events import Progress
from surveyor.scan.model import Kind
from surveyor.scan.plan import Crawl, Request
from surveyor.scan.settings import AllowedHost
from tests import browser as browsers
from tests.servers.web import Site

pytestmark = [pytest.mark.ssrf, pytest.mark.browser]

SECRET = "t0psecret/and+long"
SENT = (("Authorization", f"Bearer {SECRET}"), ("Cookie", "sid=c00kie-of-a-session; theme=plain"))
SHARED = (("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Headers", "*, authorization"))


@pytest.fixture(scope="module")
def chromium() -> str:
    """The browser that pages are loaded in."""
    return browsers.find() or pytest.skip("no Chromium is installed")


def page(own: str, other: str) -> str:
    """A page that asks its own origin and another one in all ways we know, and shows what it was sent."""
    return f"""<!doctype html><html lang=en><title>t</title><link rel=stylesheet href=/style.css>
    <link rel=preload as=image href=/preloaded.png><link rel=prefetch href="{other}prefetched">
    <p>You sent {SECRET}.</p><img alt="" src="/echo?token={SECRET}"><img alt="" src="{other}image">
    <script src=/app.js></script><script src="{other}app.js"></script><script type=module src=/module.js></script>
    <iframe title=a src=/frame></iframe><iframe title=b src="{other}frame"></iframe>
    <iframe title=c src=/away-frame></iframe><iframe title=d srcdoc="<img alt='' src='{own}in-srcdoc'>"></iframe>
    <iframe title=e src="{other}to-own-frame"></iframe><object data=/object type=text/html></object>
    <img alt="" src=/hop><img alt="" src=/away><img alt="" src=/there-and-back><img alt="" src="{other}to-own">
    <iframe name=f title=f></iframe><form id=form method=post target=f action="{other}form"><input name=a></form>
    <script>
      fetch("/held"); console.error("{SECRET}"); document.getElementById("form").submit();
      navigator.sendBeacon("{other}beacon", "x"); new WebSocket("{other.replace("http", "ws")}socket");
      new Worker(URL.createObjectURL(new Blob([
        "fetch('{own}by-made-worker'); fetch('{other}by-made-worker').catch(() => 0)"])));
    </script>"""


#: What the page asks of its own origin.
OWN = {"/", "/style.css", "/font", "/preloaded.png", "/echo", "/app.js", "/module.js", "/imported.js", "/api", "/xhr"}
OWN |= {"/frame", "/in-frame", "/in-srcdoc", "/object", "/hop", "/hopped", "/away", "/away-frame", "/there-and-back"}
OWN |= {"/worker.js", "/in-worker.js", "/by-worker", "/by-made-worker"}
#: What another origin has asked of it, or has sent back there.
AGAIN = {"/returned", "/from-other", "/from-other-frame", "/image-of-other", "/fetch-of-other", "/worker-of-other"}
#: What is asked of the other one.
THERE = {"/image", "/app.js", "/frame", "/landed", "/landed-frame", "/back", "/to-own", "/by-worker", "/by-made-worker"}
THERE |= {"/fetched", "/form", "/beacon", "/to-own-frame"}


def paths(site: Site) -> set[str]:
    return {seen.path.partition("?")[0] for seen in list(site.requests)}


def serve(site: Site, other: Site) -> None:
    """Their pages and redirects."""
    own, away = site.url(), other.url()
    site.page("/", page(own, away), headers=(("Set-Cookie", "theme=dark; Path=/"),))
    scripts = {
        "/app.js": f"""fetch('/api'); new Worker('/worker.js');
          fetch('/away', {{headers: {{'X-Own': '1'}}}}).catch(() => 0);
          const asked = new XMLHttpRequest(); asked.open('GET', '/xhr'); asked.send();
          fetch('{away}fetched', {{credentials: 'omit'}}).catch(() => 0);""",
        "/module.js": "import('/imported.js')",
        "/imported.js": "",
        "/worker.js": f"""importScripts('/in-worker.js'); fetch('/by-worker'); fetch('/there-and-back').catch(() => 0);
          fetch('/away').catch(() => 0); fetch('{away}by-worker').catch(() => 0);""",
        "/in-worker.js": "",
    }
    for path, script in scripts.items():
        site.page(path, script, content_type="text/javascript")
    site.page("/style.css", "@font-face {font-family: f; src: url(/font)} p {font-family: f}", content_type="text/css")
    site.page("/frame", "<title>in</title><img alt='' src=/in-frame>")
    site.hold("/held", lambda: paths(site) >= OWN | AGAIN and paths(other) >= THERE)
    site.redirect("/hop", "/hopped")
    site.redirect("/away", other.url("/landed"))
    site.redirect("/away-frame", other.url("/landed-frame"))
    site.redirect("/there-and-back", other.url("/back"))
    other.redirect("/back", site.url("/returned"), headers=SHARED)
    other.redirect("/to-own", site.url("/from-other"))
    other.redirect("/to-own-frame", site.url("/from-other-frame"))
    theirs = f"""<title>other</title><img alt='' src='{own}image-of-other'><script>
      fetch('{own}fetch-of-other').catch(() => 0);
      new Worker(URL.createObjectURL(new Blob(["fetch('{own}worker-of-other').catch(() => 0)"])));</script>"""
    for path in ("/frame", "/landed-frame"):
        other.page(path, theirs)
    for path in ("/landed", "/fetched", "/by-worker", "/by-made-worker", "/app.js"):
        other.page(path, "", headers=SHARED)
    for path in ("/fetch-of-other", "/worker-of-other", "/returned"):
        site.page(path, "", headers=SHARED)


def test_the_pages_origin_gets_them_and_nobody_else(site: Site, chromium: str) -> None:
    told: list[Any] = []
    kept: list[bytes] = []
    with Site() as other:
        serve(site, other)
        hosts = tuple(AllowedHost(host="127.0.0.1", port=one.port) for one in (site, other))
        settings = site.settings(browser=chromium, allow_hosts=hosts)
        request = Request(
            kind=Kind.WEB,
            source=site.url(),
            slots=("accessibility",),
            headers=SENT,
            keeps=True,
            crawl=Crawl(pages=1, rate=50),
        )
        report = engine.run(request, settings, Progress(told.append), evidence=kept.append)
    asked: dict[str, set[bool]] = {}
    for seen in site.requests:
        due = seen.headers.get("authorization") == f"Bearer {SECRET}"
        assert due == ("c00kie-of-a-session" in seen.headers.get("cookie", "")), seen
        asked.setdefault(seen.path.partition("?")[0], set()).add(due)
    assert {path for path, due in asked.items() if due == {True}} >= OWN
    without = {path for path, due in asked.items() if due == {False}}
    assert without - {"/favicon.ico"} == AGAIN
    assert {seen.headers["cookie"] for seen in site.requests if seen.path == "/api"} == {
        "sid=c00kie-of-a-session; theme=dark"
    }
    assert {seen.path for seen in other.requests} >= THERE
    secrets = (SECRET, "c00kie-of-a-session")
    assert not [seen for seen in other.requests if any(secret in repr(seen) for secret in secrets)]
    # what the browser asked for is told beside the crawl's own requests
    (loads,) = [entry for entry in report.coverage if entry.what == "crawl.browser"]
    assert loads.count == 1
    assert loads.detail is not None
    assert loads.detail.startswith("1 load of pages in a browser: ")
    whole = repr(report) + repr(told) + repr(bundle.decode(kept[0]))
    assert not [secret for secret in secrets if secret in whole]
    rendered = bundle.decode(kept[0]).pages[0].gathered.browser
    assert rendered is not None
    assert "You sent ***." in rendered.html
    assert rendered.missed == {"pictures": "the page shows a value of the scan's headers"}
