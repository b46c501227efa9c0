"""``surveyor vex``: what was decided about a report's findings, for others to read."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote, urlsplit

import orjson
from cyclopts import Parameter

from surveyor import __version__
from surveyor.cli import FAILED, OK, complaint, decide, destination, reports
from surveyor.remedy.decisions.claim import Claims, Origin, claims
from surveyor.remedy.decisions.target import image_of
from surveyor.remedy.decisions.vex import WRITERS
from surveyor.scan.errors import BadTarget
from surveyor.scan.model import Kind, Report, Target
from surveyor.scan.vocabulary import counted

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")


def vex(
    report: Path,
    *,
    format: Literal["openvex", "cyclonedx", "csaf"] = "openvex",  # noqa: A002 - the option's name
    author: str,
    author_url: str | None = None,
    product: Annotated[list[str] | None, Parameter(negative=())] = None,
    decisions: Path | None = None,
    vex: Annotated[list[Path] | None, Parameter(negative=())] = None,
    output: Path | None = None,
) -> int:
    """Write the decisions about a report's vulnerabilities as a VEX document.

    Exit codes: 0 written, 2 bad usage.

    Parameters
    ----------
    report
        A JSON report, as surveyor scan --format json writes it.
    format
        OpenVEX 0.2.0, CycloneDX 1.6 or CSAF 2.0.
    author
        Who says it.
    author_url
        The author's own address, which CSAF wants.
    product
        What the document is about, as a package URL or another name; the first is written, all are matched with the
        documents of --vex. Unless given, it is made of the image's name and digest.
    decisions
        A file of decisions to apply anew, instead of those that the report has.
    vex
        A VEX document whose statements are applied too. Repeatable.
    output
        Write the document to this file instead of standard output.
    """
    if output is not None:
        destination.check(output)
    if format == "csaf" and not _is_address(author_url):
        raise BadTarget("--format csaf names its publisher by an address: --author-url https://...")
    if product and not _URI.fullmatch(product[0]):
        raise BadTarget(f"--product {product[0]}: the first is written, and has to be a package URL or another URI")
    found = reports.read(report)
    if decisions is not None or vex:
        names = product or () if vex else ()
        found = decide.read(None, file=decisions, vex=vex or (), products=names, search=False).on(found)
    told = claims(found, today=datetime.now(UTC).date())
    _remark(found, told)
    if not told.told:
        raise BadTarget(f"{report}: nobody has decided about a vulnerability in it; --decisions, or --vex")
    origin = _origin(found, author=author, url=author_url or "", product=product[0] if product else None)
    text = orjson.dumps(WRITERS[format](told.told, origin), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    if output is None:
        return OK if destination.show(text) else FAILED
    destination.write(output, text)
    return OK


def _remark(report: Report, told: Claims) -> None:
    """Say what VEX cannot."""
    for book in report.decisions:
        idle = sum(one.count for one in book.unapplied)
        if idle:
            complaint.say(f"{book.source}: {idle:,} of {counted(book.statements, 'statement')} decided nothing")
    left = {
        "about no vulnerability": told.untold,
        "about some places of a package only, which VEX cannot tell": told.partial,
        "expired": told.expired,
    }
    for why, count in left.items():
        if count:
            complaint.say(f"{counted(count, 'decision')} left out: {why}")
    if told.accepted:
        complaint.say(f"{counted(told.accepted, 'accepted risk')} written as affected: VEX has no other word")


def _is_address(text: str | None) -> bool:
    try:
        split = urlsplit(text or "")
    except ValueError:
        return False
    return split.scheme in {"http", "https"} and bool(split.netloc)


def _origin(report: Report, *, author: str, url: str, product: str | None) -> Origin:
    target = report.target
    name = target.name or target.source
    digest = (target.digest or "").removeprefix("sha256:") or None
    return Origin(
        author=author,
        url=url,
        at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        version=__version__,
        product=product or _product(target, name),
        name=name,
        digest=digest,
    )


def _product(target: Target, name: str) -> str:
    """An image's package URL (purl types, ``oci``); of all else a generic one."""
    named = image_of(name) if target.kind is Kind.ARTIFACT and target.type == "container" else None
    if named is not None and named.explicit:
        tag = f"&tag={quote(named.tag)}" if named.tag else ""
        repository = quote(f"{named.host}/{named.repository}", safe="/:")
        last = quote(named.repository.rpartition("/")[2].lower())
        version = f"@{quote(target.digest, safe='')}" if target.digest else ""
        return f"pkg:oci/{last}{version}?repository_url={repository}{tag}"
    return f"pkg:generic/{quote(name.rpartition('/')[2] or 'target', safe='')}"
