"""Images of more pixels than are shown."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.check import loading
from surveyor.scan.check.interface import Outcome
from surveyor.scan.check.loading import KIB
from surveyor.scan.speed import Load, Picture, Speed

#: Bytes that another size of one image saves (Lighthouse's bound for images in several sizes).
_WORTH = 12 * KIB
#: What is drawn by lines has no pixels.
_DRAWN = ("svg", "svg+xml")


def _judge(speed: Speed, load: Load) -> Iterator[Outcome]:
    """Images whose superfluous pixels cost more than another size of them would."""
    ratio = speed.environment.ratio or 1.0
    found = [(_wasted(one, ratio), one) for one in load.pictures if one.format not in _DRAWN]
    worth = sorted(((wasted, one) for wasted, one in found if wasted >= _WORTH), key=lambda pair: -pair[0])
    told = [loading.picture(one, f"{loading.size(wasted)} too much, {_sizes(one)}") for wasted, one in worth]
    yield from loading.outcome("large", told)


def _wasted(picture: Picture, ratio: float) -> int:
    """Bytes for pixels that the screen does not have; by the engine's word where it has one."""
    if "size" in picture.wasted:
        return picture.wasted["size"]
    if picture.natural is None or picture.shown is None or not picture.transfer:
        return 0
    natural, shown = picture.natural[0] * picture.natural[1], picture.shown[0] * picture.shown[1] * ratio**2
    return int(picture.transfer * (1 - shown / natural)) if 0 < shown < natural else 0


def _sizes(picture: Picture) -> str:
    natural = "x".join(map(str, picture.natural or ())) or "its pixels"
    shown = "x".join(f"{side:.0f}" for side in picture.shown or ()) or "less"
    return f"{natural} shown as {shown}"


CHECK = loading.check("image_size", _judge, outcomes=("large",), parts=("pictures",))
