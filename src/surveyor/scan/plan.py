"""Which kind of scan a target asks for, and which slots it runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from surveyor.scan.errors import BadTarget, Refused
from surveyor.scan.evidence import has_userinfo
from surveyor.scan.model import Kind, Package

WEB_SLOTS = ("performance", "security", "seo", "accessibility")
ARTIFACT_SLOTS = ("artifact",)
SLOTS = {Kind.WEB: WEB_SLOTS, Kind.ARTIFACT: ARTIFACT_SLOTS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One scan to run: ``source`` is a URL or a path; ``name`` what people call it (an upload's file name).

    ``digest`` is the file's ``sha256:<hex>`` where it is known already, so that it is not taken once more.

    ``rules`` narrows a page's scan to the checks of these ids, whatever slot they are in; each leaves an entry of
    coverage, ``check.<id>``, with the number of its outcomes, so that "found nothing" is told from "did not run".

    ``outline`` asks for the page's outline beside the report, from the slot ``accessibility``, which then runs even
    where no rule of it was asked for.

    Raises ``Refused`` for a URL with a user name or password in it: every event and report quotes ``source``, so that
    there is no other way for one to get into them.
    """

    kind: Kind
    source: str
    slots: tuple[str, ...]
    name: str | None = None
    digest: str | None = None
    rules: tuple[str, ...] | None = None
    outline: bool = False

    def __post_init__(self) -> None:
        """Hold that no source carries a secret."""
        if self.kind is Kind.WEB and has_userinfo(self.source):
            raise Refused("a URL with a user name or password in it is not scanned (rule: userinfo)", rule="userinfo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rematch:
    """A stored inventory to match again: only what is about ``subject`` (``type/namespace/name``) is asked.

    ``artifact`` is the digest or name that assets of what is found will carry.
    """

    packages: tuple[Package, ...]
    subject: str
    artifact: str


def plan(target: str) -> Request:
    """Judge what a person typed: an http(s) URL, else an existing file or directory."""
    scheme = target.partition("://")[0].lower()
    if "://" in target and scheme in {"http", "https"}:
        return Request(kind=Kind.WEB, source=target, slots=WEB_SLOTS)
    if "://" in target and not _exists(Path(target)):
        told = scheme if has_userinfo(target) else target
        raise BadTarget(f"{told}: only http and https URLs can be scanned")
    path = Path(target)
    if not _exists(path):
        raise BadTarget(f"{target}: no such file or directory; the address of a page begins with http:// or https://")
    if not (path.is_file() or path.is_dir()):
        raise BadTarget(f"{target}: neither a regular file nor a directory")
    return Request(kind=Kind.ARTIFACT, source=str(path), slots=ARTIFACT_SLOTS, name=path.name)


def _exists(path: Path) -> bool:
    """Whether something is there; raises ``BadTarget`` where that is not ours to know."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError) as error:
        raise BadTarget(f"{path}: cannot be opened: {getattr(error, 'strerror', None) or error}") from error
    return True
