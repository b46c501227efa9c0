"""What is known of a flaw, from a scanner's report to the API, the pages and back out of the list."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from surveyor.scan.errors import Malformed
from surveyor.scan.judgement import Decision, DecisionStatus
from surveyor.scan.model import Cvss, Evidence, Finding, KnownExploited, Report, ScanStatus
from surveyor.scan.report import json as report_json
from surveyor.service.actions import ingest, intake
from surveyor.service.store import scans
from tests.integration.test_api import SHORT
from tests.integration.test_ingest import scan_file
from tests.integration.test_ui_advisories import scanned, update
from tests.integration.test_ui_sessions import signed_in
from tests.samples import full_report, vulnerability
from tests.servers.pipeline import Ground
from tests.servers.service import Service

EXPLOITED = replace(
    vulnerability(),
    title="CVE-2023-4863: deb/debian/libwebp",
    ids=("CVE-2023-4863",),
    cvss=(*vulnerability().cvss, Cvss(version="4.0", vector="CVSS:4.0/AV:N", score=None, source="redhat")),
    epss=0.943,
    epss_percentile=0.9993,
    epss_date=datetime(2026, 8, 16, tzinfo=UTC),
    kev=True,
    known_exploited=KnownExploited(added="2023-09-13", due="2023-10-04", action="Apply mitigations.", ransomware=True),
    cwes=("CWE-787", "CWE-<b>"),
    fixed_in=("1.2.4-0.2+deb12u1", "1.3"),
    ruled_by="vendor:redhat",
    evidence=(
        *vulnerability().evidence,
        Evidence(kind="range", value="1 is not affected by this source: <fixed> 1", where="osv:Debian X"),
    ),
    decision=Decision(status=DecisionStatus.ACCEPTED, source="a.yaml", statement="1", reason="no images", until="2027"),
)
BARE = replace(
    vulnerability(),
    title="CVE-2026-1: deb/debian/bare",
    ids=("CVE-2026-1",),
    cvss=(),
    epss=None,
    epss_percentile=None,
    epss_date=None,
    kev=None,
    cwes=(),
    fixed_in=(),
    fix_state="will_not_fix",
    ruled_by=None,
    published=None,
    modified=None,
)


async def ingested(service: Service, *found: Finding) -> str:
    """The id of a scan that saw these."""
    scan_id, _ = await scanned(service, f"shop-{uuid4()}.tar")
    async with service.sessions() as session, session.begin():
        scan = await scans.find(session, scan_id)
        assert scan
        await ingest.apply(session, scan, "artifact", replace(full_report(), findings=found))
    return str(scan_id)


def listed(service: Service, query: str) -> list[dict[str, Any]]:
    data: list[dict[str, Any]] = service.client().get(f"{SHORT}/findings{query}").json["data"]
    return data


async def test_the_api_says_what_is_known(service: Service) -> None:
    await ingested(service, EXPLOITED, BARE)
    (one,) = listed(service, "?kev=true")
    (other,) = listed(service, "?kev=false")
    assert one["title"] == EXPLOITED.title
    assert (one["epss_percentile"], one["epss_date"][:10]) == (0.9993, "2026-08-16")
    assert one["known_exploited"] == {
        "added": "2023-09-13",
        "due": "2023-10-04",
        "action": "Apply mitigations.",
        "ransomware": True,
    }
    assert (one["cwes"], one["ruled_by"]) == (["CWE-787", "CWE-<b>"], "vendor:redhat")
    assert (one["published"][:10], one["modified"][:10]) == ("2024-02-04", "2025-06-18")
    assert (one["decision"]["status"], one["decision"]["until"]) == ("accepted", "2027")
    assert other["title"] == BARE.title
    unknown = ("epss", "epss_percentile", "epss_date", "kev", "known_exploited", "published", "ruled_by", "decision")
    assert [other[name] for name in unknown] == [None] * len(unknown)
    assert (
        service.client().get(f"{SHORT}/findings/{one['id']}").json["data"]["known_exploited"] == one["known_exploited"]
    )


async def test_a_later_scan_says_it_anew(service: Service) -> None:
    await ingested(service, EXPLOITED)
    await ingested(service, replace(BARE, title=EXPLOITED.title, ids=EXPLOITED.ids))
    (one,) = listed(service, "")
    assert [one[name] for name in ("kev", "known_exploited", "cwes", "decision")] == [None, None, [], None]


async def test_the_page_says_it_in_words(service: Service) -> None:
    scan = await ingested(service, EXPLOITED, BARE)
    browser = await signed_in(service)
    by_title = {one["title"]: one["id"] for one in listed(service, "")}
    html = browser.get(f"/findings/{by_title[EXPLOITED.title]}").text
    for told in (
        "listed since 2023-09-13; agencies had to mend it by 2023-10-04; used for ransomware. Apply mitigations.",
        "94% by EPSS",
        "higher than 99.9% of all scored flaws, as of 16 Aug 2026",
        "https://cwe.mitre.org/data/definitions/787.html",
        "CWE-&lt;b&gt;",
        "<b>7.5</b> CVSS 3.1 by NVD<code>CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H</code>",
        "<b>no score</b> CVSS 4.0 by Red Hat",
        "Red Hat outranks the sources that say otherwise",
        "1 is not affected by this source: &lt;fixed&gt; 1",
        "The nearest that mends it; so do 1.3.",
        "Accepted, until 2027",
    ):
        assert told in html, told
    assert html.count("not affected by this source") == 1
    html = browser.get(f"/findings/{by_title[BARE.title]}").text
    assert "CISA&#39;s list was not at hand" in html
    assert "no EPSS score was at hand" in html
    assert "The vendor has said that it will not fix it in this release." in html
    html = browser.get("/findings?kev=yes").text
    assert EXPLOITED.title in html
    assert BARE.title not in html
    assert "There is no exploitation “maybe”" in browser.get("/findings?kev=maybe").text
    assert browser.get(f"/scans/{scan}").status == 200


async def test_every_feed_is_shown_with_its_age_and_what_is_wrong_with_it(service: Service) -> None:
    browser = await signed_in(service)
    now = datetime.now(UTC).isoformat()
    sources = [
        {"feed": "epss", "scope": "", "date": now, "rows": 360_142, "updated_at": "2026-01-01T00:00:00Z"},
        {"feed": "kev", "scope": "", "date": None, "rows": 0, "updated_at": None, "failure": "no `route` to <kev>"},
        {"feed": "osv", "scope": "Debian", "date": "2026-01-01", "rows": 12_444, "updated_at": now, "failure": ""},
        {"feed": "osv", "scope": "npm", "date": "x", "rows": None, "updated_at": now},
    ]
    await update(service, "done", sources=sources)
    html = browser.get("/feeds").text
    for told in ("CISA KEV", "no <code>route</code> to &lt;kev&gt;", "360,142", "Debian", "12,444", "today", "never"):
        assert told in html, told
    side = browser.get("/").text.partition('id="feeds"')[2].partition("</dd>")[0]
    assert [line.split("<")[0].strip() for line in side.partition(">")[2].split("<br>")][:3] == [
        "CISA KEV undated",
        "EPSS",
        "OSV",
    ]
    assert '<a class="word failed" href="/feeds">failed</a>' in side
    assert '<a class="word stale" href="/feeds">stale</a>' in side


async def test_a_run_keeps_the_upgrades_that_end_most(ground: Ground) -> None:
    whole = replace(full_report(), scan_status=ScanStatus.COMPLETE, error=None)
    scan = await scan_file(ground, report_json.encode(whole), "shop.tar")
    assert scan.summary["upgrades"] == [
        {
            "package": "pkg:deb/debian/expat",
            "present": ["2.5.0-1"],
            "version": "2.5.0-1+deb12u2",
            "ends": 1,
            "total": 1,
        }
    ]


async def test_the_upgrades_of_a_scan_are_shown(service: Service) -> None:
    scan_id, _ = await scanned(service, "shop.tar")
    kept = (
        '{"upgrades": [{"package": "pkg:npm/<b>", "present": ["1", "2"], "version": "3", "ends": 12, "total": 14}, 7]}'
    )
    async with service.sessions() as session, session.begin():
        await session.execute(text("update audit_scan_runs set summary = cast(:kept as jsonb)"), {"kept": kept})
    html = (await signed_in(service)).get(f"/scans/{scan_id}").text
    assert "Upgrades that end most" in html
    assert "npm/&lt;b&gt;" in html
    assert "<b>12</b>" in html


@pytest.mark.parametrize("field", ["published", "modified", "epss_date"])
def test_moments_are_judged(field: str) -> None:
    def stored(value: object) -> object:
        report: Report = replace(full_report(), findings=(replace(vulnerability(), **{field: value}),))
        (sighting,) = intake.sightings(report, vulnerability().assets[0])
        return sighting.columns[field]

    assert stored(None) is None
    assert stored(datetime(2024, 1, 1, tzinfo=UTC)) == datetime(2024, 1, 1, tzinfo=UTC)
    assert stored(datetime(1, 1, 1, tzinfo=UTC)) is None
    for bad in ("2024", 7, datetime(2024, 1, 1)):  # noqa: DTZ001 - without a zone on purpose
        with pytest.raises(Malformed):
            stored(bad)
