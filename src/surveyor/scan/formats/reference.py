"""Names of container images: ``registry[:port]/repository[:tag][@digest]``, and of platforms: ``linux/arm64/v8``.

The grammar is that of the distribution project's reference package, the short forms are Docker's: ``debian`` is
``docker.io/library/debian:latest``. The OCI distribution specification 1.1 ("Pulling manifests") has the same one.
"""

from __future__ import annotations

import platform as machine
import re
from typing import Self

from surveyor.scan.errors import BadTarget
from surveyor.scan.patterns import regex
from surveyor.scan.values import frozen

HUB = "docker.io"
_HUBS = frozenset({HUB, "index.docker.io", "registry-1.docker.io"})
_HUB_ENDPOINT = "registry-1.docker.io"
_LENGTH = 1024
_NAME_LENGTH = 255

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = regex(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{{1,5}})?", re.ASCII)
_PART = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
_REPOSITORY = regex(rf"{_PART}(?:/{_PART})*", re.ASCII)
_TAG = regex(r"\w[\w.-]{0,127}", re.ASCII)
_DIGEST = regex(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")

_LOOPBACK = regex(r"localhost|127(?:\.[0-9]{1,3}){3}|\[::1\]", re.IGNORECASE)
#: As ``uname -m`` says it, and as Go and therefore registries do.
_MACHINES = {
    "x86_64": "amd64",
    "amd64": "amd64",
    "aarch64": "arm64",
    "arm64": "arm64",
    "armv7l": "arm/v7",
    "armv6l": "arm/v6",
    "i386": "386",
    "i686": "386",
    "loongarch64": "loong64",
}
#: The variant that is meant where none is given.
_VARIANTS = {"arm64": "v8", "arm": "v7"}
_PLATFORM = regex(r"(?P<os>[a-z0-9]{1,20})/(?P<architecture>[a-z0-9_]{1,20})(?:/(?P<variant>[a-z0-9.]{1,20}))?")


@frozen
class Reference:
    """One image by name: ``host`` in lower case with its port, ``docker.io`` where there was none; ``digest`` decides.

    ``explicit`` when the name cannot be a word of another kind: it has a registry, a tag or a digest.
    """

    host: str
    repository: str
    tag: str | None = None
    digest: str | None = None
    explicit: bool = True

    @property
    def wanted(self) -> str:
        """What the registry is asked for: the digest, else the tag, else ``latest``."""
        return self.digest or self.tag or "latest"

    @property
    def endpoint(self) -> str:
        """The host and port that speak the distribution API for this registry."""
        return _HUB_ENDPOINT if self.host == HUB else self.host

    @property
    def loopback(self) -> bool:
        """Whether the registry is on this machine, where no certificate can be asked for."""
        return _LOOPBACK.fullmatch(_hostname(self.host)) is not None

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else "" if self.digest else ":latest"
        return f"{self.host}/{self.repository}{tag}" + (f"@{self.digest}" if self.digest else "")


@frozen
class Platform:
    """What an image runs on, by Go's names."""

    os: str
    architecture: str
    variant: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``os/architecture[/variant]``; raises ``BadTarget``."""
        match = _PLATFORM.fullmatch(text.strip().lower())
        if match is None:
            raise BadTarget(f"{text[:60]!r} is no platform: expected OS/ARCHITECTURE[/VARIANT], such as linux/arm64")
        return cls(os=match["os"], architecture=match["architecture"], variant=match["variant"])

    @classmethod
    def here(cls) -> Self:
        """Linux on this machine's processor."""
        name = machine.machine().lower()
        return cls.parse(f"linux/{_MACHINES.get(name, name) or 'amd64'}")

    def fits(self, told: str | None) -> bool:
        """Whether a platform as an index or a configuration words it is this one."""
        if told is None:
            return False
        try:
            other = Platform.parse(told)
        except BadTarget:
            return False
        return _normal(self) == _normal(other)

    def __str__(self) -> str:
        return "/".join(filter(None, (self.os, self.architecture, self.variant)))


def _normal(platform: Platform) -> tuple[str, str, str | None]:
    return platform.os, platform.architecture, platform.variant or _VARIANTS.get(platform.architecture)


def parse(text: str) -> Reference:
    """Read the name of an image; raises ``BadTarget`` that says which part of it is wrong."""
    if len(text) > _LENGTH:
        raise BadTarget("the name of an image has at most 1,024 characters")
    rest, at, digest = text.partition("@")
    if at and not _DIGEST.fullmatch(digest):
        raise BadTarget(f"{text}: a digest is sha256: and 64 hexadecimal digits")
    first, slash, path = rest.partition("/")
    written = bool(slash) and ("." in first or ":" in first or first == "localhost" or first.lower() != first)
    host, rest = (first.lower(), path) if written else (HUB, rest)
    repository, colon, tag = rest.partition(":")
    _judge(text, host, repository, tag if colon else None)
    if host in _HUBS:
        host, repository = HUB, repository if "/" in repository else f"library/{repository}"
    explicit = written or bool(colon) or bool(at)
    return Reference(host=host, repository=repository, tag=tag or None, digest=digest or None, explicit=explicit)


def registry_host(text: str) -> str:
    """A registry by itself, as ``Reference.host`` has it; raises ``BadTarget`` for what begins no reference."""
    if text.lower() in _HUBS:
        return HUB
    named = parse(f"{text}/x")
    if named.host == HUB or named.repository != "x":
        raise BadTarget(f"{text}: a registry is a host with a dot or a port, or localhost, and nothing after it")
    return named.host


def _judge(text: str, host: str, repository: str, tag: str | None) -> None:
    if not _HOST.fullmatch(host):
        raise BadTarget(f"{text}: {host!r} is no registry's host")
    if len(repository) > _NAME_LENGTH or not _REPOSITORY.fullmatch(repository):
        raise BadTarget(f"{text}: a repository is lower-case words of letters and digits, with / between them")
    if tag is not None and not _TAG.fullmatch(tag):
        raise BadTarget(f"{text}: a tag is letters, digits, '_', '.' and '-', 128 at most")


def _hostname(host: str) -> str:
    """The host without its port."""
    return re.sub(r":[0-9]{1,5}\Z", "", host)
