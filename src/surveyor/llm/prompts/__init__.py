"""The questions' words, one versioned file each: ``<name>.v<number>.txt``."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any

import orjson

_FILE = re.compile(r"(?P<name>[a-z]+)\.(?P<version>v\d+)\.txt")


@cache
def load(name: str, version: str) -> str:
    """The words of one version of a question; a version once used is never changed."""
    return files(__name__).joinpath(f"{name}.{version}.txt").read_text("utf-8")


def quoted(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Material from outside as JSON between two marks that it cannot write itself."""
    # both are JSON's own spellings, and a page's markup does not grow much by them
    data = orjson.dumps(value).decode().replace("</", "<\\/").replace("<data", "<\\u0064ata")
    return f"<data>\n{data}\n</data>"


def all_files() -> list[tuple[str, str]]:
    """Name and version of every file."""
    found = (_FILE.fullmatch(entry.name) for entry in files(__name__).iterdir())
    return sorted((match["name"], match["version"]) for match in found if match)
