"""Bytes → trees: one file per image, archive or filesystem format, registered here in the order they are asked."""

from __future__ import annotations

from surveyor.scan.acquire import (
    binary,
    cpio,
    deb,
    directory,
    disk,
    dmg,
    docker,
    gem,
    iso,
    manifest,
    oci,
    remains,
    rpm,
    sbom,
    squashfs,
    tar,
    xar,
)
from surveyor.scan.acquire import zip as zip_
from surveyor.scan.acquire.interface import Acquirer

#: Order is meaning: newer Docker versions write both an OCI layout and a manifest.json into one archive, and every
#: image archive is a tar.
ACQUIRERS: tuple[Acquirer, ...] = (
    oci.ACQUIRER,
    docker.ACQUIRER,
    remains.ACQUIRER,
    rpm.ACQUIRER,
    cpio.ACQUIRER,
    zip_.ACQUIRER,
    deb.ACQUIRER,
    gem.ACQUIRER,
    iso.ACQUIRER,
    dmg.ACQUIRER,
    xar.ACQUIRER,
    binary.ACQUIRER,
    squashfs.ACQUIRER,
    sbom.ACQUIRER,
    disk.ACQUIRER,
    tar.ACQUIRER,
    directory.ACQUIRER,
    manifest.ACQUIRER,
)
