"""Pages in a real Chromium: what scripts build is judged, in frames and shadow trees too, under the page's policy."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from surveyor.scan import engine
from surveyor.scan.errors import Malformed
from surveyor.scan.events import Event, Progress
from surveyor.scan.gather.browser import cookies
from surveyor.scan.model import CoverageState, Domain, Report
from surveyor.scan.net.browser import axe
from surveyor.scan.net.browser.tab import Tab
from surveyor.scan.phrases import is_picture
from surveyor.scan.plan import plan
from tests import browser as browsers
from tests.servers.web import Site

pytestmark = pytest.mark.browser

POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; frame-src 'self'"
PAGE = """<!doctype html><html lang=en><title>t</title><noscript><img src=a></noscript><body><h1>Shop</h1><main>
<p id=pale style="color:#aaa;background:#fff">Pale</p>
<p style="background:linear-gradient(red,blue);color:#888">Who knows</p>
<iframe title=inner src=/inner></iframe><div id=host></div>
<script>
  document.getElementById("host").attachShadow({mode: "open"}).innerHTML = "<p style='color:#ccc'>In the shadow</p>";
  document.querySelector("main").append(document.createElement("button"));
  window.axe = {runPartial: () => Promise.resolve("nothing")}; Element.prototype.querySelectorAll = () => [];
</script></main>"""
INNER = '<!doctype html><html lang=en><title>i</title><p style="color:#bbb">In the frame</p>'
CONTRAST = "accessibility_color_contrast"


@pytest.fixture(scope="module")
def chromium() -> str:
    """The browser, with what it is given to run."""
    if not (Path(axe.__file__).parent / "vendor" / "axe.min.js").is_file():
        pytest.skip("axe-core is put here when Surveyor is installed; `make test` does")
    return browsers.find() or pytest.skip("no Chromium is installed")


def scan(site: Site, chromium: str | None, *rules: str) -> tuple[Report, list[Event]]:
    events: list[Event] = []
    request = replace(plan(site.url()), rules=rules or None)
    settings = site.settings(browser=chromium, probes=False, links=0)
    return engine.run(request, settings, Progress(events.append)), events


def titles(report: Report) -> dict[str, list[str | None]]:
    """Where each barrier was found."""
    return {
        finding.title: [evidence.where for evidence in finding.evidence]
        for finding in report.findings
        if finding.domain is Domain.ACCESSIBILITY
    }


@pytest.fixture
def profiles(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where profiles of this test's browsers are, and of nobody else's: others kill theirs, or have just begun."""
    with tempfile.TemporaryDirectory(prefix="surveyor-") as folder:
        Path(folder).chmod(0o711)  # a browser's user, who is nobody, has its profile there
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


def test_barriers_are_those_of_the_page_that_people_meet(site: Site, chromium: str, profiles: Path) -> None:
    site.page("/", PAGE, headers=(("Content-Security-Policy", POLICY),))
    site.page("/inner", INNER)
    report, events = scan(site, chromium)
    found = titles(report)
    assert found["Text with too little contrast"] == ["p#pale", "iframe >>> p", "#host >>> p"]
    assert found["Text with too little contrast: to be reviewed"] == ["body > main:nth-of-type(1) > p:nth-of-type(2)"]
    assert found["Buttons without a name"] == ["body > main:nth-of-type(1) > button:nth-of-type(1)"]
    assert not [title for title in found if title.startswith("No way past")]
    assert "Images without a text alternative" not in found
    seen = {one.where: one.picture for finding in report.findings for one in finding.evidence if one.picture}
    assert set(seen) >= {"p#pale", "iframe >>> p", "#host >>> p", "body > main:nth-of-type(1) > button:nth-of-type(1)"}
    assert all(map(is_picture, seen.values()))
    assert [event.data["settled"] for event in events if event.stage == "accessibility.browser"] == [True]
    assert [path for path in profiles.iterdir() if path.is_dir()] == []  # files are the locks of the machine


def test_a_rule_of_the_browser_is_run_again_alone(site: Site, chromium: str) -> None:
    site.page("/", PAGE.replace("#aaa", "#000").replace("#ccc", "#000").replace("linear-gradient(red,blue)", "#fff"))
    report, _ = scan(site, chromium, CONTRAST)
    entry = next(entry for entry in report.coverage if entry.what == f"check.{CONTRAST}")
    assert {finding.rule for finding in report.findings} == {CONTRAST}  # the colour on white
    assert (entry.state, entry.count) == (CoverageState.LOOKED, 1)
    assert (report.findings[0].evidence[0].picture or "").startswith("data:image/webp;base64,")
    site.page("/", "<!doctype html><html lang=en><title>t</title><p>x")
    report, _ = scan(site, chromium, CONTRAST)
    entry = next(entry for entry in report.coverage if entry.what == f"check.{CONTRAST}")
    assert (report.findings, entry.state, entry.count) == ((), CoverageState.LOOKED, 0)


def test_without_a_browser_the_markup_is_judged(site: Site) -> None:
    site.page("/", PAGE)
    report, _ = scan(site, None)
    assert "Images without a text alternative" in titles(report)
    states = {entry.what: entry.state for entry in report.coverage}
    assert states["gather.browser"] is CoverageState.NOT_CONFIGURED
    assert states["slot.accessibility"] is CoverageState.LOOKED


