"""Which kind of scan a target asks for, and which slots it runs."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from pathlib import Path

from surveyor.scan.address import has_userinfo
from surveyor.scan.errors import BadTarget, Refused
from surveyor.scan.figures import Device, Engine
from surveyor.scan.formats import reference
from surveyor.scan.model import Kind, Package
from surveyor.scan.values import frozen

WEB_SLOTS = ("performance", "security", "seo", "accessibility")
ARTIFACT_SLOTS = ("artifact",)
SLOTS = {Kind.WEB: WEB_SLOTS, Kind.ARTIFACT: ARTIFACT_SLOTS}


#: What may stand before the name of an image, so that it is no file and no page; ``oci://`` is Helm's.
_PREFIXES = ("image:", "oci://")


class Place(StrEnum):
    """Where an artifact is."""

    FILE = "file"
    REGISTRY = "registry"
    DOCKER = "docker"
    PODMAN = "podman"


#: The most that a crawl may be asked for, by field; and the least, where that is not one.
MOST_PAGES, MOST_DEPTH, MOST_RATE, LEAST_RATE = 500, 20, 50.0, 0.1


@frozen
class Crawl:
    """Which pages of a site are looked at beside the first, and how fast.

    ``pages`` is how many in all, ``depth`` how many links away from the first, ``rate`` how many requests a second one
    host gets. ``alike`` is how many addresses of one form are asked for (``/product/{n}``). With ``sitemap`` what the
    site's sitemaps name is as near as the first page; with ``subdomains`` other hosts of its registrable domain count
    as the site, else only its origin.

    Raises ``BadTarget`` for numbers out of bounds.
    """

    pages: int = 50
    depth: int = 3
    rate: float = 4.0
    alike: int = 25
    sitemap: bool = False
    subdomains: bool = False

    def __post_init__(self) -> None:
        """Hold the bounds."""
        for name, least, most in (
            ("pages", 1, MOST_PAGES),
            ("depth", 0, MOST_DEPTH),
            ("rate", LEAST_RATE, MOST_RATE),
            ("alike", 1, MOST_PAGES),
        ):
            if not least <= getattr(self, name) <= most:
                raise BadTarget(f"{name} of a crawl: expected a number from {least:g} to {most:g}")


@frozen
class Request:
    """One scan to run: ``source`` is a URL, a path, the name of an image in a registry, or ``docker://`` (``podman://``)
    and that of an image which a local daemon has; ``name`` what people call a file (an upload's file name).

    ``digest`` is the file's ``sha256:<hex>`` where it is known already, so that it is not taken once more.

    ``platform`` chooses among an artifact's images: the one of this ``os/architecture[/variant]``; ``only`` among those
    of a file: the one of this name or digest.

    ``rules`` narrows a page's scan to the checks of these ids, whatever slot they are in; each leaves an entry of
    coverage, ``check.<id>``, with the number of its outcomes, so that "found nothing" is told from "did not run".

    ``outline`` asks for the page's outline beside the report, from the slot ``accessibility``, which then runs even
    where no rule of it was asked for.

    ``inventory`` asks for what is in an artifact, and for nothing about it: no advisory is matched, nothing is judged.

    ``device`` is what a page is loaded as, ``engine`` what measures it where it is not the settings' choice. ``crawl``
    asks for more pages of its site; ``also`` are the addresses of more that are looked at, and with them no crawl goes
    further. ``headers`` are sent to the source's origin, and to no other: what they say may be a secret, and is told
    nowhere. ``keeps`` asks for a file of all that was seen of pages, by which they can be judged again. ``pages`` is a
    file by which scanners in other processes share the pages that a crawl found, ``common`` a folder by which they
    share what more than one of them asks for.

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
    place: Place = Place.FILE
    platform: str | None = None
    only: str | None = None
    inventory: bool = False
    device: Device = Device.MOBILE
    engine: Engine | None = None
    crawl: Crawl | None = None
    also: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    keeps: bool = False
    pages: Path | None = None
    common: Path | None = None

    @property
    def image(self) -> str:
        """The name of an image without the word that says where it is."""
        return self.source.removeprefix(f"{self.place}://")

    def __post_init__(self) -> None:
        """Hold that no source carries a secret."""
        if self.kind is Kind.WEB and has_userinfo(self.source):
            raise Refused("a URL with a user name or password in it is not scanned (rule: userinfo)", rule="userinfo")


@frozen
class Rematch:
    """A stored inventory to match again: only what is about ``subject`` (``type/namespace/name``) is asked.

    ``artifact`` is the digest or name that assets of what is found will carry.
    """

    packages: tuple[Package, ...]
    subject: str
    artifact: str


@frozen
class Inventory:
    """What was in an artifact when it was scanned, to be matched again without it.

    ``artifact`` is the digest or name that assets of what is found will carry, ``name`` what people call it.
    """

    packages: tuple[Package, ...]
    artifact: str
    name: str


def plan(target: str, *, platform: str | None = None, only: str | None = None) -> Request:
    """Judge what a person typed: an http(s) URL, an existing file or directory, else the name of an image.

    Without a prefix a name is an image's when it has a registry (``registry.example/app``), a tag or a digest; it is
    always asked of the registry: what a local daemon has is asked for by ``docker://`` or ``podman://``.
    """
    if platform is not None:
        platform = str(reference.Platform.parse(platform))
    scheme = target.partition("://")[0].lower()
    if "://" in target and scheme in {"http", "https"}:
        if platform is not None:
            raise BadTarget("--platform chooses among a container's images; a page has none")
        if only is not None:
            raise BadTarget("--image chooses among a container's images; a page has none")
        return Request(kind=Kind.WEB, source=target, slots=WEB_SLOTS)
    path = Path(target)
    if only is not None and ("://" in target or not _exists(path)):
        raise BadTarget(f"--image chooses among the images in a file, and {target} is none")
    if not _exists(path):
        return _absent(target, platform)
    if not (path.is_file() or path.is_dir()):
        raise BadTarget(f"{target}: neither a regular file nor a directory")
    return Request(
        kind=Kind.ARTIFACT, source=str(path), slots=ARTIFACT_SLOTS, name=_name(path), platform=platform, only=only
    )


def image(name: str, *, platform: str | None = None) -> Request:
    """The request for an image in a registry; raises ``BadTarget`` for what is no reference or no platform."""
    reference.parse(name)
    if platform is not None:
        platform = str(reference.Platform.parse(platform))
    return Request(kind=Kind.ARTIFACT, source=name, slots=ARTIFACT_SLOTS, place=Place.REGISTRY, platform=platform)


def _absent(target: str, platform: str | None) -> Request:
    """What no file is called: an image, or nothing that can be scanned."""
    scheme = target.partition("://")[0].lower()
    if "://" in target and scheme in {Place.DOCKER, Place.PODMAN}:
        reference.parse(target.partition("://")[2])
        return Request(
            kind=Kind.ARTIFACT,
            source=f"{scheme}://{target.partition('://')[2]}",
            slots=ARTIFACT_SLOTS,
            place=Place(scheme),
            platform=platform,
        )
    for prefix in _PREFIXES:
        if target.lower().startswith(prefix):
            return image(target[len(prefix) :], platform=platform)
    if "://" in target:
        told = scheme if has_userinfo(target) else target
        raise BadTarget(f"{told}: only http and https URLs can be scanned")
    try:
        named = reference.parse(target)
    except BadTarget:
        named = None
    if named is None or not named.explicit or _is_address(named):
        raise BadTarget(
            f"{target}: no such file or directory; the address of a page begins with http:// or https://,"
            " and the name of an image needs a registry, a tag or a digest, or image: before it"
        )
    return image(target, platform=platform)


def _name(path: Path) -> str:
    """What people call a file or folder; the one that they are in has its own name too."""
    return (path if path.name not in {"", ".."} else path.resolve()).name or str(path)


def _is_address(named: reference.Reference) -> bool:
    """Whether this is rather a host and its port: ``shop.example:8080``."""
    name = named.repository.removeprefix("library/")
    return named.host == reference.HUB and "/" not in name and "." in name and (named.tag or "").isdigit()


def _exists(path: Path) -> bool:
    """Whether something is there; raises ``BadTarget`` where that is not ours to know."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError) as error:
        raise BadTarget(f"{path}: cannot be opened: {getattr(error, 'strerror', None) or error}") from error
    return True
