"""What a scan from the command line may reach: hosts, registries and their logins, local daemons."""

from __future__ import annotations

import os
from dataclasses import replace

from surveyor.scan.errors import BadTarget
from surveyor.scan.plan import Place, Request
from surveyor.scan.settings import Settings, from_environment, parse_allowed_host, parse_engine


def settings(
    request: Request,
    *,
    offline: bool = False,
    online: bool = False,
    allow_host: list[str] | None = None,
    engine: str | None = None,
) -> Settings:
    """The environment's settings, with the hosts and the engine that were named and what it takes to have an image."""
    hosts = tuple(parse_allowed_host(text) for text in allow_host or [])
    if offline and online:
        raise BadTarget("--offline and --online: one or the other")
    found = from_environment(os.environ)
    if engine is not None:
        found = replace(found, performance_engine=parse_engine(engine))
    return _image(request, replace(found, offline=offline, online=online, allow_hosts=found.allow_hosts + hosts))


def _image(request: Request, found: Settings) -> Settings:
    """The same with a daemon's sockets, or a login for a registry."""
    if request.place is Place.REGISTRY:
        from surveyor.cli import logins
        from surveyor.scan.formats import reference

        return replace(found, logins=logins.find(reference.parse(request.image), os.environ))
    if request.place in {Place.DOCKER, Place.PODMAN}:
        from surveyor.scan.net import daemon

        return replace(found, daemon_sockets=daemon.sockets(request.place, os.environ))
    return found
