"""A ``.rpm`` file (RPM reference manual, "RPM v4 file format"): lead, header of signatures, header, payload."""

from __future__ import annotations

from surveyor.scan.errors import Malformed
from surveyor.scan.formats.rpm.header import MAGIC, Header

LEAD = b"\xed\xab\xee\xdb"
_LEAD_BYTES = 96


def opened(data: memoryview) -> tuple[Header, int]:
    """The header of the package, and where its payload begins; the beginning of a file is enough."""
    if bytes(data[: len(LEAD)]) != LEAD:
        raise Malformed("RPM file without its lead")
    signatures = _header(data, _LEAD_BYTES)
    start = _LEAD_BYTES + len(MAGIC) + signatures.size
    start += -start % 8
    header = _header(data, start)
    return header, start + len(MAGIC) + header.size


def _header(data: memoryview, start: int) -> Header:
    magic = bytes(data[start : start + len(MAGIC)])
    # the version behind the first three bytes has been 1 all along; the rest is reserved
    if magic[:3] != MAGIC[:3] or len(magic) < len(MAGIC):
        raise Malformed(f"RPM file without a header at byte {start:,}")
    return Header(data[start + len(MAGIC) :])
