"""Pages of a list of 1 M findings, over HTTP: first, middle and last, in every order, narrowed and not.

python -m benchmarks findings_list [--findings 1000000] [--requests 100]

Each finding has an asset, evidence and a fix, as scans write them. The cursors of the middle and the last page are made
from the rows that stand there, as a reader who had come so far would hold them.
"""

from __future__ import annotations

import argparse
import http.client
import json
import sys
import time

import psycopg
from psycopg import sql

from benchmarks.installation import Installation, installation, machine, percentile, told
from surveyor.service.store.cursor import encode
from surveyor.service.store.finding_lists import SORTS

BAR_SECONDS = 0.05
LIMIT = 50
#: The texts are in every title, in 1,111 of them, in one, and in none.
FILTERS = ("", "&severity=high", "&status=new&domain=security", "&q=finding", "&q=+9999", "&q=number+765432", "&q=curl")
FINDINGS = """
insert into findings (team_id, project_id, domain, rule, title, description, severity, status, confidence, ids, package,
  cvss, fixed_in, recommended_fix, evidence, priority_score, first_scan_id, last_scan_id, first_seen, last_seen,
  inserted_at)
select t.id, p.id, d.name, 'rule-' || mod(n, 400), 'Finding number ' || n, repeat('What it is and why it matters. ', 8),
  case when d.name = 'vulnerability' and mod(n, 7) = 0 then 'unknown'
       else (array['critical', 'high', 'medium', 'low'])[1 + mod(n, 4)] end,
  (array['new', 'triaged', 'in_progress', 'ready_verify', 'resolved', 'dismissed'])[1 + mod(n, 6)], 0.9,
  array['CVE-2026-' || n], 'pkg:npm/name-' || mod(n, 5000) || '@1.0.' || mod(n, 50),
  '[{"score": 7.5, "version": "3.1"}]',
  array['1.2.' || mod(n, 9)], '{"summary": "Update it", "steps": ["one", "two", "three"]}',
  '[{"kind": "package", "value": "name 1.0.0", "where": "layer 3"}]',
  case when mod(n, 50) = 0 then null else mod(n, 101) end,
  gen_random_uuid(), gen_random_uuid(), now(), now() - make_interval(secs => n), now() - make_interval(secs => n / 10)
from generate_series(%(first)s::int, %(last)s::int) n cross join teams t join projects p on p.team_id = t.id
  cross join lateral (select (array['security', 'performance', 'accessibility', 'seo', 'vulnerability'])[1 + mod(n, 5)]
  as name) d"""
ASSETS = """
insert into finding_assets (finding_id, project_id, scope, slot, identity, type, value, detected_by_scan, first_seen,
  last_seen)
select id, project_id, 'artifact:shop.tar', 'artifact', decode(md5(id::text), 'hex'), 'package', package, first_scan_id,
  first_seen, last_seen from findings"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--findings", type=int, default=1_000_000)
    parser.add_argument("--requests", type=int, default=100)
    arguments = parser.parse_args()
    worst = 0.0
    with installation() as service:
        began = time.monotonic()
        _fill(service, arguments.findings)
        print(f"{arguments.findings:,} findings written in {time.monotonic() - began:.0f} s; {machine()}", flush=True)
        for sort in SORTS:
            cursors = _cursors(service, sort, arguments.findings)
            for page, cursor in cursors.items():
                for filters in FILTERS:
                    query = f"sort={sort}&limit={LIMIT}{filters}" + (f"&cursor={cursor}" if cursor else "")
                    taken = _ask(service, query, arguments.requests)
                    worst = max(worst, percentile(taken, 0.95))
                    print(f"{sort:9} {page:6} {filters or '(all)':32} n={len(taken)} {told(taken)}", flush=True)
    print(f"worst p95 {worst * 1000:.1f} ms, the bar is {BAR_SECONDS * 1000:.0f} ms; {machine()}")
    return int(worst > BAR_SECONDS)


def _fill(service: Installation, count: int) -> None:
    """Write them without indexes, which are made again afterwards: a fifth of the time."""
    with psycopg.connect(service.url, autocommit=True) as connection:
        made = connection.execute(
            "select indexname, indexdef from pg_indexes i where tablename = 'findings'"
            " and not exists (select from pg_constraint c where c.conname = i.indexname)"
        ).fetchall()
        for name, _ in made:
            connection.execute(sql.SQL("drop index {}").format(sql.Identifier(name)))
        for first in range(0, count, 100_000):
            connection.execute(FINDINGS, {"first": first, "last": min(first + 100_000, count) - 1})
        for _, definition in made:
            connection.execute(sql.SQL(definition))
        connection.execute(ASSETS)
        connection.execute("vacuum analyze findings")
        connection.execute("vacuum analyze finding_assets")


def _cursors(service: Installation, sort: str, count: int) -> dict[str, str]:
    """Where the middle and the last page begin; none for the first."""
    columns = [column.name for column in SORTS[sort]]
    order = ", ".join(f"{name} desc" for name in columns)
    found = {"first": ""}
    with psycopg.connect(service.url) as connection:
        for page, offset in (("middle", count // 2), ("last", count - LIMIT)):
            row = connection.execute(
                f"select {', '.join(columns)} from findings order by {order} offset %s limit 1", [offset]
            ).fetchone()
            assert row is not None
            found[page] = encode(list(SORTS).index(sort), *row)
    return found


def _ask(service: Installation, query: str, requests: int) -> list[float]:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
    taken = []
    for number in range(requests + 5):
        began = time.perf_counter()
        headers = {"authorization": f"Bearer {service.key}"}
        connection.request("GET", f"/api/v1/audit/findings?{query}", headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != http.HTTPStatus.OK:
            raise SystemExit(f"{answer.status}: {body.decode()[:500]}")
        if number >= 5:
            taken.append(time.perf_counter() - began)
    assert json.loads(body)["data"] is not None
    connection.close()
    return taken


if __name__ == "__main__":
    sys.exit(main())
