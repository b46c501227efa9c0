"""Which licences a copyright file tells, and that they join the package that is installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from surveyor.scan.catalog.debian_copyright import CATALOGER
from surveyor.scan.catalog.interface import File
from surveyor.scan.limits import Budget, Limits
from tests.fixtures.catalog.debian_copyright import MACHINE, PEOPLE
from tests.images import ALPINE, DEBIAN, deb, purls, scan_bytes, tar

MIT = b"Permission is hereby granted, free of charge, to any person\n obtaining a copy of this software and associated"
BSD = b"Redistribution and use in source and binary forms, with or without\nmodification, are permitted"


def licences(data: bytes) -> tuple[str, ...]:
    file = File(path="usr/share/doc/a/copyright", data=memoryview(data))
    return tuple(name for record in CATALOGER.parse(file, Budget(Limits())) for name in record.licenses)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (MACHINE, ("MIT", "GPL-2.0-or-later")),
        (PEOPLE, ("GPL-2.0-or-later",)),
        (b"See /usr/share/common-licenses/GPL-2.", ("GPL-2",)),  # that one only, or later ones too: not said
        (b"See /usr/share/common-licenses/Apache-2.0.", ("Apache-2.0",)),
        (b"or later, see /usr/share/common-licenses/GPL.", ("GPL",)),
        (MIT, ("MIT",)),
        (BSD, ("BSD-2-Clause",)),
        (BSD + b" ... Neither the name of", ("BSD-3-Clause",)),
        (BSD + b" ... All advertising materials", ("BSD-4-Clause",)),
        (b"Format: http://svn.debian.org/wsvn/dep/web/deps/dep5.mdwn\nLicense: Acme-1\n", ("Acme-1",)),
        (
            b"Format: https://www.debian.org/doc/copyright-format/\nLicense: Artistic or GPL-1+\nLicense: Artistic-2\n",
            ("Artistic-1.0-Perl OR GPL-1.0-or-later", "Artistic-2.0"),
        ),
        (b"Ask me.", ()),
    ],
)
def test_licences(data: bytes, expected: tuple[str, ...]) -> None:
    assert licences(data) == expected


def test_they_join_the_package_of_the_same_system(tmp_path: Path) -> None:
    files = {
        "etc/os-release": DEBIAN,
        "var/lib/dpkg/status": deb("bash", "5.2") + deb("nano", "7"),
        "usr/share/doc/bash/copyright": PEOPLE,
        "usr/share/doc/left-behind/copyright": MACHINE,
        "srv/chroot/etc/os-release": ALPINE,
        "srv/chroot/usr/share/doc/nano/copyright": MACHINE,
    }
    report = scan_bytes(tmp_path, tar(files))
    assert purls(report) == [
        "pkg:deb/debian/bash@5.2?arch=amd64&distro=debian-12",
        "pkg:deb/debian/nano@7?arch=amd64&distro=debian-12",
    ]
    bash, nano = report.packages
    assert (bash.licenses, nano.licenses) == (("GPL-2.0-or-later",), ())
    assert [place.path for place in bash.locations] == ["var/lib/dpkg/status"]
    assert [one.where for one in bash.evidence] == ["var/lib/dpkg/status", "usr/share/doc/bash/copyright"]
