"""Reports as files: pure rendering from frozen values, one file per format; no database, no clock, no network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from surveyor.service.documents import csv, html, json, pdf
from surveyor.service.documents.model import ProjectReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A kind of file. ``write`` is ``None`` where writing takes a process of its own."""

    name: str
    extension: str
    media_type: str
    write: Callable[[ProjectReport], bytes] | None


_LISTED = (
    Format(name="json", extension="json", media_type="application/json", write=json.write),
    Format(name="csv", extension="csv", media_type="text/csv; charset=utf-8", write=csv.write),
    Format(name="html", extension="html", media_type="text/html; charset=utf-8", write=html.write),
    Format(name="pdf", extension="pdf", media_type="application/pdf", write=None),
)
FORMATS: Mapping[str, Format] = {listed.name: listed for listed in _LISTED}


async def render(name: str, report: ProjectReport, folder: Path) -> bytes:
    """The report as a file's bytes; the same report gives the same bytes. ``folder`` is for files in passing.

    Raises ``pdf.NotTypeset`` when a PDF cannot be made within its bounds. Cancelled, it leaves no process behind.
    """
    write = FORMATS[name].write
    if write is None:
        return await pdf.write(report, folder)
    return await asyncio.to_thread(write, report)
