"""Several pages of one site in one scan: which are asked for, which never, and what is said of them together."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from surveyor.scan import engine
from surveyor.scan.check.document import Document
from surveyor.scan.engine.site import addresses, template
from surveyor.scan.engine.site.frontier import Frontier
from surveyor.scan.engine.site.told import REASONS, Unvisited
from surveyor.scan.errors import BadTarget
from surveyor.scan.events import Event, Progress
from surveyor.scan.evidence import Page
from surveyor.scan.figures import Engine
from surveyor.scan.gather import psi as google
from surveyor.scan.model import Coverage, CoverageState, Report, ScanStatus
from surveyor.scan.net.extra import several
from surveyor.scan.net.turns import Turns
from surveyor.scan.plan import WEB_SLOTS, Crawl, plan
from surveyor.scan.settings import AllowedHost, Settings
from surveyor.scan.vocabulary import is_known
from tests.servers.psi import Psi
from tests.servers.web import Site

FAST = 50.0


def shop(*links: str, title: str = "A page of the shop", body: str = "", frame: str = "main", head: str = "") -> str:
    anchors = "".join(f"<a href='{link}'>Goods {link}</a>" for link in links)
    return (
        f"<!doctype html><html lang=en><head><title>{title}</title>{head}</head>"
        f"<body><{frame}><h1>Shop</h1>{body}{anchors}</{frame}></body></html>"
    )


def crawl(site: Site, settings: Settings | None = None, path: str = "/", **asked: Any) -> tuple[Report, list[Event]]:
    headers, also, slots = asked.pop("headers", ()), asked.pop("also", ()), asked.pop("slots", ("security", "seo"))
    request = replace(
        plan(site.url(path)),
        slots=slots,
        crawl=Crawl(**{"rate": FAST, **asked}),
        headers=headers,
        also=also,
    )
    told: list[Event] = []
    report = engine.run(request, settings or site.settings(probes=False, links=0), Progress(told.append))
    assert [event.stage for event in told if not is_known(event.stage)] == []
    return report, told


def looked(report: Report) -> list[str]:
    return [
        urlsplit(entry.asset or "").path
        for entry in report.coverage
        if entry.what == "crawl.page" and entry.state is CoverageState.LOOKED
    ]


def left(report: Report) -> dict[str, str]:
    """Reasons by path and query, of pages that were left out."""
    found: dict[str, str] = {}
    for entry in report.coverage:
        if entry.what == "crawl.page" and entry.state is not CoverageState.LOOKED:
            split = urlsplit(entry.asset or "")
            found[f"{split.path}?{split.query}".rstrip("?")] = entry.reason or ""
    return found


def of(report: Report, what: str) -> Coverage:
    return next(entry for entry in report.coverage if entry.what == what)


def test_what_is_found_on_many_pages_is_one_finding_that_says_on_which_and_where(site: Site) -> None:
    products = [f"/product/{number}" for number in range(6)]
    site.page("/robots.txt", f"nonsense\nSitemap: {site.url('/map.xml')}\n", content_type="text/plain")
    site.page("/map.xml", "<rss/>", content_type="text/xml")
    site.page("/", shop("/about", *products, "https://elsewhere.example/", title="The shop"))
    site.page(
        "/about", shop("/", frame="section", title="About the shop"), headers=(("X-Content-Type-Options", "nosniff"),)
    )
    for number, path in enumerate(products):
        site.page(path, shop("/", body="<div class=price><img src=a></div>", title=f"Product {number}"))
    report, told = crawl(site, pages=7)
    assert looked(report) == ["/", "/about", *products[:5]]  # what is unlike comes first
    assert left(report)[""] == "other_site"
    assert left(report)["/product/5"] == "budget_pages"
    assert [event.data["pages"] for event in told if event.stage == "crawl.page"] == [*range(1, 8)]
    found = {finding.title: finding for finding in report.findings}
    sniffed = found["X-Content-Type-Options missing"]
    assert [urlsplit(asset.value).path for asset in sniffed.assets] == ["/", *products[:5]]
    said = [(one.kind, one.value) for one in sniffed.evidence if one.kind in {"pages", "template"}]
    assert said == [
        ("pages", "on 6 of 7 pages"),
        ("template", "/product/*: on 5 of 5 pages"),
        ("template", "/: on 1 of 1 page"),
    ]
    assert {one.asset for one in sniffed.evidence if one.kind == "header"} <= {asset.value for asset in sniffed.assets}
    shared = found["Main headings that several pages of the site share"]
    assert len(shared.assets) == 7
    assert [one.value for one in shared.evidence if one.kind == "page"] == ["Shop"] * 7
    assert "Titles that several pages of the site share" not in found
    # what is the site's is looked at once, and says nothing of other pages
    assert [one.kind for one in found["security.txt missing"].evidence] == ["file"]
    for title in ("Sitemap unreadable", "robots.txt with lines that no crawler understands"):
        assert [asset.value for asset in found[title].assets] == [site.url("/")], title
    assert len({(finding.rule, finding.title) for finding in report.findings}) == len(report.findings)
    assert of(report, "slot.security").count == 7
    whole = of(report, "crawl")
    assert whole.count == 7
    assert "7 pages of 3 templates" in (whole.detail or "")
    assert [score.asset for score in report.scores if score.profile.startswith("lighthouse")] == [site.url("/")]


def test_links_that_a_crawl_found_dead_are_told_of_every_page_that_has_them(site: Site, tmp_path: Path) -> None:
    site.page("/", shop("/a", "/b", "/c", title="The shop"))
    for path in ("/a", "/b", "/c"):  # one template, of which one page is asked what its links lead to
        site.page(path, shop("/", "/gone#top", "/old", title=f"Page {path}", frame="section"))
    site.page("/gone", "x", status=404)
    site.redirect("/old", "/a", status=301)
    settings = replace(site.settings(), links=20)
    request = replace(plan(site.url("/")), slots=("seo",), crawl=Crawl(pages=9, rate=FAST), keeps=True)
    kept: list[bytes] = []
    report = engine.run(request, settings, Progress(), evidence=kept.append)
    for told in (report, engine.recheck(kept[0], settings, Progress())):
        found = {one.title: one for one in told.findings if one.rule == "seo_broken_links"}
        for title in ("Links to pages that are not there", "Links to pages that have moved"):
            assert [urlsplit(asset.value).path for asset in found[title].assets] == ["/a", "/b", "/c"]
            assert found[title].evidence[0].value == "on 3 of 4 pages"
    assert [seen.path for seen in site.requests].count("/gone") == 1
    # others who scan the same site hear of them too
    both = [engine.run(replace(request, pages=tmp_path / "pages"), settings, Progress()) for _ in range(2)]
    assert [len(one.findings) for one in both] == [len(report.findings)] * 2


@pytest.mark.parametrize(
    ("robots", "asked"),
    [
        ("User-agent: *\nDisallow: /private\nCrawl-delay: 0.01", ["/", "/open"]),
        ("User-agent: surveyor\nDisallow: /\n\nUser-agent: *\nAllow: /", ["/"]),
        (None, ["/"]),
    ],
    ids=["some", "all", "broken"],
)
def test_a_crawl_asks_for_nothing_that_robots_txt_forbids(site: Site, robots: str | None, asked: list[str]) -> None:
    site.page("/", shop("/private/a", "/open"))
    site.page("/open", shop(title="Open"))
    site.page("/private/a", shop(title="Private"))
    site.page("/robots.txt", robots or "", status=200 if robots else 503, content_type="text/plain")
    report, _ = crawl(site)
    assert looked(report) == asked
    assert "/private/a" not in {seen.path for seen in site.requests}
    assert left(report)["/private/a"] == "robots"


def filters(number: int) -> str:
    return "&".join(f"f{bit}=1" for bit in range(8) if number >> bit & 1)


def test_traps_cost_a_bounded_number_of_requests_and_are_told(site: Site) -> None:
    class Endless(Site):
        """Every address is a page with more of its kind: a calendar, filters that combine, sessions, echoes."""

        def answer(self, seen: Any) -> Any:
            split = urlsplit(seen.path)
            number = len(self.requests)
            if split.path == "/robots.txt":
                return super().answer(seen)
            links = [
                *(f"/calendar/2024/{number + step}" for step in range(9)),
                *(
                    f"/goods?{'&'.join(f'f{bit}=1' for bit in range(8) if number + step >> bit & 1)}"
                    for step in range(9)
                ),
                *(f"/in/{split.path.strip('/')}/in", f"{split.path};jsessionid={number}?PHPSESSID={number}"),
                f"/?utm_source={number}#part",
                "/manual.pdf",
            ]
            self.page(split.path, shop(*links, title=f"Page {split.path} {split.query} {number}"))
            return super().answer(seen)

    with Endless() as endless:
        report, _ = crawl(endless, pages=30, alike=3, depth=20, slots=("security",))
        forms = Counter(addresses.form(endless.url(path)).partition("/")[2] for path in looked(report))
        assert max(forms.values()) <= 4
        assert {"alike", "not_html"} <= set(left(report).values())
        assert len(endless.requests) < 30 * 4 + 20
    # and one that only leads in circles
    site.redirect("/", "/a")
    site.redirect("/a", "/b")
    site.redirect("/b", "/")
    report, _ = crawl(site)
    assert report.scan_status is ScanStatus.FAILED
    assert len([seen for seen in site.requests if seen.path in {"/", "/a", "/b"}]) <= 12


def test_answers_that_are_no_more_pages_are_left_out_with_their_reason(site: Site) -> None:
    head = f"<base href='{site.url('/sub/')}'>"
    site.page("/", shop("kept", "/gone", "/copy", "/moved", "/away", "/picture", "/strange", head=head, title="Start"))
    site.page("/sub/kept", shop("/hidden", head="<meta name=robots content='noindex, nofollow'>", title="Kept"))
    site.page("/gone", "gone", status=410)
    site.page("/copy", shop("/hidden", head="<meta name=robots content='noindex, nofollow'>", title="Kept"))
    site.redirect("/moved", "/sub/kept#x")
    site.redirect("/away", "https://elsewhere.example/")
    site.page("/picture", "GIF89a", content_type="image/gif")
    site.raw("/strange", b"no answer at all\r\n\r\n")
    site.page("/hidden", shop())
    report, _ = crawl(
        site, Settings(allow_hosts=(AllowedHost(host="127.0.0.1", port=site.port),), probes=False, links=0)
    )
    assert looked(report) == ["/", "/sub/kept"]
    assert left(report) == {
        "/gone": "answer",
        "/copy": "same_content",
        "/moved": "same_page",
        "/away": "unreachable",
        "/picture": "not_html",
        "/strange": "unreachable",
        "/hidden": "nofollow",
    }
    assert report.scan_status is ScanStatus.PARTIAL


def test_pages_that_only_say_they_are_there_are_told_from_real_ones(site: Site) -> None:
    class Soft(Site):
        """Whatever is asked for is answered 200, with another text each time."""

        def answer(self, seen: Any) -> Any:
            known = self._routes.get(urlsplit(seen.path).path)
            if known is None:
                self.page(
                    seen.path, shop(f"{seen.path}x", title="Not found", body=f"No {seen.path} here", frame="aside")
                )
            return super().answer(seen)

    with Soft() as soft:
        soft.page("/", shop("/real", "/lost", title="Start"))
        soft.page("/real", shop("/lost/too", title="Real"))
        soft.page("/robots.txt", "", content_type="text/plain")
        report, _ = crawl(soft, slots=("security",))
        assert looked(report) == ["/", "/real"]
        assert left(report)["/lost"] == left(report)["/lost/too"] == "soft_404"


def test_sitemaps_and_named_pages_are_looked_at_without_following_links(site: Site) -> None:
    listed = "".join(f"<url><loc>{site.url(path)}</loc></url>" for path in ("/a", "/b"))
    site.page("/sitemap.xml", f"<urlset>{listed}</urlset>", content_type="text/xml")
    for path in ("/", "/a", "/b", "/c"):
        site.page(path, shop("/c", title=f"Page {path}"))
    assert looked(crawl(site, sitemap=True, depth=0)[0]) == ["/", "/a", "/b"]
    assert looked(crawl(site, also=(site.url("/b"),))[0]) == ["/", "/b"]


def test_a_rule_that_compares_pages_is_proved_on_all_of_them_or_not_at_all(site: Site) -> None:
    def ran(*paths: str) -> tuple[int | None, CoverageState]:
        asked = plan(site.url("/"))
        also = tuple(site.url(path) for path in paths)
        request = replace(asked, slots=("seo",), rules=("seo_site_duplicates",), also=also)
        report = engine.run(request, site.settings(), Progress())
        entry = of(report, "check.seo_site_duplicates")
        return entry.count, entry.state

    for path, title in (("/", "One"), ("/a", "Two"), ("/b", "Two")):
        site.page(path, shop(title=title).replace("<h1>Shop", f"<h1>{path}"))
    assert ran("/a", "/b") == (1, CoverageState.LOOKED)
    assert ran("/a") == (0, CoverageState.LOOKED)
    assert ran("/a", "/gone") == (0, CoverageState.PARTIAL)


def test_a_crawl_keeps_what_was_measured_of_each_template(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(google, "_SPACING_SECONDS", 0.0)
    site.page("/", shop("/article"))
    site.page("/article", shop(frame="article"))
    with Psi() as psi:
        asked = {"performance_engine": Engine.PSI, "psi_key": psi.key, "psi_base": psi.base}
        settings = site.settings(probes=False, links=0, **asked)
        report, _ = crawl(site, settings, pages=3, slots=("performance",))
    assert sorted(urlsplit(one.asset).path for one in report.measurements) == ["/", "/article"]
    assert len(report.scores) == 2


def test_headers_go_to_the_sites_origin_alone_and_are_told_nowhere(site: Site) -> None:
    secret = "sesame/open+42"
    sent = (("Authorization", f"Bearer {secret}"), ("X-Stage", "blue-green"))
    with Site() as other:
        other.page("/", shop(title="Other"))
        other.redirect("/back", site.url("/from-other"))
        site.page("/", shop("/in", "/out", "/round", "/logout", body=f"You sent {secret}", title="Start"))
        site.page("/in", shop(title="In"), headers=(("X-Echo", f"Bearer {secret}"),))
        site.redirect("/out", other.url("/"))
        site.redirect("/round", other.url("/back"))
        site.page("/from-other", shop(title="Back"))
        hosts = (AllowedHost(host="127.0.0.1", port=site.port), AllowedHost(host="127.0.0.1", port=other.port))
        settings = Settings(allow_hosts=hosts, probes=False, browser="/bin/false", lab_runs=0, psi_key="k")
        report, told = crawl(site, settings, headers=sent, slots=WEB_SLOTS)
        with_them = {seen.path for seen in site.requests if seen.headers.get("authorization") == f"Bearer {secret}"}
        assert {"/", "/in", "/robots.txt", "/out"} <= with_them
        assert {seen.path for seen in site.requests} - with_them == {"/from-other"}
        assert other.requests
        assert not any({"authorization", "x-stage"} & set(seen.headers) for seen in other.requests)
    assert left(report)["/logout"] == "leaving"
    measured = of(report, "slot.performance")  # by others it would be another page without them
    assert measured.state is CoverageState.NOT_CONFIGURED
    assert "the scan's headers" in (measured.detail or "")
    everything = f"{report!r} {told!r} {replace(plan(site.url()), headers=sent)!r}"
    assert not any(part in everything for part in (secret, "sesame", "blue-green"))
    for bad in (("Host", "x"), ("X", "a\r\nb"), ("a b", "x"), ("X", "")):
        with pytest.raises(BadTarget):
            several((bad,))


def test_one_host_gets_its_turns_and_no_more_in_all_than_there_are() -> None:
    now, slept = [0.0], list[float]()
    turns = Turns(rate=2, requests=4, clock=lambda: now[0], sleep=slept.append)
    for host in ("a", "b", "a"):
        turns.take(host, seconds=1)
    with pytest.raises(Exception, match="no turn"):
        turns.take("a", seconds=0.5)
    turns.slow("b", 60)
    now[0] = 1.0
    turns.take("b", seconds=1)
    assert slept == [0.5]
    with pytest.raises(Exception, match="4 requests are used up"):
        turns.take("c", seconds=99)


def test_spellings_of_one_address_have_one_key_and_values_one_form() -> None:
    same = (
        "HTTP://Shop.example:80/a%7eb?b=2&a=1#x",
        "http://shop.example/a~b?a=1&b=2",
        "http://shop.example/a~b;jsessionid=1?utm_medium=x&a=1&b=2&sid=9",
    )
    assert {addresses.key(url) for url in same} == {addresses.key(same[1])}
    assert addresses.key("http://shop.example/A") != addresses.key("http://shop.example/a")
    assert (
        addresses.form("https://shop.example/blog/2024/how-to-cook-rice.html?page=2")
        == "shop.example/blog/{n}/{words}.html?page"
    )
    assert addresses.form("https://shop.example/o/123e4567-e89b-12d3-a456-426614174000") == "shop.example/o/{id}"
    assert template.pattern(["https://s.example/blog/a.html", "https://s.example/blog/b.html"]) == "/blog/*.html"
    assert template.pattern(["https://s.example/a", "https://s.example/b/c"]) == "/**"
    frontier = Frontier("https://shop.example/", Crawl(depth=1, subdomains=True), out := Unvisited(), visiting=False)
    for url in (
        "https://www.shop.example/a",
        "http://[",
        "https://shop.example/x" * 300,
        "//",
        "https://shop.example:99999/",
    ):
        frontier.offer(url, 1)
    assert frontier.take() is not None
    assert frontier.take() is None
    assert set(out.counts) <= set(REASONS)
    with pytest.raises(BadTarget):
        Crawl(pages=0)


def test_a_frame_is_what_structures_a_page_and_not_what_stands_in_it() -> None:
    def frame(body: str) -> str:
        page = Page(
            asked="", url="https://s.example/", status=200, headers=(("Content-Type", "text/html"),), body=body.encode()
        )
        return template.frame(Document(page))

    one = frame("<body class='post-1 wide'><main><div class=text><p>a<p>b</div></main>")
    assert one == frame(
        "<body class='post-2 wide'><main><div class=text><table></table></div><div class=text></div></main>"
    )
    assert one != frame("<body class=wide><main><form></form></main>")
    assert frame("<div>" * 2000) == frame("<div>" * 3000)
