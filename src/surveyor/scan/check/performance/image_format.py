"""Images in formats that take more bytes than newer ones, and animations as GIF."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.check import loading
from surveyor.scan.check.interface import Outcome
from surveyor.scan.check.loading import KIB
from surveyor.scan.speed import Load, Picture, Speed

_WORTH = 8 * KIB
_OLD = frozenset({"jpeg", "jpg", "pjpeg", "png", "x-png", "bmp", "x-ms-bmp", "tiff"})
#: Bytes a pixel that an AVIF of usual pictures takes (Chrome's bound for its insight on images).
_MODERN = 2 / 12
#: A GIF of that size is an animation.
_ANIMATION = 100 * KIB
#: How far such an estimate is off is not known before the image is converted.
_ESTIMATE = 0.8


def _judge(_: Speed, load: Load) -> Iterator[Outcome]:
    """Images that another format makes smaller, and animations that a video would."""
    for key, worth in (("old", _old), ("animation", _animation)):
        found = sorted(((saved, one) for one in load.pictures if (saved := worth(one)) >= _WORTH), key=lambda f: -f[0])
        told = [
            loading.picture(one, f"about {loading.size(saved)} less of {loading.size(one.transfer or 0)} {one.format}")
            for saved, one in found
        ]
        yield from loading.outcome(key, told, confidence=_ESTIMATE)


def _old(picture: Picture) -> int:
    """Bytes that another format, or more compression, saves; by the engine's word where it has one."""
    if picture.wasted:
        return max(picture.wasted.get("format", 0), picture.wasted.get("compression", 0))
    if picture.format not in _OLD or picture.natural is None or not picture.transfer:
        return 0
    return picture.transfer - int(picture.natural[0] * picture.natural[1] * _MODERN)


def _animation(picture: Picture) -> int:
    if picture.wasted:
        return picture.wasted.get("video", 0)
    large = picture.format == "gif" and (picture.transfer or 0) >= _ANIMATION
    return (picture.transfer or 0) // 2 if large else 0


CHECK = loading.check("image_format", _judge, outcomes=("old", "animation"), parts=("pictures",))
