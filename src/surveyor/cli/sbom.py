"""``surveyor sbom``: what is in a target, and nothing about it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from surveyor.cli import FAILED, complaint, destination, progress, reaching, rendering
from surveyor.remedy import gate as gates
from surveyor.scan import engine
from surveyor.scan.errors import BadTarget
from surveyor.scan.events import Progress
from surveyor.scan.model import Kind
from surveyor.scan.plan import plan


def sbom(
    target: str,
    *,
    format: rendering.Bill = "cyclonedx",  # noqa: A002 - the option's name
    output: Path | None = None,
    allow_host: Annotated[list[str] | None, Parameter(negative=())] = None,
    platform: str | None = None,
    image: str | None = None,
    progress_file: Path | None = None,
    quiet: bool = False,
) -> int:
    """List the packages of a file, a directory or a container image as a bill of materials.

    Nothing is matched with advisories, so no database is needed; `surveyor scan` of the bill does that later.

    Exit codes: 0 everything was looked at, 2 could not look or bad usage, 3 incomplete.

    Parameters
    ----------
    target
        A file, a directory, or an image: in a registry (registry.example/app:1.2, debian:12, image:debian,
        NAME@sha256:...), or one that a local daemon has (docker://NAME, podman://NAME).
    format
        CycloneDX 1.6, SPDX 2.3 or SPDX 3.0.1, all as JSON.
    output
        Write the bill to this file instead of standard output.
    allow_host
        HOST[:PORT] of a registry that may be asked though it is private or on an unusual port. Repeatable.
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
    request = replace(plan(target, platform=platform, only=image), inventory=True)
    if request.kind is not Kind.ARTIFACT:
        raise BadTarget("a page has no packages to list; `surveyor scan` looks at it")
    settings = reaching.settings(request, allow_host=allow_host)
    if output is not None:
        destination.check(output)
    journal = None if progress_file is None else progress.Journal(progress_file)
    with progress.sinks(journal=journal, quiet=quiet) as listeners:
        report = engine.run(request, settings, Progress(*listeners))
    written = rendering.write(report, format, output)
    if journal is not None and journal.error is not None:
        complaint.say(f"--progress-file {journal.path}: ends early: {journal.error.strerror}")
        written = False
    return gates.judge(report, ()).exit_code if written else FAILED
