"""One image with everything in it against the inventory that is kept beside this file.

Write it anew with ``SURVEYOR_GOLDEN=write`` and read the difference before keeping it.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

from tests.images import ALPINE, DEBIAN, Link, Oci, deb, jar, npm, pack, pom, python, scan_bytes, tar

GOLDEN = Path(__file__).with_name("inventory.json")
STATUS = "var/lib/dpkg/status"


def image() -> bytes:
    """Four layers in three compressions: a Debian base, a distroless fragment, applications, and what removes some."""
    base = {
        "etc/os-release": Link("../usr/lib/os-release"),
        "usr/lib/os-release": DEBIAN,
        STATUS: deb("bash", "5.2.15-2+b7", source="bash (5.2.15-2)") + deb("openssl", "3.0.11-1"),
        "var/lib/dpkg/status.d/tzdata": b"Package: tzdata\nVersion: 2024a-0+deb12u1\nArchitecture: all\n",
        "var/lib/dpkg/status.d/tzdata.md5sums": b"0 usr/share/zoneinfo\n",
        "usr/lib/python3/dist-packages/idna-2.7.dist-info/METADATA": python("idna", "2.7"),
        "usr/lib/python3/dist-packages/Old.egg-info": python("Old_Name", "0.1"),
    }
    library = jar(pom("org.apache.logging.log4j", "log4j-core", "2.14.1"))
    shaded = jar(pom("com.google.guava", "guava", "27.0"), manifest="Bundle-SymbolicName: org.acme.shaded\r\n")
    apps = {
        "srv/app/node_modules/lodash/package.json": npm("lodash", "4.17.15"),
        "srv/app/node_modules/@acme/pad/package.json": npm("@acme/pad", "1.3.0"),
        "srv/other/node_modules/lodash/package.json": npm("lodash", "4.17.15"),
        "srv/app/shop.war": jar(("WEB-INF/lib/log4j-core-2.14.1.jar", library), stored=True),
        "srv/app/shaded-3.1.jar": shaded,
        "srv/chroot/etc/os-release": ALPINE,
        "srv/chroot/lib/apk/db/installed": b"P:libcrypto3\nV:3.3.0-r2\nA:x86_64\nL:Apache-2.0\no:openssl\n\n",
    }
    top = {
        STATUS: deb("bash", "5.2.15-2+b7", source="bash (5.2.15-2)")
        + deb("postfix", "3.7.11-0+deb12u1", status="install ok half-configured"),
        "usr/lib/python3/dist-packages/.wh.idna-2.7.dist-info": b"",
    }
    return Oci().add([pack(tar(base), "gzip"), pack(tar(apps, prefix="./"), "zstd"), tar(top, end=False)]).tar()


def test_inventory(tmp_path: Path) -> None:
    report = scan_bytes(tmp_path, image())
    layers: dict[str, str] = {}
    for entry in report.coverage:
        if entry.what == "acquire.layer" and entry.layer:
            layers.setdefault(entry.layer, f"layer {len(layers)} from the top")
    found = json.loads(json.dumps([asdict(package) for package in report.packages]))
    for location in (location for package in found for location in package["locations"]):
        location["layer"] = layers[location["layer"]]  # digests of compressed bytes change with the compressor
    if os.environ.get("SURVEYOR_GOLDEN") == "write":
        GOLDEN.write_text(json.dumps(found, indent=1) + "\n")
    assert found == json.loads(GOLDEN.read_text())
