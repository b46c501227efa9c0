"""The terminal format: says what was not looked at, and lets no target write to the terminal."""

from __future__ import annotations

from dataclasses import replace

from surveyor.scan.model import ScanStatus
from surveyor.scan.report import table
from tests.samples import full_report, vulnerability


def test_shows_findings_and_what_was_not_looked_at() -> None:
    text = table.encode(full_report(), width=160).decode()
    assert "CVE-2023-52425: deb/debian/expat" in text
    assert "fixed in 2.5.0-1+deb12u2" in text
    assert "Not looked at, or not in full" in text
    assert "opt/a.jar" in text
    assert "incomplete, see above" in text
    assert "osv:Debian 2026-01-01 (12,444)" in text


def test_a_failed_scan_is_never_shown_as_clean() -> None:
    report = replace(full_report(), scan_status=ScanStatus.FAILED, error="not an archive", findings=())
    text = table.encode(report).decode()
    assert "Could not scan: not an archive" in text
    assert "0 findings" not in text


def test_text_of_the_target_cannot_steer_the_terminal() -> None:
    hostile = replace(vulnerability(), title="x\x1b[2J\x1b]0;owned\x07\r\nOK [bold]clean[/bold]")
    text = table.encode(replace(full_report(), findings=(hostile,)), width=200).decode()
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "[bold]clean[/bold]" in text


def test_without_colour_there_is_no_escape_at_all() -> None:
    assert b"\x1b" not in table.encode(full_report())
    assert b"\x1b[" in table.encode(full_report(), colour=True)
