"""The reference format: the report as JSON, and back."""

from __future__ import annotations

import dataclasses

import orjson

from surveyor.scan.errors import Malformed
from surveyor.scan.formats.typed import reader
from surveyor.scan.model import Report
from surveyor.scan.report.interface import dumps

#: How a report is written: indented for people, times in UTC, a newline at the end.
OPTIONS = orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE


def encode(report: Report) -> bytes:
    """The report as UTF-8 JSON, indented for people; empty fields stay, so readers need no defaults."""
    try:
        return orjson.dumps(report, option=OPTIONS)
    except TypeError:  # half of a surrogate pair
        return dumps(dataclasses.asdict(report))


def decode(text: bytes) -> Report:
    """A report from its JSON; raises ``Malformed`` for a value of another type than the field's.

    Unknown fields are ignored, since newer scanners may add some.
    """
    try:
        report = reader(Report)(orjson.loads(text))
    except (ValueError, TypeError) as error:
        raise Malformed(f"not a Surveyor report: {error}") from error
    assert isinstance(report, Report)
    return report