def test_classes_that_markup_decides_are_judged_in_frames_and_shadow_trees_by_the_browser(
    site: Site, chromium: str
) -> None:
    site.page("/", PAGE.replace("<p style='color:#ccc'>In the shadow</p>", "<img src=/x.png>"))
    site.page("/inner", "<!doctype html><html lang=en><title>i</title><img src=/x.png><a href=/>")
    report, _ = scan(site, chromium)
    found = titles(report)
    assert found["Images without a text alternative, in frames or shadow trees"] == ["iframe >>> img", "#host >>> img"]
    assert found["Links without a name, in frames or shadow trees"] == ["iframe >>> a"]
    assert "Buttons without a name, in frames or shadow trees" not in found
    assert not [entry for entry in report.coverage if entry.detail and "frames" in entry.detail]


def test_a_frame_that_the_browser_must_not_load_gives_no_barrier_of_the_browsers_own(site: Site, chromium: str) -> None:
    site.page(
        "/",
        "<!doctype html><html lang=en><title>t</title><main><h1>x</h1><iframe title=a src=http://192.0.2.1/></iframe>",
    )
    report, _ = scan(site, chromium)
    assert titles(report) == {}


def test_a_frame_that_could_not_be_judged_is_told(site: Site, chromium: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world = Tab.world

    def only_the_page(tab: Tab, frame: str, *, seconds: float) -> int:
        if frame != tab.frames(seconds=seconds)["frame"]["id"]:
            raise Malformed("gone")
        return world(tab, frame, seconds=seconds)

    monkeypatch.setattr(Tab, "world", only_the_page)
    site.page("/", PAGE)
    site.page("/inner", INNER)
    report, _ = scan(site, chromium, CONTRAST, "accessibility_link_name_within")
    found = {entry.what: entry for entry in report.coverage}
    entry = found["check.accessibility_link_name_within"]
    assert entry.state is CoverageState.PARTIAL
    assert entry.detail == "frames: 1 of the page's frames could not be judged"
    assert titles(report)["Text with too little contrast"] == ["p#pale", "#host >>> p"]


APPLICATION = """<!doctype html><html lang=en><title>Loading</title><meta name=robots content=noindex>
<link rel=canonical href=/a><body><div id=root></div><img src=/x.png><script src=/app.js></script>"""
PROGRAM = """document.title = "Shop";
document.querySelector("meta[name=robots]").remove();
document.querySelector("link[rel=canonical]").href = "/b";
const root = document.getElementById("root");
root.innerHTML = "<h1>Shop</h1><a href=/gone>Kettles</a><a href=/there>click here</a><img src=/y.png>";"""


def test_search_engines_are_told_of_both_forms_of_a_page(site: Site, chromium: str) -> None:
    site.page("/", APPLICATION)
    site.page("/app.js", PROGRAM, content_type="text/javascript")
    site.page("/there")
    settings = site.settings(browser=chromium, probes=False)
    request = replace(plan(site.url()), slots=("seo", "accessibility"))
    report = engine.run(request, settings, Progress())
    found = {one.title: one for one in report.findings if one.domain is Domain.SEO}
    forms = {title: [one.value for one in finding.evidence if one.kind == "markup"] for title, finding in found.items()}
    assert forms["Meta description missing"] == ["as served and as rendered"]
    assert forms["Main heading (h1) missing"] == ["as served only"]
    assert forms["Links with generic text"] == ["as rendered only"]
    assert forms["noindex that only a script takes back"] == []
    # what is not rendered gets no word on what scripts do beside
    assert "Page title changed by script" not in found
    # the page as served has no link at all, so that those of the rendered one are asked for
    (broken,) = found["Links to pages that are not there"].evidence
    assert broken.value.startswith("404: ")
    # one load serves both scanners
    assert [seen.path for seen in site.requests if seen.path == "/app.js"] == ["/app.js"]
    (score,) = report.scores
    assert {test.id: test.outcome for test in score.tests}["is-crawlable"] == "passed"


def test_a_page_that_scripts_leave_is_judged_as_it_was_served(site: Site, chromium: str) -> None:
    site.page("/", "<!doctype html><title>Go on</title><script>location.replace('/new')</script>")
    site.page("/new", "<!doctype html><title>New</title><h1>New</h1>")
    report, _ = scan(site, chromium, "seo_script_redirect", "seo_script_title", "seo_headings")
    found = {one.what: one for one in report.coverage}
    titles = {one.title for one in report.findings}
    assert titles == {"Page that scripts leave for another", "Main heading (h1) missing"}
    assert found["check.seo_script_title"].detail == "the page's scripts lead to another page"


def test_a_page_over_tls_is_judged_by_what_its_scripts_ask_for_and_keep(secure_site: Site, chromium: str) -> None:
    secure_site.page(
        "/",
        """<!doctype html><script>document.cookie = "session=1";
        fetch("http://shop.example/data").catch(() => 0);
        document.write("<img src='http://127.0.0.1:1/x.png'>");</script>""",
        headers=(("Set-Cookie", "basket=1; Secure"),),
    )
    report, _ = scan(secure_site, chromium, "security_mixed_requests", "security_cookies_kept")
    found = {one.title: [quoted.where for quoted in one.evidence] for one in report.findings}
    assert found == {
        "Scripts, styles or data asked for over plain HTTP": ["http://shop.example/data"],
        "Cookies set by script without Secure": ["session"],
        "Session cookies kept where scripts read them": ["session"],
    }
    assert {entry.state for entry in report.coverage} == {CoverageState.LOOKED}


@pytest.mark.parametrize("told", [{}, {"cookies": None}, {"cookies": [1, {}, {"name": None, "sameSite": 3}]}])
def test_answers_about_cookies_that_are_none(told: dict[str, object]) -> None:
    assert {one.secure for one in cookies(told)} <= {False}
