"""Images whose place is not kept until they are there."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.check import loading
from surveyor.scan.check.interface import Outcome
from surveyor.scan.speed import Load, Speed


def _judge(_: Speed, load: Load) -> Iterator[Outcome]:
    """Images in the page whose room is not known before they come."""
    unsized = [one for one in load.pictures if one.sized is False and not one.background]
    told = [loading.picture(one, "has neither width and height nor an aspect ratio") for one in unsized]
    yield from loading.outcome("unsized", told)


CHECK = loading.check("image_dimensions", _judge, outcomes=("unsized",), parts=("pictures", "sized"))
