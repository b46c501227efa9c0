"""Fuzz one target: ``python -m tests.fuzz.one NAME CORPUS [libFuzzer options]``; libFuzzer prints the report."""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["surveyor.scan"]):
    from tests.fuzz.targets import targets


def main(arguments: list[str]) -> None:
    """Write the seeds into the corpus and hand over to libFuzzer, which does not return."""
    name, folder = arguments[1], Path(arguments[2])
    target = targets()[name]
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds):
        (folder / f"seed-{number}").write_bytes(seed)
    atheris.Setup([arguments[0], str(folder), *arguments[3:]], target.run)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
