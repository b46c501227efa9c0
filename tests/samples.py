"""Values that several tests need: a report with every field set."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from surveyor.scan.figures import Device, Measured, Measurement
from surveyor.scan.judgement import Decision, DecisionStatus
from surveyor.scan.model import (
    Asset,
    Coverage,
    CoverageState,
    Cvss,
    Distro,
    Domain,
    Evidence,
    Finding,
    Fix,
    Kind,
    Location,
    Package,
    Presence,
    Report,
    ScanStatus,
    Severity,
    Source,
    SourcePackage,
    Summary,
    Target,
    Tier,
    Upgrade,
)

LIBC = "pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12&upstream=glibc"
LAYER = "sha256:" + "a" * 64
PURL = "pkg:deb/debian/libexpat1@2.5.0-1?arch=amd64&distro=debian-12&upstream=expat"


def package() -> Package:
    """One Debian package with everything known about it."""
    return Package(
        purl=PURL,
        type="deb",
        namespace="debian",
        name="libexpat1",
        version="2.5.0-1",
        licenses=("MIT",),
        locations=(Location(path="var/lib/dpkg/status", layer=LAYER),),
        evidence=(Evidence(kind="package_record", value="Package: libexpat1", where="var/lib/dpkg/status"),),
        tier=Tier.CONFIRMED,
        presence=Presence.INSTALLED,
        found_by="dpkg@1",
        source=SourcePackage(name="expat", version="2.5.0-1"),
        distro=Distro(id="debian", version="12", name="Debian GNU/Linux 12"),
        state="install ok installed",
        dependencies=(LIBC,),
        hashes=("sha256:" + "b" * 64,),
    )


def vulnerability() -> Finding:
    """A vulnerability in that package."""
    return Finding(
        domain=Domain.VULNERABILITY,
        rule="CVE-2023-52425",
        title="CVE-2023-52425: deb/debian/expat",
        severity=Severity.HIGH,
        description="Quadratic parsing of large tokens.",
        ids=("CVE-2023-52425", "DEBIAN-CVE-2023-52425"),
        cvss=(Cvss(version="3.1", vector="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", score=7.5, source="nvd"),),
        epss=0.02,
        kev=False,
        package=PURL,
        assets=(Asset(type="package", value=PURL, artifact=LAYER, path="var/lib/dpkg/status", layer=LAYER),),
        fixed_in=("2.5.0-1+deb12u2",),
        fix_state="fixed",
        confidence=0.99,
        tier=Tier.CONFIRMED,
        evidence=(Evidence(kind="range", value="introduced 0, fixed 2.5.0-1+deb12u2"),),
        recommended_fix=Fix(summary="Upgrade expat to 2.5.0-1+deb12u2", steps=("apt-get install libexpat1",)),
        references=("https://example.test/CVE-2023-52425",),
        epss_percentile=0.8,
        epss_date=datetime(2026, 1, 1, tzinfo=UTC),
        cwes=("CWE-400",),
        published=datetime(2024, 2, 4, tzinfo=UTC),
        modified=datetime(2025, 6, 18, 12, 30, tzinfo=UTC),
        ruled_by="only:debian",
    )


def full_report() -> Report:
    """A partial scan of an image, with every field of the model in use."""
    return Report(
        scanner={"name": "surveyor", "version": "0.1.0", "units": {"dpkg": 1}},
        target=Target(kind=Kind.ARTIFACT, source="/tmp/i.tar", type="container", digest=LAYER, size=10, name="app:1"),
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        finished_at=datetime(2026, 1, 1, 0, 0, 2, 5000, tzinfo=UTC),
        scan_status=ScanStatus.PARTIAL,
        coverage=(
            Coverage(
                what="catalog.jar",
                state=CoverageState.PARTIAL,
                reason="limit_exceeded",
                detail="nested archive over 64 MB",
                path="opt/a.jar",
                layer=LAYER,
                asset="app:1",
                count=1,
            ),
        ),
        sources=(Source(feed="osv:Debian", date=datetime(2026, 1, 1, tzinfo=UTC), rows=12444),),
        packages=(package(), replace(package(), purl=LIBC, name="libc6", version="2.36-9", dependencies=(), hashes=())),
        findings=(vulnerability(),),
        upgrades=(
            Upgrade(
                package="pkg:deb/debian/expat",
                present=("2.5.0-1",),
                version="2.5.0-1+deb12u2",
                removes=(vulnerability().title,),
                leaves=0,
            ),
        ),
        measurements=(measurement(),),
        summary=Summary(findings={"high": 1}, packages=1, computed_health=71),
        error="none",
    )


def measurement(
    page: str = "https://shop.test/", *, lcp: float = 3120.0, series: str = "lab-devtools-mobile"
) -> Measurement:
    """Three loads in a laboratory, and what visitors saw."""
    return Measurement(
        asset=page,
        engine="lab",
        product="Chrome/156",
        device=Device.MOBILE,
        series=series,
        throttling="devtools",
        benchmark=740.0,
        metrics=(
            Measured(
                id="lcp",
                value=lcp,
                source="lab",
                low=lcp - 100,
                high=lcp + 200,
                runs=3,
                score=0.75,
                good=2500,
                poor=4000,
            ),
            Measured(id="cls", value=0.01, source="lab", low=0.01, high=0.01, runs=3, score=1.0, good=0.1, poor=0.25),
            Measured(id="inp", value=180.0, source="field"),
        ),
        requests={"document": 1, "image": 3},
        transfer={"document": 20_000, "image": 2_400_000},
        notes=("The page loads more than is let through.",),
    )


#: What a target may call a thing: controls, marks that turn text, markup of every format, half a surrogate pair.
HOSTILE = (
    "\x1b]0;owned\x07\x00\u202e\u2066\r\n\ufffe\ud800=cmd|' /C calc'!A0 <script>alert(1)</script> [red]x[/red] ]]>"
    " --> \"'`|@everyone ![i](http://evil.test) {0} &amp; %s </code></details> \N{PILE OF POO} \\"
)
HOSTILE_PURL = "pkg:npm/%40evil/a%3Cscript%3E@1.0%22?x=%00#../.."


def hostile_report(findings: int = 3, *, kind: Kind = Kind.ARTIFACT) -> Report:
    """A report in which everything that a target can word is hostile."""
    whole = full_report()
    bad = replace(
        package(),
        purl=HOSTILE_PURL,
        type="npm",
        namespace=HOSTILE,
        name=HOSTILE,
        version=HOSTILE,
        licenses=(HOSTILE, "MIT OR", "GPL-9.0-only", "LicenseRef-\ud800", ""),
        locations=(Location(path=f"../{HOSTILE}//a:b", layer=HOSTILE, instruction=HOSTILE), Location(path="")),
        evidence=(Evidence(kind=HOSTILE, value=HOSTILE, where=HOSTILE),),
        source=SourcePackage(name=HOSTILE, version=""),
        distro=Distro(id=HOSTILE, version=HOSTILE, name=HOSTILE),
        state=HOSTILE,
        owner=HOSTILE,
        dependencies=(HOSTILE, HOSTILE_PURL, PURL),
        hashes=(HOSTILE, "sha256:zz", "sha1:"),
    )
    assets = (
        Asset(type="package", value=HOSTILE_PURL, artifact=HOSTILE, path=f"/{HOSTILE}", layer=HOSTILE),
        Asset(type="package", value=HOSTILE),
        Asset(type="url", value=f"https://[bad/{HOSTILE}"),
        Asset(type="url", value=f"http://shop.test:81/%zz?{HOSTILE}"),
    )
    worst = replace(
        vulnerability(),
        description=HOSTILE * 5,
        ids=(HOSTILE, "CVE-\ud800", ""),
        cvss=(Cvss(version=HOSTILE, vector=HOSTILE, score=99.0, source=HOSTILE), *vulnerability().cvss),
        package=HOSTILE_PURL,
        assets=assets,
        fixed_in=(HOSTILE,),
        fix_state=HOSTILE,
        evidence=(Evidence(kind=HOSTILE, value=HOSTILE * 5, where=HOSTILE), Evidence(kind="", value="")),
        recommended_fix=Fix(summary=HOSTILE, steps=(HOSTILE,)),
        references=(f"https://a.test/{HOSTILE}", "javascript:alert(1)", "https://", HOSTILE, "http://ok.test/a"),
    )
    loads = replace(
        measurement(HOSTILE),
        product=HOSTILE,
        metrics=(Measured(id=HOSTILE, value=1e11, source=HOSTILE, low=-1.0, high=1e11, runs=2),) * 20,
        notes=(HOSTILE,),
    )
    domains, severities = list(Domain), list(Severity)
    told = tuple(
        replace(
            worst,
            domain=domains[number % len(domains)],
            severity=severities[number % len(severities)],
            rule=f"{HOSTILE}{number}" if number else "",
            title=f"{HOSTILE}{number}" if number else "",
            assets=() if number % 7 == 0 else assets,
            kev=(None, True, False)[number % 3],
            cwes=("CWE-79", HOSTILE, "CWE-"),
            decision=Decision(
                status=list(DecisionStatus)[number % len(DecisionStatus)],
                source=HOSTILE,
                statement=HOSTILE,
                reason=HOSTILE,
                justification=HOSTILE,
                suppressed=number % 2 == 0,
            )
            if number % 5 == 0
            else None,
        )
        for number in range(findings)
    )
    gaps = tuple(
        Coverage(
            what=HOSTILE,
            state=state,
            reason=HOSTILE,
            detail=HOSTILE,
            path=HOSTILE,
            layer=HOSTILE,
            asset=HOSTILE,
            count=9,
        )
        for state in CoverageState
    )
    return replace(
        whole,
        scanner={"name": HOSTILE, "version": "0.1.0", "units": {}},
        target=replace(whole.target, kind=kind, source=HOSTILE, name=HOSTILE, type=HOSTILE, digest=HOSTILE),
        coverage=gaps,
        sources=(Source(feed=HOSTILE, date=None, rows=-1),),
        measurements=(loads, loads),
        packages=(bad, *whole.packages),
        findings=told,
        upgrades=(Upgrade(package=HOSTILE, present=(HOSTILE,), version=HOSTILE, removes=(HOSTILE,), leaves=3),),
        error=HOSTILE,
    )
