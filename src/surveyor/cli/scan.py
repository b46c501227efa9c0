"""``surveyor scan``: one target, no server, an exit code that a pipeline can trust."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from surveyor.cli import FAILED, advice, complaint, decide, destination, gating, pages, progress, reaching, rendering
from surveyor.remedy import facts
from surveyor.remedy import gate as gates
from surveyor.scan import engine
from surveyor.scan.errors import BadTarget
from surveyor.scan.events import Progress
from surveyor.scan.plan import plan
from surveyor.scan.settings import Settings


def scan(  # noqa: PLR0913 - one parameter an option
    target: str,
    *,
    format: rendering.Format = "table",  # noqa: A002 - the option's name
    output: Path | None = None,
    fail_on: str | None = None,
    only_new: Path | None = None,
    only_fixable: Annotated[bool, Parameter(negative=())] = False,
    min_priority: int | None = None,
    policy: Path | None = None,
    decisions: Path | None = None,
    vex: Annotated[list[Path] | None, Parameter(negative=())] = None,
    product: Annotated[list[str] | None, Parameter(negative=())] = None,
    offline: bool = False,
    online: bool = False,
    advisories: str | None = None,
    allow_host: Annotated[list[str] | None, Parameter(negative=())] = None,
    performance_engine: str | None = None,
    platform: str | None = None,
    image: str | None = None,
    crawl: int | None = None,
    depth: int | None = None,
    rate: float | None = None,
    alike: int | None = None,
    sitemap: Annotated[bool, Parameter(negative=())] = False,
    subdomains: Annotated[bool, Parameter(negative=())] = False,
    device: Literal["mobile", "desktop"] | None = None,
    header: Annotated[list[str] | None, Parameter(negative=())] = None,
    header_env: Annotated[list[str] | None, Parameter(negative=())] = None,
    evidence: Path | None = None,
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
    only_new
        A JSON report: exit 1 only for findings that are not in it, or no longer settled.
    only_fixable
        Exit 1 only for findings that something mends.
    min_priority
        Exit 1 only for findings of this priority (0 to 100) and above. Without --fail-on these options ask for
        findings of every severity.
    policy
        A file of rules that fail or warn, beside those in the file of decisions.
    decisions
        A file of decisions about findings, instead of .surveyor.yaml in the working directory.
    vex
        A VEX document (OpenVEX, CycloneDX or CSAF) whose statements are applied. Repeatable.
    product
        A name or package URL by which VEX documents know what is scanned. Repeatable.
    offline
        Contact nothing but the target itself.
    online
        Ask OSV's API about the packages instead of a local database; names and versions of packages leave the machine.
    advisories
        An advisory database, or an OSV bucket as a directory or URL, instead of the local database.
    allow_host
        HOST[:PORT] that may be scanned though it is private or on an unusual port. Repeatable.
    performance_engine
        What measures how fast a page loads: auto, psi (PageSpeed Insights), lab (Chromium) or lighthouse.
    platform
        OS/ARCHITECTURE[/VARIANT] of the image to look at where there are several; from a registry Linux on this
        machine's processor unless given, from a file all of them.
    image
        NAME[:TAG] or digest of the image to look at in a file that holds several; all of them unless given.
    crawl
        Look at so many pages of the site (500 at most): the one that is named, and those that it leads to.
    depth
        How many links away from the first page a crawl goes (3).
    rate
        How many requests a second a crawl makes to one host (4).
    alike
        How many addresses of one form, as /product/{n}, a crawl asks for (25).
    sitemap
        Crawl what the site's sitemaps name too; with --depth 0 only that.
    subdomains
        Crawl other hosts of the site's registered domain too, not only the page's own origin.
    device
        What pages are loaded as (mobile).
    header
        'NAME: VALUE' to send to the page's own origin, and to no other. Repeatable. What it says may be seen by other
        users of this machine while the command runs: secrets are better given by --header-env.
    header_env
        NAME=VARIABLE: a header whose value is in an environment variable. Repeatable.
    evidence
        Write what was seen of pages to this file, by which surveyor recheck judges them again. It holds the pages; of
        cookies it holds no values.
    progress_file
        Write progress as NDJSON to this file.
    quiet
        Show no progress.
    """
    gate = gates.parse(fail_on, new=only_new is not None, fixable=only_fixable, priority=min_priority)
    request = pages.asked(
        plan(target, platform=platform, only=image),
        pages.crawl(pages=crawl, depth=depth, rate=rate, alike=alike, sitemap=sitemap, subdomains=subdomains),
        device=device,
        headers=pages.headers(header or (), header_env or ()),
        evidence=evidence,
    )
    decided = decide.read(request, file=decisions, vex=vex or (), products=product or ())
    rules = gating.read(gate, kind=request.kind, only_new=only_new, file=policy, decided=decided)
    settings = reaching.settings(
        request, offline=offline, online=online, allow_host=allow_host, engine=performance_engine
    )
    if online and advisories is not None:
        raise BadTarget("--online and --advisories: packages are matched with one or the other")
    if output is not None:
        destination.check(output)
    journal = None if progress_file is None else progress.Journal(progress_file)
    with progress.sinks(journal=journal, quiet=quiet) as listeners:
        emit = Progress(*listeners)
        if advisories is not None:
            settings = _with_advisories(settings, advisories, emit)
        keep = pages.Keeper(evidence)
        report = rules.on(decided.on(facts.weigh(engine.run(request, settings, emit, evidence=keep))))
    written = rendering.write(report, format, output) and keep.whole
    for words in (*advice.on(report, settings), *rules.tell(report)):
        complaint.say(words)
    if journal is not None and journal.error is not None:
        complaint.say(f"--progress-file {journal.path}: ends early: {journal.error.strerror}")
        written = False
    return gates.judge(report, report.rulings).exit_code if written else FAILED


def _with_advisories(settings: Settings, given: str, emit: Progress) -> Settings:
    from surveyor.cli.db import resolve

    return replace(settings, advisories=resolve(given, settings, emit))
