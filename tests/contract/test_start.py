"""Starting is cheap and the walls hold at run time: what a fresh interpreter loads, and what it costs."""

from __future__ import annotations

import json
import resource
import subprocess
import sys

import pytest

PARSERS = ("selectolax", "isal", "zstandard", "surveyor.scan.engine", "surveyor.scan.acquire", "surveyor.scan.catalog")
MODELS = ("pydantic_ai", "anthropic", "openai", "surveyor.llm")


def loaded_by(statement: str) -> set[str]:
    """The modules that a fresh interpreter holds after one statement."""
    code = f"import json, sys\n{statement}\nprint(json.dumps(sorted(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(told.stdout))


def found(names: tuple[str, ...], modules: set[str]) -> list[str]:
    return sorted(m for m in modules if any(m == name or m.startswith(name + ".") for name in names))


@pytest.mark.parametrize(
    "module",
    [
        "surveyor.service.api",
        "surveyor.service.app",
        "surveyor.service.worker",
        "surveyor.service.child",
        "surveyor.service.jobs",
    ],
)
def test_the_service_loads_no_parser_and_no_model_library(module: str) -> None:
    assert found(PARSERS + MODELS, loaded_by(f"import {module}")) == []


def test_a_scan_loads_no_service() -> None:
    service = ("surveyor.service", "sqlalchemy", "psycopg", "procrastinate", "fastapi", "pydantic", "alembic")
    modules = loaded_by("import surveyor.cli.scan, surveyor.scan.engine.web, surveyor.scan.engine.artifact")
    assert found(service, modules) == []


def test_the_console_script_loads_almost_nothing() -> None:
    # scanner children import the worker's main module again: whatever it loads, every child pays for
    heavy = ("cyclopts", "rich", "surveyor.scan", "surveyor.service", "asyncio")
    assert found(heavy, loaded_by("import surveyor.cli, surveyor.__main__")) == []


def test_help_takes_less_than_a_quarter_of_a_cpu_second() -> None:
    def once() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "surveyor", "--help"], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    # the best of twenty: a neighbour on the machine can only add, never take away
    assert any(once() < 0.25 for _ in range(20))


def test_help_names_every_command() -> None:
    told = subprocess.run([sys.executable, "-m", "surveyor", "--help"], capture_output=True, text=True, check=True)
    for command in ("scan", "up", "serve", "worker", "migrate", "db", "admin"):
        assert command in told.stdout
