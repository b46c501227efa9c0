"""Values that several tests need: a report with every field set."""

from __future__ import annotations

from datetime import UTC, datetime

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
)

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
        packages=(package(),),
        findings=(vulnerability(),),
        summary=Summary(findings={"high": 1}, packages=1, computed_health=71),
        error="none",
    )
