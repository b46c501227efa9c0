"""The inventory of a scan as pages: every package once and in order, hostile names as text, quick however many."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from uuid import UUID

from sqlalchemy import text

from surveyor.service.actions import teams
from surveyor.service.store import package_lists, packages
from tests import samples
from tests.integration.test_ui_sessions import Browser, signed_in
from tests.servers.service import Service

_SCAN = """
with a as (insert into artifacts (team_id, sha256, size, storage_key, filename)
           values (:team, repeat('0', 64), 1, 'k', 'shop.tar') returning id)
insert into audit_scan_runs (team_id, project_id, kind, status, name, artifact_id, summary, started_at, finished_at)
select :team, :project, 'artifact', 'done', 'shop.tar', a.id, jsonb_build_object('packages', cast(:many as int)),
       now(), now()
  from a returning id"""
_PACKAGE = """
insert into scan_packages (scan_id, purl, type, namespace, name, version, tier, presence, found_by, licenses,
                           locations, evidence)
select :scan, 'pkg:deb/x', 'deb', null,
       :name || case when cast(:many as int) = 1 then '' else lpad(n::text, 6, '0') end,
       '1.' || n, 'confirmed_installed', 'installed', 'dpkg', '{}',
       jsonb_build_array(jsonb_build_object('path', cast(:path as text), 'layer', 'sha256:' || repeat('ab', 32))),
       jsonb_build_array(jsonb_build_object('kind', 'package_record', 'value', repeat('Package: ', 60), 'where', null))
  from generate_series(1, cast(:many as int)) n"""


async def scanned(service: Service, *packages: str, many: int = 1, path: str = "var/lib/dpkg/status") -> UUID:
    """A scan that was done and has these packages, each ``many`` times under a number."""
    async with service.sessions() as session, session.begin():
        project = (await session.execute(text("select id from projects limit 1"))).scalar_one()
        values = {"team": service.first.team_id, "project": project, "many": many * len(packages)}
        scan: UUID = (await session.execute(text(_SCAN), values)).scalar_one()
        for name in packages:
            values = {"scan": scan, "name": name, "many": many, "path": path}
            await session.execute(text(_PACKAGE), values)
    return scan


def names(page: str) -> list[str]:
    return re.findall(r'<bdi class="t">(.*?)</bdi>', page)


async def test_every_package_is_on_one_page_and_in_order(service: Service) -> None:
    browser = await signed_in(service)
    scan = await scanned(service, "zlib", "Bash", "curl", many=90)
    shown: list[str] = []
    address: str | None = f"/scans/{scan}/packages"
    while address is not None:
        page = browser.get(address).text
        shown += names(page)
        following = re.search(r'href="([^"]+)">Next page', page)
        address = following.group(1) if following else None
    assert len(shown) == len(set(shown)) == 270
    assert shown == sorted(shown, key=str.lower)
    assert "270 packages" in page
    assert f'href="/scans/{scan}/packages">270 packages</a>' in browser.get(f"/scans/{scan}").text


async def test_a_name_narrows_and_its_signs_mean_themselves(service: Service) -> None:
    browser = await signed_in(service)
    scan = await scanned(service, "libcurl4", "CURL", "a%b", "a_b", "axb", "zlib")
    for asked, found in (("curl", ["CURL", "libcurl4"]), ("a%25b", ["a%b"]), ("a_b", ["a_b"]), ("%00zlib", ["zlib"])):
        assert names(browser.get(f"/scans/{scan}/packages?name={asked}").text) == found
    assert "No package has that" in browser.get(f"/scans/{scan}/packages?name=%27%3Bdrop").text
    assert browser.get(f"/scans/{scan}/packages?name={'x' * 5000}").status == 200


async def test_hostile_names_are_text(service: Service) -> None:
    browser = await signed_in(service)
    hostile = ("<script>alert(1)</script>", '" onmouseover="x', "\u202egpj.exe", "{{ 7*7 }}", "a" * 2_000)
    scan = await scanned(service, *hostile, path="../../<img src=x>")
    page = browser.get(f"/scans/{scan}/packages").text
    assert len(names(page)) == len(hostile)
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "{{ 7*7 }}" in page
    assert 'value="&#34;&gt;&lt;b' in browser.get(f"/scans/{scan}/packages?name=%22%3E%3Cb").text


async def test_a_row_says_licences_owner_and_what_made_its_layer(service: Service) -> None:
    browser = await signed_in(service)
    scan = await scanned(service, "idna", path="usr/lib/idna-3.3.egg-info")
    bare = browser.get(f"/scans/{scan}/packages").text
    assert "layer sha256:ababab" in bare
    assert "put there by" not in bare
    assert "declared" not in bare
    async with service.sessions() as session, session.begin():
        await session.execute(
            text(
                "update scan_packages set owner = 'deb/python3-idna', presence = 'declared',"
                " licenses = '{MIT,BSD-3-Clause,Apache-2.0,ISC,0BSD}',"
                " locations = jsonb_set(locations, '{0,instruction}',"
                " to_jsonb('RUN <b>apt-get</b> ' || repeat('x', 300)))"
            )
        )
    page = browser.get(f"/scans/{scan}/packages").text
    assert "put there by <bdi>deb/python3-idna</bdi>" in page
    assert "<bdi>MIT, BSD-3-Clause, Apache-2.0</bdi><small>and 2 others</small>" in page
    assert "declared, not installed" in page
    assert "RUN &lt;b&gt;apt-get&lt;/b&gt; xxx" in page
    assert "x" * 120 not in page
    assert "layer sha256:ababab" not in page


async def test_a_package_is_kept_as_it_was_found(service: Service) -> None:
    # what it needs and its digests stay in the report
    found = replace(samples.package(), owner="deb/expat", dependencies=(), hashes=())
    scan = await scanned(service)
    async with service.sessions() as session, session.begin():
        await packages.add(session, scan, [found])
        assert await packages.of_scan(session, scan, found.type) == [found]


async def test_other_scans_other_teams_and_bad_cursors(service: Service) -> None:
    browser = await signed_in(service)
    scan = await scanned(service, "zlib")
    other = await teams.create_team(service.sessions, slug="other", name="Other")
    stranger = Browser(service)
    stranger.submit("/sign-in", {"token": await teams.create_link(service.sessions, team=str(other.id))})
    assert stranger.get(f"/scans/{scan}/packages").status == 404
    assert browser.get("/scans/x/packages").status == 404
    assert browser.get(f"/scans/{scan}/packages?cursor=nonsense").status == 422
    # one of another scan leads to nothing, and shows nothing of it
    assert names(browser.get(f"/scans/{scan}/packages?cursor=WzJd").text) == []


async def test_what_is_not_kept_any_more_is_not_called_nothing(service: Service) -> None:
    browser = await signed_in(service)
    scan = await scanned(service, "zlib")
    async with service.sessions() as session, session.begin():
        await session.execute(text("delete from scan_packages"))
    assert "not kept any more" in browser.get(f"/scans/{scan}/packages").text


async def test_a_hundred_thousand_are_paged_quickly(service: Service) -> None:
    scan = await scanned(service, "lib", many=100_000)
    async with service.sessions() as session, session.begin():
        await session.execute(text("analyze scan_packages"))
    taken = []
    async with service.sessions() as session:
        cursor = None
        for name in (None, None, None, "99", "nowhere"):
            tries = []
            for _ in range(3):  # how quick it is, the quickest tells: the others wait for what else the machine does
                start = time.perf_counter()
                page = await package_lists.page(session, scan, name=name, limit=100, after=None if name else cursor)
                tries.append(time.perf_counter() - start)
            taken.append(min(tries))
            cursor = page.next_cursor
    assert page.items == ()
    # generous, for machines that do other work; a page takes a tenth of that
    assert max(taken) < 2, taken
