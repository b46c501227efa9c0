"""npm packages as records: one shape for what the lock files of npm, pnpm, yarn and bun say."""

from __future__ import annotations

import binascii

from surveyor.scan.catalog.interface import Record, plausible
from surveyor.scan.model import Presence
from surveyor.scan.patterns import regex

_NAME = regex(r"(?:(?P<scope>@[^/@\s]+)/)?(?P<name>[^/@:\s]+)")
_DIGESTS = {"sha1": 20, "sha256": 32, "sha384": 48, "sha512": 64}
_LOCAL = ("workspace:", "link:", "portal:", "file:", "root:", ".", "/", "~/")


def split(specifier: str) -> tuple[str, str]:
    """``@scope/name@target`` as name and target: a version, a range, or where it is from."""
    at = specifier.find("@", 1)
    return (specifier[:at], specifier[at + 1 :]) if at > 0 else (specifier, "")


def is_local(target: str) -> bool:
    """Whether a target is a folder or a file: a part of the project."""
    return target.startswith(_LOCAL)


def integrity(text: str) -> tuple[str, ...]:
    """The digests of an archive as npm keeps them (Subresource Integrity, 3.5): ``sha512-…`` as ``sha512:<hex>``."""
    told = []
    for one in text.split()[:4]:
        algorithm, _, digest = one.partition("-")
        try:
            raw = binascii.a2b_base64(digest.partition("?")[0])
        except ValueError:
            continue
        if _DIGESTS.get(algorithm) == len(raw):
            told.append(f"{algorithm}:{raw.hex()}")
    return tuple(told)


def record_of(
    name: str,
    version: str,
    evidence: str,
    licenses: tuple[str, ...] = (),
    *,
    called: tuple[str, ...] = (),
    needs: tuple[str, ...] = (),
    hashes: tuple[str, ...] = (),
) -> Record | None:
    """The record of one package, scope and name in lower case as PURL has them; nothing without a name of npm's.

    What comes from a repository may have no version.
    """
    found = _NAME.fullmatch(name)
    if not (found and plausible(name)) or (version and not plausible(version)):
        return None
    return Record(
        type="npm",
        namespace=found["scope"].lower() if found["scope"] else None,
        name=found["name"].lower(),
        version=version,
        presence=Presence.DECLARED,
        licenses=licenses,
        evidence=evidence,
        called=called,
        needs=needs,
        hashes=hashes,
    )
