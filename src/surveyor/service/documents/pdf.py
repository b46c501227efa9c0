"""The report as a PDF for people and archives: tagged (PDF/UA-1), typeset by Typst in a process of its own.

The findings reach the template as a JSON file, so no title can be markup. The document's date is the report's.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from pathlib import Path

import orjson

from surveyor.service.documents import excerpt
from surveyor.service.documents.model import ProjectReport

SECONDS = 60.0
MEMORY = 3 << 30
_SCRIPT = Path(__file__).with_name("typeset.py")


class NotTypeset(Exception):
    """The PDF could not be made; one sentence says why."""


async def write(report: ProjectReport, folder: Path, *, seconds: float = SECONDS, memory: int = MEMORY) -> bytes:
    """The PDF's bytes; ``seconds`` by the clock on the wall, ``memory`` in bytes of address space.

    ``folder`` must exist. Raises NotTypeset.
    """
    with tempfile.TemporaryDirectory(prefix="report-", dir=folder) as work:
        place = Path(work)
        await asyncio.to_thread(_data, report, place / "report.json")
        await _typeset(place, seconds=seconds, memory=memory)
        return await asyncio.to_thread((place / "report.pdf").read_bytes)


def _data(report: ProjectReport, path: Path) -> None:
    path.write_bytes(orjson.dumps(excerpt.of(report)))


async def _typeset(place: Path, *, seconds: float, memory: int) -> None:
    process = await asyncio.create_subprocess_exec(
        # isolated: neither the folder it runs in nor a variable can bring in other code
        *(sys.executable, "-I", str(_SCRIPT), str(place), str(memory), str(max(10, round(seconds) * 4))),
        cwd=place,
        env={"PATH": os.defpath, "HOME": str(place)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(seconds):
            _, words = await process.communicate()
    except TimeoutError:
        raise NotTypeset(f"typesetting took more than {seconds:g} s") from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    if process.returncode:
        said = words.decode("utf-8", "replace").strip().splitlines()
        raise NotTypeset(f"typesetting failed: {said[-1][:300] if said else f'exit code {process.returncode}'}")
