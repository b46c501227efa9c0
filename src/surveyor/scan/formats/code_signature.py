"""The code signature of a Mach-O program (Apple's cs_blobs.h): whose it is and what it asks of the system."""

from __future__ import annotations

from struct import Struct

from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.formats.layout import cut, name_at, unpack
from surveyor.scan.formats.macho import MachO
from surveyor.scan.values import frozen

_EMBEDDED, _DIRECTORY = 0xFADE0CC0, 0xFADE0C02
_ADHOC, _RUNTIME = 0x2, 0x10000
_BLOBS, _TEAM_VERSION = 64, 0x20200
_HEAD, _TWO, _TEAM = Struct(">III"), Struct(">II"), Struct(">I")


@frozen
class Signature:
    """``adhoc`` is one that nobody vouches for; ``runtime`` asks for the hardened runtime."""

    team: str = ""
    adhoc: bool = False
    runtime: bool = False


def signature(program: MachO) -> Signature | None:
    """The signature as it stands in the file, not verified; nothing when there is none."""
    if program.signature is None:
        return None
    data = cut(program.data, *program.signature)
    magic, _, count = unpack(_HEAD, data, 0)
    if magic != _EMBEDDED:
        raise Malformed("code signature is damaged")
    if count > _BLOBS:
        raise LimitExceeded(f"code signature of {count:,} parts")
    found = Signature()
    for number in range(count):
        _, offset = unpack(_TWO, data, _HEAD.size + 8 * number)
        magic, size = unpack(_TWO, data, offset)
        if magic == _DIRECTORY:
            found = _directory(cut(data, offset, size))
    return found


def _directory(data: memoryview) -> Signature:
    version, flags = unpack(_TWO, data, 8)
    team = unpack(_TEAM, data, 48)[0] if version >= _TEAM_VERSION else 0
    return Signature(
        team=name_at(data, team, 64) if team else "", adhoc=bool(flags & _ADHOC), runtime=bool(flags & _RUNTIME)
    )
