"""``surveyor scan``: one target, no server, an exit code that a pipeline can trust."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from surveyor.cli import FAILED, advice, complaint, decide, destination, progress
from surveyor.remedy import facts
from surveyor.remedy import gate as gates
from surveyor.scan import engine
from surveyor.scan.errors import BadTarget
from surveyor.scan.events import Progress
from surveyor.scan.model import Report
from surveyor.scan.plan import Place, Request, plan
from surveyor.scan.report import FORMATS
from surveyor.scan.settings import Settings, from_environment, parse_allowed_host

#: The keys of ``FORMATS``, as the help shows them.
Format = Literal["table", "json", "sarif", "cyclonedx", "spdx", "spdx3", "junit", "gitlab", "markdown", "html"]


def scan(  # noqa: PLR0913 - one parameter an option
    target: str,
    *,
    format: Format = "table",  # noqa: A002 - the option's name
    output: Path | None = None,
    fail_on: str | None = None,
    decisions: Path | None = None,
    vex: Annotated[list[Path] | None, Parameter(negative=())] = None,
    product: Annotated[list[str] | None, Parameter(negative=())] = None,
    offline: bool = False,
    advisories: str | None = None,
    allow_host: Annotated[list[str] | None, Parameter(negative=())] = None,
    platform: str | None = None,
    image: str | None = None,
    progress_file: Path | None = None,
    quiet: bool = False,
) -> int:
    """Scan a page, a file, a directory or a container image by name.

    Exit codes: 0 clean or below the gate, 1 the gate failed, 2 could not scan or bad usage, 3 incomplete.

    Parameters
    ----------
    target
        An http(s) URL, a file, or a directory (a root filesystem when it has an os-release, else a source tree); an
        image in a registry (registry.example/app:1.2, debian:12, image:debian, NAME@sha256:...), or one that a local
        daemon has (docker://NAME, podman://NAME).
    format
        How the report is written.
    output
        Write the report to this file instead of standard output.
    fail_on
        SEVERITY[,unknown]: exit 1 when a finding is that bad or worse.
    decisions
        A file of decisions about findings, instead of .surveyor.yaml in the working directory.
    vex
        A VEX document (OpenVEX, CycloneDX or CSAF) whose statements are applied. Repeatable.
    product
        A name or package URL by which VEX documents know what is scanned. Repeatable.
    offline
        Contact nothing but the target itself.
    advisories
        An advisory database, or an OSV bucket as a directory or URL, instead of the local database.
    allow_host
        HOST[:PORT] that may be scanned though it is private or on an unusual port. Repeatable.
    platform
        OS/ARCHITECTURE[/VARIANT] of the image to look at where there are several; from a registry Linux on this
        machine's processor unless given, from a file all of them.
    image
        NAME[:TAG] or digest of the image to look at in a file that holds several; all of them unless given.
    progress_file
        Write progress as NDJSON to this file.
    quiet
        Show no progress.
    """
    gate = gates.Gate() if fail_on is None else gates.parse(fail_on)
    request = plan(target, platform=platform, only=image)
    decided = decide.read(request, file=decisions, vex=vex or (), products=product or ())
    settings = _reaching(request, _settings(offline=offline, allow_host=allow_host or []))
    if output is not None:
        destination.check(output)
    journal = None if progress_file is None else progress.Journal(progress_file)
    with progress.sinks(journal=journal, quiet=quiet) as listeners:
        emit = Progress(*listeners)
        if advisories is not None:
            settings = _with_advisories(settings, advisories, emit)
        report = decided.on(facts.weigh(engine.run(request, settings, emit)))
    written = _write(report, format, output)
    for words in advice.on(report, settings):
        complaint.say(words)
    if journal is not None and journal.error is not None:
        complaint.say(f"--progress-file {journal.path}: ends early: {journal.error.strerror}")
        written = False
    return gates.judge(report, gate).exit_code if written else FAILED


def _settings(*, offline: bool, allow_host: list[str]) -> Settings:
    settings = from_environment(os.environ)
    hosts = tuple(parse_allowed_host(text) for text in allow_host)
    return replace(settings, offline=offline, allow_hosts=settings.allow_hosts + hosts)


def _reaching(request: Request, settings: Settings) -> Settings:
    """The same with what it takes to have an image: a daemon's sockets, or a login for its registry."""
    if request.place is Place.REGISTRY:
        from surveyor.cli import logins
        from surveyor.scan.formats import reference

        return replace(settings, logins=logins.find(reference.parse(request.image), os.environ))
    if request.place in {Place.DOCKER, Place.PODMAN}:
        from surveyor.scan.net import daemon

        return replace(settings, daemon_sockets=daemon.sockets(request.place, os.environ))
    return settings


def _with_advisories(settings: Settings, given: str, emit: Progress) -> Settings:
    from surveyor.cli.db import resolve

    return replace(settings, advisories=resolve(given, settings, emit))


def _write(report: Report, form: str, output: Path | None) -> bool:
    """Write the report where it was asked for; whether it got there. Elsewhere is better than nowhere."""
    if output is None:
        return destination.show(_encode(report, form, terminal=sys.stdout.isatty()))
    text = _encode(report, form, terminal=False)
    try:
        destination.write(output, text)
    except BadTarget as error:
        complaint.say(f"{error}; the report is on standard output")
        destination.show(text)
        return False
    return True


def _encode(report: Report, form: str, *, terminal: bool) -> bytes:
    layout: dict[str, object] = {}
    if form == "table":
        width = shutil.get_terminal_size((140, 24)).columns if terminal else 140
        layout = {"width": width, "colour": terminal and "NO_COLOR" not in os.environ}
    text: bytes = import_module(FORMATS[form]).encode(report, **layout)
    return text
