"""Many files of one host over HTTP/1, which answers one after another on each connection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from surveyor.scan.address import host_of
from surveyor.scan.check import loading
from surveyor.scan.check.interface import Outcome
from surveyor.scan.model import Evidence
from surveyor.scan.speed import Load, Speed

#: Connections that a browser opens to one host: below, nothing waits (Lighthouse's bound is the same).
_CONNECTIONS = 6


def _judge(_: Speed, load: Load) -> Iterator[Outcome]:
    """Hosts of the site of which more is asked over HTTP/1 than a browser opens connections."""
    old = Counter(
        host_of(one.url)
        for one in load.resources
        # without TLS browsers speak nothing newer, and that is another finding
        if one.protocol.lower().startswith("http/1") and one.url.startswith("https:") and not one.third_party
    )
    many = [(host, count) for host, count in old.most_common() if count > _CONNECTIONS]
    told = [Evidence(kind="host", where=host[:300], value=f"{count:,} requests over HTTP/1") for host, count in many]
    yield from loading.outcome("old", told)


CHECK = loading.check("http_version", _judge, outcomes=("old",), parts=("resources", "protocol"))
