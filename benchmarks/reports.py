"""Write reports of many findings in every format, as an export does; seconds and bytes of each.

python benchmarks/reports.py [--findings 10000] [--runs 5] [--folder /tmp/reports]
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import statistics
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

from surveyor.service.documents import FORMATS, render
from surveyor.service.documents.model import DOMAINS, Asset, Day, Entry, Finding, Metrics, ProjectReport, Target

NOW = datetime(2026, 3, 5, 10, 20, tzinfo=UTC)
SEVERITIES = ("critical", "high", "medium", "low")
PSI = "performance needs a PageSpeed Insights key: set SURVEYOR_PSI_KEY"
NAMES = (
    "Content-Security-Policy missing",
    "Largest Contentful Paint slow",
    "Images without alternative text",
    "Meta description missing",
)


def finding(number: int) -> Finding:
    """One finding of the size that scans write: two pieces of evidence, two places, a fix in three steps."""
    vulnerable = number % 2 == 0
    severity = "unknown" if vulnerable and number % 7 == 0 else SEVERITIES[number % 4]
    title = f"CVE-2026-{number:05d}: npm/left-pad-{number}" if vulnerable else f"{NAMES[number // 2 % 4]} ({number})"
    return Finding(
        id=UUID(int=number),
        domain="vulnerability" if vulnerable else DOMAINS[(0, 2, 3, 4)[number // 2 % 4]],
        rule=f"CVE-2026-{number:05d}" if vulnerable else "security_header_csp",
        title=title,
        description="A crafted request makes the service use memory without bound until it is ended. "
        "The weakness is in the reader of nested values; it needs no account and no action of a person.",
        severity=severity,
        status=("new", "triaged", "in_progress")[number % 3],
        confidence=0.9,
        tier="confirmed_installed" if vulnerable else None,
        impact_score=70,
        effort_score=30,
        risk_score=60,
        priority_score=None if number % 11 == 0 else 100 - number * 100 // 10_001,
        ids=(f"CVE-2026-{number:05d}", f"GHSA-{number:04d}-aaaa-bbbb") if vulnerable else (),
        package=f"pkg:npm/left-pad-{number}@1.2.3" if vulnerable else None,
        fixed_in=("1.2.4",) if vulnerable else (),
        fix_state="fixed" if vulnerable else None,
        cvss=({"version": "3.1", "score": 7.5, "vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"},)
        if vulnerable
        else (),
        epss=0.0123 if vulnerable else None,
        kev=False,
        evidence=(
            {"kind": "package_record", "where": "app/package-lock.json", "value": f'"left-pad-{number}": "1.2.3"'},
            {"kind": "header", "where": "content-security-policy", "value": "default-src * 'unsafe-inline'"},
        ),
        recommended_fix={
            "summary": "Raise the version, or turn the reader's depth bound on.",
            "steps": ["Raise left-pad to 1.2.4.", "Build and deploy.", "Run the verification."],
        },
        references=(f"https://advisories.example/CVE-2026-{number:05d}",),
        assets=(
            Asset(
                type="package",
                value=f"pkg:npm/left-pad-{number}@1.2.3",
                artifact_name="shop-api-2.4.tar",
                artifact=f"sha256:{7:064x}",
                path="app/package-lock.json",
            ),
            Asset(type="url", value=f"https://shop.example/products/{number}"),
        ),
        assets_total=2 + number % 9,
        first_seen=NOW - timedelta(days=30),
        last_seen=NOW,
        not_seen_since=None,
    )


def report(count: int, *, total: int | None = None) -> ProjectReport:
    """A project with so many findings."""
    findings = tuple(finding(number) for number in range(1, count + 1))
    by_severity = {name: sum(one.severity == name for one in findings) for name in (*SEVERITIES, "unknown")}
    by_domain = {
        domain: {
            name: sum(one.domain == domain and one.severity == name for one in findings)
            for name in (*SEVERITIES, "unknown")
        }
        for domain in DOMAINS
    }
    unset = Entry(
        what="slot.performance", state="not_configured", reason="not_configured", why=PSI, where=None, count=None
    )
    damaged = Entry(
        what="catalog.rpm",
        state="failed",
        reason="malformed",
        why="The database is damaged",
        where="var/lib/rpm",
        count=None,
    )
    places = tuple(
        Target(
            name=name,
            kind=kind,
            scan_id=UUID(int=7),
            scanned_at=NOW,
            status="done",
            complete=complete,
            not_set_up=not_set_up,
            entries=gaps,
            entries_total=len(gaps),
        )
        for name, kind, complete, gaps, not_set_up in (
            ("shop-api-2.4.tar", "artifact", False, (damaged,), ()),
            ("https://shop.example/", "web", True, (unset,), (unset.what,)),
            ("shop-worker-2.4.tar", "artifact", True, (), ()),
        )
    )
    return ProjectReport(
        id=UUID(int=1),
        team="Acme Retail",
        project="Web shop",
        generated_at=NOW,
        metrics=Metrics(
            taken_at=NOW,
            findings=count,
            open_findings=count,
            unscored=count // 11,
            not_seen=3,
            open_risk_score=sum(one.priority_score or 0 for one in findings),
            computed_health=41,
            unrated=by_severity["unknown"],
            by_severity=by_severity,
            by_domain=by_domain,
            by_status={"new": count // 3, "triaged": count // 3, "in_progress": count - 2 * (count // 3)},
            verification_pass_rate=0.82,
            regression_rate=None,
            risk_burn_down=tuple(
                Day(date=date(2026, 2, 27) + timedelta(days=n), open_risk_score=900 - 90 * n, open_findings=40 - 3 * n)
                for n in range(7)
            ),
        ),
        findings=findings,
        findings_total=total or count,
        targets=places,
        targets_total=len(places),
    )


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser()
    options.add_argument("--findings", type=int, default=10_000)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--folder", type=Path, default=Path("/tmp/reports"))
    options.add_argument("--formats", nargs="*", default=list(FORMATS))
    given = options.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    made = report(given.findings, total=given.findings + 2_345 if given.findings >= 10_000 else None)
    print(f"{given.findings:,} findings, {given.runs} runs each")
    for name in given.formats:
        seconds, content = [], b""
        for _ in range(given.runs):
            before = time.perf_counter()
            content = asyncio.run(render(name, made, given.folder))
            seconds.append(time.perf_counter() - before)
        (given.folder / f"report.{name}").write_bytes(content)
        middle, worst = statistics.median(seconds), max(seconds)
        print(f"{name:5} median {middle:6.2f} s  worst {worst:6.2f} s  {len(content) / 1e6:6.1f} MB")
    child = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"largest child: {child.ru_maxrss / 1024:.0f} MB; children's processor time {child.ru_utime:.1f} s")


if __name__ == "__main__":
    main()
