"""The log of a process: one form for all, a file that ends, a terminal that is left alone."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from surveyor.service import logs


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    handlers, level, configured = logging.root.handlers[:], logging.root.level, structlog.get_config()
    yield
    structlog.configure(**configured)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def _lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_beside_a_file_only_what_matters_is_shown(tmp_path: Path) -> None:
    shown = io.StringIO()
    logs.begin("serve", tmp_path / "logs", stream=shown)
    log = structlog.get_logger("x")
    log.info("request", path="/a", status=200)
    log.warning("worker.database", error="OperationalError", again_in=0.5)
    try:
        raise RuntimeError("why")
    except RuntimeError as error:
        log.error("request failed", exc_info=error)
    logging.getLogger("library").warning("odd %s", "\n    thing")
    logging.getLogger("library").info("chatter")
    lines = [line.split("  ", 1)[1] for line in shown.getvalue().splitlines()]
    assert lines == [
        "serve  warning  worker.database  error=OperationalError again_in=0.5",
        "serve  error  request failed  RuntimeError: why",
        "serve  warning  odd thing",
    ]
    kept = _lines(tmp_path / "logs" / "serve.log")
    assert [line["event"] for line in kept] == ["request", "worker.database", "request failed", "odd \n    thing"]
    assert "Traceback" in str(kept[2]["exception"])
    assert kept[3]["logger"] == "library"


def test_on_a_terminal_an_error_shows_no_value_of_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    monkeypatch.setattr(shown, "isatty", lambda: True)
    logs.begin("serve", None, stream=shown)
    password = "hunter2"
    try:
        raise RuntimeError(f"{len(password)} characters")
    except RuntimeError as error:
        structlog.get_logger("x").error("request failed", exc_info=error)
    assert "RuntimeError" in shown.getvalue()
    assert "7 characters" in shown.getvalue()
    assert "hunter2\n" not in shown.getvalue()
    assert "password = 'hunter2'" not in shown.getvalue()


def test_alone_a_process_logs_json_to_its_stream() -> None:
    shown = io.StringIO()
    logs.begin("worker", None, stream=shown)
    structlog.get_logger("x").info("request", path="/a")
    logging.getLogger("library").error("odd")
    assert [json.loads(line)["event"] for line in shown.getvalue().splitlines()] == ["request", "odd"]


def test_a_file_begins_anew_and_the_last_few_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "FILE_BYTES", 300)
    logs.begin("serve", tmp_path, stream=io.StringIO())
    for number in range(60):
        structlog.get_logger("x").info("request", number=number)
    names = sorted(file.name for file in tmp_path.iterdir())
    assert names == ["serve.1.log", "serve.2.log", "serve.3.log", "serve.log"]
    assert all(file.stat().st_size < 500 for file in tmp_path.iterdir())
    assert _lines(tmp_path / "serve.log")[-1]["number"] == 59


def test_a_log_that_cannot_be_written_harms_nothing(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("in the way")
    shown = io.StringIO()
    logs.begin("serve", tmp_path / "logs", stream=shown)
    structlog.get_logger("x").info("request")
    structlog.get_logger("x").warning("worker.returned")
    assert shown.getvalue().count("\n") == 1
