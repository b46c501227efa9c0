"""Texts that are sent as they are."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.check import loading
from surveyor.scan.check.interface import Outcome
from surveyor.scan.speed import Load, Resource, Speed

#: Bytes that fit into one packet are not worth the work (Lighthouse's bound).
_LEAST = 1_400
_TEXTS = ("text/", "application/javascript", "application/x-javascript", "application/json", "application/xml")
_KINDS = ("+json", "+xml")
#: Usual for texts: so much of them is left.
_LEFT = 0.35


def _judge(_: Speed, load: Load) -> Iterator[Outcome]:
    """Texts that came in no fewer bytes than they have."""
    plain = sorted((one for one in load.resources if _plain(one)), key=lambda one: -(one.size or 0))
    told = [
        loading.request(one, f"{loading.size(one.size or 0)} of {one.mime}, about {_saved(one)} less when compressed")
        for one in plain
    ]
    yield from loading.outcome("plain", told)


def _plain(one: Resource) -> bool:
    """Whether it came in no fewer bytes than it has: headers are counted too."""
    if one.status != 200 or one.size is None or one.transfer is None or one.encoding not in ("", "identity"):
        return False
    text = one.mime.startswith(_TEXTS) or one.mime.endswith(_KINDS)
    return text and one.size >= _LEAST and one.transfer >= one.size


def _saved(one: Resource) -> str:
    return loading.size((one.size or 0) * (1 - _LEFT))


CHECK = loading.check("compression", _judge, outcomes=("plain",), parts=("resources",))
