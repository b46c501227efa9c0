"""Findings of artifacts by the source that they rest on, as a Markdown table.

    python -m benchmarks sources --advisories DIR [--almalinux IMAGE] FILE …

``DIR`` is as for ``labelled``. ``--almalinux`` writes an image of AlmaLinux 9.4 first, which can hardly be had: an
rpm database set down by our own writer, with 30 packages as that release had them in May 2024, and scans it, too. For
each artifact and source: how many packages were asked about, how many findings there are, how many of them have a fix;
apart from them how many are about headers alone, which come last.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.labelled import database
from surveyor.scan import engine
from surveyor.scan.events import Progress
from surveyor.scan.formats.rpm import header
from surveyor.scan.model import CoverageState, Domain, Finding, Report
from surveyor.scan.plan import plan
from surveyor.scan.settings import Settings
from tests import images, rpms

RELEASE = b'NAME="AlmaLinux"\nID="almalinux"\nVERSION_ID="9.4"\nPRETTY_NAME="AlmaLinux 9.4 (Seafoam Ocelot)"\n'
#: Name and version of AlmaLinux 9.4's packages; after ``<`` the source's name, after ``%`` the module's stream.
PACKAGES = """
bash 5.1.8-9.el9
bind-libs 32:9.16.23-18.el9_4.1 < bind
bzip2-libs 1.0.8-8.el9 < bzip2
ca-certificates 2023.2.60_v7.0.306-90.1.el9_2
curl-minimal 7.76.1-29.el9_4 < curl
expat 2.5.0-2.el9_4
glib2 2.68.4-14.el9
glibc 2.34-100.el9_4.2
glibc-common 2.34-100.el9_4.2 < glibc
gnutls 3.8.3-4.el9_4
kernel-headers 5.14.0-427.18.1.el9_4 < kernel
krb5-libs 1.21.1-1.el9 < krb5
less 590-4.el9_4
libarchive 3.5.3-4.el9
libcurl-minimal 7.76.1-29.el9_4 < curl
libnghttp2 1.43.0-5.el9_4.3 < nghttp2
libssh 0.10.4-13.el9
libxml2 2.9.13-6.el9_4
ncurses-libs 6.2-10.20210508.el9 < ncurses
nodejs 1:18.20.2-2.module_el9.4.0+100+71fc9528 % nodejs:18:9040020240424111110:rhel9
openldap 2.6.6-3.el9
openssl 1:3.0.7-27.el9
openssl-libs 1:3.0.7-27.el9 < openssl
perl-libs 4:5.32.1-481.el9 < perl
python3 3.9.18-3.el9_4.1 < python3.9
python3-libs 3.9.18-3.el9_4.1 < python3.9
sqlite-libs 3.34.1-7.el9_3 < sqlite
sudo 1.9.5p2-10.el9_3
systemd-libs 252-32.el9_4 < systemd
vim-minimal 2:8.2.2637-20.el9_1 < vim
"""


def almalinux() -> bytes:
    """An image of one layer with a release and an rpm database."""
    headers = list(_headers())
    layer = images.tar({"etc/os-release": RELEASE, "var/lib/rpm/rpmdb.sqlite": rpms.sqlite(headers)})
    return images.docker_save([layer], tag="almalinux:9.4")


def _headers() -> Iterator[bytes]:
    for line in PACKAGES.strip().splitlines():
        text, _, label = line.partition(" % ")
        text, _, source = text.partition(" < ")
        name, version = text.split()
        more: dict[int, rpms.Value] = {}
        if label:
            more[header.MODULARITY_LABEL] = label.encode()
        if source:
            more[header.SOURCE_RPM] = f"{source}-{version.rpartition(':')[2]}.src.rpm".encode()
        yield rpms.package(name, version, more=more)


def table(reports: dict[str, Report]) -> Iterator[str]:
    """One line an artifact and a source."""
    yield "| artifact | source | packages | findings | with a fix | of headers alone |"
    yield "|---|---|---:|---:|---:|---:|"
    for name, report in reports.items():
        asked = {
            entry.what.removeprefix("advisories."): entry.count or 0
            for entry in report.coverage
            # how many were asked about; what else was looked at, such as headers, has a reason
            if entry.what.startswith("advisories.") and entry.state is CoverageState.LOOKED and entry.reason is None
        }
        every = [finding for finding in report.findings if finding.domain is Domain.VULNERABILITY]
        found = [finding for finding in every if not finding.aside]
        counted = Counter(source for finding in found for source in _sources(finding))
        last = Counter(source for finding in every if finding.aside for source in _sources(finding))
        mended = Counter(source for finding in found if finding.fixed_in for source in _sources(finding))
        for ecosystem, packages in sorted(asked.items()):
            if not packages:
                continue  # a feed of facts
            sources = [source for source in counted | last if source.partition(":")[2] == ecosystem] or [ecosystem]
            for source in sources:
                numbers = (packages, counted[source], mended[source], last[source])
                yield f"| {name} | {source} | {' | '.join(f'{number:,}' for number in numbers)} |"


def _sources(finding: Finding) -> set[str]:
    return {one.where.rpartition(" ")[0] for one in finding.evidence if one.kind == "range" and one.where}


def main() -> int:
    """Scan and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--advisories", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path(".cache/labelled"))
    parser.add_argument("--almalinux", type=Path)
    parser.add_argument("files", type=Path, nargs="*")
    given = parser.parse_args()
    files = list(given.files)
    if given.almalinux:
        given.almalinux.write_bytes(almalinux())
        files.insert(0, given.almalinux)
    settings = Settings(advisories=database(given.advisories, given.cache))
    print("\n".join(table({file.name: engine.run(plan(str(file)), settings, Progress()) for file in files})))
    return 0


if __name__ == "__main__":
    sys.exit(main())
