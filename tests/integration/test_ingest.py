"""What a report does to findings: own detections replaced, people's decisions kept, hostile reports refused whole."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from pypdf import PdfReader
from sqlalchemy import text

from surveyor.scan.model import (
    Asset,
    Domain,
    Evidence,
    Finding,
    Fix,
    Kind,
    Location,
    Package,
    Report,
    ScanStatus,
    Severity,
    Target,
)
from surveyor.scan.report import json as report_json
from surveyor.scan.settings import AllowedHost
from surveyor.service import documents
from surveyor.service.actions import exports, findings, ingest, reports, scans, slots
from surveyor.service.actions.findings import Decision
from surveyor.service.actions.slots import Result
from surveyor.service.api.v1 import answers
from surveyor.service.errors import InvalidParams, NotFound, StorageFull
from surveyor.service.store.finding_lists import Filter
from surveyor.service.store.findings import FindingRow
from surveyor.service.store.scans import Scan
from surveyor.service.ui import rows
from tests.servers.pipeline import Ground, wheel

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PAGE = "http://127.0.0.1:9/"


@pytest.fixture
def near(ground: Ground) -> Ground:
    settings = replace(ground.platform.scan, allow_hosts=(AllowedHost(host="127.0.0.1"),))
    return replace(ground, platform=replace(ground.platform, scan=settings))


def finding(title: str = "Content-Security-Policy missing", **more: Any) -> Finding:
    given = {"domain": Domain.SECURITY, "rule": "security.csp", "severity": Severity.MEDIUM, **more}
    given.setdefault("evidence", (Evidence(kind="header", value="absent", where="content-security-policy"),))
    return Finding(title=title, **given)


def report(*found: Finding, status: ScanStatus = ScanStatus.COMPLETE, kind: Kind = Kind.WEB, **more: Any) -> bytes:
    return report_json.encode(
        Report(
            scanner={"name": "surveyor", "version": "0", "units": {"x": 1}},
            target=Target(kind=kind, source=PAGE, type="url", digest=None),
            started_at=NOW,
            finished_at=NOW,
            scan_status=status,
            findings=found,
            **more,
        )
    )


async def look(near: Ground, content: bytes, *, slot: str = "security", url: str = PAGE) -> Scan:
    """One slot of a page scan with this report; the other three fail."""
    scan = await scans.start_web(near.platform, **near.place, url=url)
    sessions = near.platform.sessions
    await slots.begin(sessions, scan.id)
    for name in ("performance", "security", "seo", "accessibility"):
        run = uuid4()
        await slots.claim(sessions, scan.id, name, run)
        result = Result(report=content) if name == slot else Result(reason="unreachable", detail="gone")
        assert await slots.finish(near.platform, scan, name, run, result)
    return await near.scan(scan.id)


async def scan_file(near: Ground, content: bytes, name: str) -> Scan:
    scan = await near.start(wheel(str(uuid4())), name)
    await slots.begin(near.platform.sessions, scan.id)
    run = uuid4()
    await slots.claim(near.platform.sessions, scan.id, "artifact", run)
    assert await slots.finish(near.platform, scan, "artifact", run, Result(report=content))
    return await near.scan(scan.id)


async def listed(near: Ground, **wanted: Any) -> list[FindingRow]:
    page = await findings.page(near.platform.sessions, **near.place, wanted=Filter(**wanted), limit=100)
    return list(page.items)


async def change(near: Ground, found: UUID, columns: str) -> None:
    async with near.platform.sessions() as session, session.begin():
        await session.execute(text(f"update findings set {columns} where id = :id"), {"id": found})


async def test_scanning_twice_with_other_values_makes_no_second_row(near: Ground) -> None:
    first = await look(near, report(finding(description="12 ms", confidence=0.5)))
    second = await look(near, report(finding(description="900 ms", confidence=0.9, severity=Severity.HIGH)))
    (row,) = await listed(near)
    assert (row.description, row.confidence, row.severity) == ("900 ms", 0.9, "high")
    assert (row.first_scan_id, row.last_scan_id) == (first.id, second.id)
    (asset,) = row.assets
    assert (asset.type, asset.value, asset.detected_by_scan) == ("url", PAGE, second.id)
    assert [len(await listed(near, scan_id=scan.id)) for scan in (first, second)] == [1, 1]


async def test_what_people_decided_stays(near: Ground) -> None:
    await look(near, report(finding()))
    (row,) = await listed(near)
    owner = uuid4()
    decision = Decision(severity="low", status="dismissed", owner_id=owner, priority=7, reason="nobody uses it")
    await findings.decide(near.platform.sessions, **near.place, finding_id=row.id, who="person", decision=decision)
    await look(near, report(finding(severity=Severity.CRITICAL, description="new words")))
    (row,) = await listed(near)
    assert (row.severity, row.status, row.owner_id, row.priority_score) == ("low", "dismissed", owner, 7)
    assert row.description == "new words"
    assert row.priority is not None
    assert row.priority["source"] == "person"
    back = Decision(priority=None)
    row = await findings.decide(near.platform.sessions, **near.place, finding_id=row.id, who="person", decision=back)
    assert row.priority_score == row.priority["by_source"]["formula"]["score"] != 7


async def test_a_scan_replaces_only_its_own_assets(near: Ground) -> None:
    other = "http://127.0.0.1:9/other"
    await look(near, report(finding()))
    await look(near, report(finding()), url=other)
    await look(near, report(finding("Title missing", domain=Domain.SEO, rule="seo.title")), slot="seo")
    await look(near, report(), slot="security")  # looked again and found nothing
    rows = {row.title: row for row in await listed(near)}
    assert [asset.value for asset in rows["Content-Security-Policy missing"].assets] == [other]
    assert rows["Content-Security-Policy missing"].not_seen_since is None
    assert len(rows["Title missing"].assets) == 1
    await look(near, report(), url=other)
    rows = {row.title: row for row in await listed(near)}
    gone = rows["Content-Security-Policy missing"]
    assert gone.assets == ()
    assert gone.not_seen_since is not None
    assert gone.status == "new"
    assert [row.title for row in await listed(near, seen=True)] == ["Title missing"]
    await look(near, report(finding()))
    assert (await findings.find(near.platform.sessions, **near.place, finding_id=gone.id)).not_seen_since is None


async def test_a_scan_that_could_not_look_at_everything_removes_nothing(near: Ground) -> None:
    await look(near, report(finding()))
    await look(near, report(status=ScanStatus.PARTIAL))
    await look(near, report(status=ScanStatus.FAILED))
    (row,) = await listed(near)
    assert len(row.assets) == 1
    assert row.not_seen_since is None


def vulnerability(title: str, *ids: str, path: str = "var/lib/dpkg/status", layer: str = "sha256:aa") -> Finding:
    asset = Asset(type="package", value="pkg:deb/debian/libc6@1", artifact="sha256:00", path=path, layer=layer)
    return finding(title, domain=Domain.VULNERABILITY, rule=ids[0], ids=ids, severity=Severity.UNKNOWN, assets=(asset,))


async def test_a_vulnerability_known_by_a_better_id_is_renamed_not_doubled(near: Ground) -> None:
    await scan_file(near, report(vulnerability("GHSA-1: deb/debian/libc6", "GHSA-1"), kind=Kind.ARTIFACT), "app.tar")
    (old,) = await listed(near)
    newer = vulnerability("CVE-2026-1: deb/debian/libc6", "CVE-2026-1", "GHSA-1", layer="sha256:bb")
    await scan_file(near, report(newer, kind=Kind.ARTIFACT), "app.tar")
    (row,) = await listed(near)
    assert (row.id, row.title, row.ids) == (old.id, "CVE-2026-1: deb/debian/libc6", ("CVE-2026-1", "GHSA-1"))
    assert [asset.layer for asset in row.assets] == ["sha256:bb"]
    assert row.assets[0].first_seen == old.assets[0].first_seen
    # the same id of another package is another finding
    await scan_file(
        near, report(vulnerability("CVE-2026-1: deb/debian/musl", "CVE-2026-1"), kind=Kind.ARTIFACT), "b.tar"
    )
    assert len(await listed(near)) == 2


async def test_packages_of_a_scan_are_kept(near: Ground) -> None:
    package = Package(
        purl="pkg:deb/debian/libc6@1",
        type="deb",
        name="libc6",
        version="1\0",
        licenses=("GPL",),
        locations=(Location(path="a\0b", layer="sha256:aa"),),
        evidence=(Evidence(kind="package_record", value="\0Package: libc6"),),
    )
    content = report(kind=Kind.ARTIFACT, packages=(package,) * 3).replace(b"\0", b"\\u0000")
    done = await scan_file(near, content, "x.tar")
    assert done.status == "done", done.error
    async with near.platform.sessions() as session:
        rows = (await session.execute(text("select purl, version, locations from scan_packages"))).all()
    place = {"path": "ab", "layer": "sha256:aa", "instruction": None}
    assert [tuple(row) for row in rows] == [("pkg:deb/debian/libc6@1", "1", [place])] * 3


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[1, 2",
        b'{"findings": 1}',
        report(finding()).replace(b'"Content-Security-Policy missing"', b"5"),
        report(finding()).replace(b'"Content-Security-Policy missing"', b'"\\u0000"'),
        report(finding()).replace(b'"medium"', b'"unknown"'),
        report(finding()).replace(b'"confidence": 1.0', b'"confidence": "high"'),
        report(finding(), finding("second")).replace(b'"absent"', b"[[]]"),
    ],
)
async def test_a_broken_report_fails_the_slot_and_leaves_no_row(near: Ground, content: bytes) -> None:
    ended = await look(near, content)
    assert ended.status == "failed"
    assert ended.scanner_status["security"].reason == "malformed"
    assert await listed(near) == []
    said = [event for event in await near.events(ended.id) if event.slot == "security"]
    assert said[-1].stage == "security.error"
    assert "not usable" in said[-1].detail


async def test_a_failed_report_gives_its_reason_and_its_coverage(near: Ground) -> None:
    content = report(status=ScanStatus.FAILED, error="no key", coverage=())
    content = content.replace(
        b'"coverage": []',
        b'"coverage": [{"what": "slot.security", "state": "not_configured", "reason": "not_configured"}]',
    )
    ended = await look(near, content)
    assert ended.scanner_status["security"].reason == "not_configured"
    assert {
        "what": "slot.security",
        "state": "not_configured",
        "reason": "not_configured",
        "slot": "security",
    } in ended.coverage
    assert ended.summary["computed_health"] is None


async def test_a_full_store_keeps_no_report_and_loses_no_finding(near: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: object, **__: object) -> None:
        raise StorageFull("no room")

    monkeypatch.setattr(near.platform.storage, "put_bytes", full)
    ended = await look(near, report(finding()))
    assert (ended.status, ended.scanner_status["security"].state) == ("done", "done")
    assert [row.title for row in await listed(near)] == ["Content-Security-Policy missing"]
    assert ended.report_keys == {}
    (entry,) = (entry for entry in ended.coverage if entry["what"] == "report")
    assert (entry["state"], entry["reason"], entry["slot"]) == ("failed", "storage_full", "security")
    with pytest.raises(NotFound):
        await reports.download(near.platform, **near.place, scan_id=ended.id)


async def test_lists_are_in_order_and_every_page_follows(near: Ground) -> None:
    severities = [Severity.LOW, Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM]
    await look(near, report(*(finding(f"finding {n:02}", severity=severities[n % 4]) for n in range(23))))
    seen: list[FindingRow] = []
    after = None
    while True:
        page = await findings.page(near.platform.sessions, **near.place, limit=5, after=after)
        assert page.total == 23
        seen += page.items
        if (after := page.next_cursor) is None:
            break
    assert len({row.id for row in seen}) == 23
    order = [row.severity_order for row in seen]
    assert order == sorted(order, reverse=True)
    await change(near, seen[-1].id, "priority_score = 90")
    assert (await listed(near))[0].id == seen[-1].id
    assert {row.severity for row in await listed(near, severity="high")} == {"high"}
    assert [row.title for row in await listed(near, text="G 0%")] == []
    assert [row.title for row in await listed(near, text="G 03")] == ["finding 03"]
    # fewer characters than the index has in one entry
    assert [row.title for row in await listed(near, text="03")] == ["finding 03"]
    assert [row.title for row in await listed(near, text="_3")] == []


async def test_a_total_above_ten_thousand_is_an_estimate_and_says_so(near: Ground) -> None:
    async with near.platform.sessions() as session, session.begin():
        await session.execute(
            text(
                "insert into findings (team_id, project_id, domain, rule, title, severity, confidence, first_scan_id,"
                " last_scan_id, first_seen, last_seen) select :team_id, :project_id, 'seo', 'r', n, 'low', 1, :team_id,"
                " :team_id, now(), now() from generate_series(1, 10500) n"
            ),
            near.place,
        )
        await session.execute(text("analyze findings"))
    page = await findings.page(near.platform.sessions, **near.place, limit=2)
    assert page.total_is_estimate
    assert 10_001 <= page.total < 12_000
    assert not (
        await findings.page(near.platform.sessions, **near.place, wanted=Filter(domain="security"))
    ).total_is_estimate


async def test_one_report_of_a_run(near: Ground) -> None:
    ended = await look(near, report(finding(recommended_fix=Fix(summary="set it"))))
    file = await reports.download(near.platform, **near.place, scan_id=ended.id)
    merged = report_json.decode(b"".join([chunk async for chunk in file.chunks]))
    assert merged.scan_status is ScanStatus.PARTIAL
    assert [item.title for item in merged.findings] == ["Content-Security-Policy missing"]
    assert merged.summary.findings["medium"] == 1
    assert {entry.what for entry in merged.coverage} == {"slot.performance", "slot.seo", "slot.accessibility"}
    assert file.name.endswith(".json")
    assert "/" not in file.name


async def test_the_report_of_a_run_says_what_the_run_came_to(near: Ground) -> None:
    page = await look(near, report(finding(), coverage=()))
    file = await scan_file(near, report(kind=Kind.ARTIFACT), "one.whl")
    said = {"health_score": 71, "summary": "One header is missing."}
    async with near.platform.sessions() as session, session.begin():
        added = text("update audit_scan_runs set summary = summary || cast(:said as jsonb) where id = any(:ids)")
        await session.execute(added, {"said": json.dumps(said), "ids": [page.id, file.id]})
    for scan, own in ((page, 93), (file, 100)):
        sent = await reports.download(near.platform, **near.place, scan_id=scan.id)
        told = report_json.decode(b"".join([chunk async for chunk in sent.chunks])).summary
        assert (told.computed_health, told.health_score, told.summary) == (own, 71, "One header is missing.")
        assert (await near.scan(scan.id)).summary["computed_health"] == own
    # a scanner's own part stays as the scanner wrote it
    alone = await reports.download(near.platform, **near.place, scan_id=file.id, slot="artifact")
    kept = report_json.decode(b"".join([chunk async for chunk in alone.chunks])).summary
    assert (kept.computed_health, kept.health_score, kept.summary) == (None, None, None)


async def test_unrated_vulnerabilities_alone_give_no_number(near: Ground) -> None:
    unrated = {"domain": Domain.VULNERABILITY, "severity": Severity.UNKNOWN}
    found = (finding("CVE-1: pypi/a", **unrated), finding("CVE-2: pypi/a", **unrated))
    ended = await scan_file(near, report(*found, kind=Kind.ARTIFACT), "one.whl")
    assert ended.summary["findings"]["unknown"] == 2
    assert ended.summary["computed_health"] is None
    rated = finding("CVE-3: pypi/a", domain=Domain.VULNERABILITY, severity=Severity.HIGH)
    ended = await scan_file(near, report(*found, rated, kind=Kind.ARTIFACT), "one.whl")
    assert ended.summary["computed_health"] == 83


async def test_the_same_finding_in_three_files_names_each(near: Ground) -> None:
    asset = Asset(type="package", value="pkg:pypi/a@1", artifact="sha256:" + "a" * 64, path="a/METADATA")
    bad = finding("CVE-1: pypi/a", domain=Domain.VULNERABILITY, package="pkg:pypi/a@1", assets=(asset,))
    names = ["one.whl", "two.whl", "three: 3.whl"]
    for name in names:
        await scan_file(near, report(bad, kind=Kind.ARTIFACT), name)
    await look(near, report(finding()))
    page, file = sorted(await listed(near), key=lambda row: len(row.assets))
    assert [asset.artifact_name for asset in page.assets] == [None]
    assert {asset.artifact_name for asset in file.assets} == set(names)
    wire = answers.finding(file).affected_assets
    assert {(asset.artifact_name, asset.artifact) for asset in wire} == {(name, asset.artifact) for name in names}
    held = await exports.gather(near.platform.sessions, **near.place, report_id=uuid4())
    (told,) = (one for one in held.findings if one.domain == "vulnerability")
    assert {asset.artifact_name for asset in told.assets} == set(names)
    assert told.assets[0].artifact == asset.artifact
    for kind in ("json", "csv", "html", "pdf"):
        content = await documents.render(kind, held, near.platform.temporary)
        read = PdfReader(io.BytesIO(content)).pages if kind == "pdf" else ()
        words = " ".join(page.extract_text() for page in read) or content.decode("utf-8", "replace")
        assert all(name in " ".join(words.split()) for name in names), kind
    # gone from all three, it says since when
    for name in names:
        await scan_file(near, report(kind=Kind.ARTIFACT), name)
    held = await exports.gather(near.platform.sessions, **near.place, report_id=uuid4())
    (told,) = (one for one in held.findings if one.domain == "vulnerability")
    assert (told.assets, told.not_seen_since is not None) == ((), True)
    assert "Not seen since" in (await documents.render("html", held, near.platform.temporary)).decode()


async def test_two_domains_of_one_title_are_two_findings_and_doubles_in_a_report_are_one(near: Ground) -> None:
    twice = (
        finding(assets=(Asset(type="url", value="http://a/"),)),
        finding(assets=(Asset(type="url", value="http://b/"),)),
    )
    await look(near, report(*twice, finding(domain=Domain.SEO)))
    rows = await listed(near)
    assert sorted((row.domain, len(row.assets)) for row in rows) == [("security", 2), ("seo", 1)]


async def test_a_cursor_of_another_list_is_refused(near: Ground) -> None:
    page = await scans.page(near.platform.sessions, **near.place)
    assert page.next_cursor is None
    with pytest.raises(InvalidParams):
        await findings.page(near.platform.sessions, **near.place, after="WyJhIiwiYiJd")


async def test_of_one_scan_only_its_own_places_are_given_and_the_others_counted(near: Ground) -> None:
    found = vulnerability("CVE-2020-11022 in jquery", "CVE-2020-11022")
    first = await scan_file(near, report(found, kind=Kind.ARTIFACT), "trunc.tar")
    await scan_file(near, report(found, kind=Kind.ARTIFACT), "plain.tar")
    sessions, wanted = near.platform.sessions, Filter(scan_id=first.id)
    (whole,) = (await findings.page(sessions, **near.place, wanted=wanted)).items
    assert (len(whole.assets), whole.elsewhere) == (2, 0)
    scope = ingest.scope_of(first, None)
    (own,) = (await findings.page(sessions, **near.place, wanted=wanted, scope=scope)).items
    assert ([asset.scope for asset in own.assets], own.elsewhere) == (["artifact:trunc.tar"], 1)
    shown = rows.finding(own)
    assert (shown.where, shown.also) == ("1 place", "also in 1 other place")
    assert rows.finding(whole).where == "2 places"
