"""Reads the JSON reports that commands take as input."""

from __future__ import annotations

from pathlib import Path

from surveyor.scan.errors import BadTarget, Malformed
from surveyor.scan.model import Report
from surveyor.scan.report import json as report_json

_BYTES = 1 << 30


def read(path: Path, option: str = "") -> Report:
    """The report in a file; raises ``BadTarget`` naming the option and the file."""
    told = f"{option} {path}".strip()
    try:
        with path.open("rb") as file:
            content = file.read(_BYTES + 1)
    except OSError as error:
        raise BadTarget(f"{told}: cannot be read: {error.strerror}") from error
    if len(content) > _BYTES:
        raise BadTarget(f"{told}: more than {_BYTES >> 30} GiB")
    try:
        return report_json.decode(content)
    except Malformed as error:
        raise BadTarget(f"{told}: {error}; expected what surveyor scan --format json writes") from error
