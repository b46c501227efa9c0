"""Which of an artifact's images are looked at, where somebody chose; the others are told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from surveyor.scan.acquire.interface import Artifact, Image
from surveyor.scan.errors import Absent, BadTarget
from surveyor.scan.formats import reference
from surveyor.scan.formats.reference import Platform
from surveyor.scan.model import Coverage, CoverageState
from surveyor.scan.vocabulary import counted

_NAMED = 20


def by_name(artifact: Artifact, name: str, what: str) -> Artifact:
    """Only the images of this name or digest; raises ``Absent`` when there is none."""
    kept = _kept(artifact, lambda image: _is_called(image, name))
    if not kept:
        names = [one for image in artifact.images for one in (image.name, *image.aliases) if one]
        there = ", ".join(sorted(set(names))[:_NAMED]) or f"{counted(len(artifact.images), 'image')} without a name"
        raise Absent(f"no image {name} is in it; it has: {there}")
    chosen = _without(artifact, kept, what, lambda image: f"image {image.name or 'without a name'}")
    return replace(chosen, name=kept[0].name or artifact.name)


def by_platform(artifact: Artifact, platform: Platform, what: str) -> Artifact:
    """Only the images of a platform, and those that do not say theirs; raises ``Absent`` when there is none."""
    kept = _kept(artifact, lambda image: image.platform is None or platform.fits(image.platform))
    if not kept:
        there = ", ".join(sorted({str(image.platform) for image in artifact.images}))
        raise Absent(f"no image for {platform} is in it; it has: {there}")
    return _without(artifact, kept, what, lambda image: f"image of {image.platform}")


def _kept(artifact: Artifact, wanted: Callable[[Image], bool]) -> tuple[Image, ...]:
    return tuple(image for image in artifact.images if wanted(image))


def _without(artifact: Artifact, kept: tuple[Image, ...], what: str, words: Callable[[Image], str]) -> Artifact:
    """The artifact with these images only, and an entry of coverage for every other one."""
    others = tuple(
        Coverage(
            what=what,
            state=CoverageState.SKIPPED,
            reason="not_chosen",
            detail=f"{words(image)} is not the one that was chosen",
            asset=image.name,
            layer=image.digest,
        )
        for image in artifact.images
        if not any(image is one for one in kept)
    )
    digest = kept[0].digest if len(kept) == 1 else artifact.digest
    return replace(artifact, images=kept, digest=digest, coverage=(*artifact.coverage, *others))


def _is_called(image: Image, name: str) -> bool:
    return name == image.digest or any(_same(name, one) for one in (image.name, *image.aliases) if one)


def _same(asked: str, name: str) -> bool:
    """Whether two names are those of one image: ``shop`` is ``docker.io/library/shop:latest``."""
    return asked == name or ((full := _full(asked)) is not None and full == _full(name))


def _full(name: str) -> tuple[str, str, str, str | None] | None:
    try:
        found = reference.parse(name)
    except BadTarget:
        return None
    return found.host, found.repository, found.tag or "latest", found.digest
