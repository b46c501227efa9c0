"""From a request to an artifact understood, wherever it is: a file, a registry, a local daemon."""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from surveyor.scan.acquire import ACQUIRERS
from surveyor.scan.acquire.interface import Artifact, Image, Origin
from surveyor.scan.acquire.origin import open_origin, open_spooled
from surveyor.scan.engine import choice
from surveyor.scan.engine.shelf import Shelf
from surveyor.scan.engine.units import Ledger
from surveyor.scan.errors import LimitExceeded, Unsupported
from surveyor.scan.formats.reference import Platform, parse
from surveyor.scan.limits import MIB, Budget, Limits
from surveyor.scan.model import Coverage, CoverageState
from surveyor.scan.plan import Place, Request
from surveyor.scan.settings import Settings
from surveyor.scan.tree.tar import TarLayer
from surveyor.scan.values import frozen
from surveyor.scan.vocabulary import counted, family

#: Bytes of a file of no format that are looked at; GNU tar writes an empty tar as 10,240.
_BLANK = 1 << 20


@frozen
class Opened:
    """An artifact with the unit that understood it and its version; how many ``seconds`` that took."""

    artifact: Artifact
    unit: dict[str, int]
    seconds: float = 0.0


def opened(request: Request, settings: Settings, budget: Budget, ledger: Ledger, shelf: Shelf | None = None) -> Opened:
    """Open what was asked for; raises when it cannot be had or is of no supported format.

    Layers of which ``shelf`` holds a look are pulled only if somebody looks at them all the same.
    """
    platform = None if request.platform is None else Platform.parse(request.platform)
    with ledger.progress.timing("scan.open") as name:
        ledger.progress("scan.open", request.name or request.source, pct=2)
        if request.place is Place.REGISTRY:
            result = _pulled(request, platform, settings, budget, ledger, shelf)
        else:
            budget.tick = partial(_inflating, budget, ledger)
            result = _read(_origin(request, settings, budget, ledger), request.only, platform, budget, ledger)
            budget.tick = None
        stage = f"{family(result.artifact.type)}.extract"
        name(stage)
        ledger.progress(stage, _shape(result.artifact), pct=5)
    for entry in result.artifact.coverage:
        ledger.add(entry)
    return result


def _inflating(budget: Budget, ledger: Ledger) -> None:
    """About once a second: how far a file is that is compressed as a whole."""
    ledger.progress("scan.open", f"{budget.inflated // MIB:,} MiB inflated", pct=3, inflated=budget.inflated)


def _pulled(
    request: Request,
    platform: Platform | None,
    settings: Settings,
    budget: Budget,
    ledger: Ledger,
    shelf: Shelf | None,
) -> Opened:
    from surveyor.scan.acquire import pull  # brings all of the network
    from surveyor.scan.net.registry import Registry

    reference = parse(request.image)
    registry = Registry(reference, settings)

    def known(image: Image) -> frozenset[str]:
        return _held(image, shelf, settings.limits) if shelf else frozenset()

    artifact = pull.pull(reference, registry, budget, ledger.progress, platform=platform, known=known)
    return Opened(artifact=artifact, unit={f"acquire.{pull.ID}": pull.VERSION})


def _held(image: Image, shelf: Shelf, limits: Limits) -> frozenset[str]:
    """The digests of those layers of an image of which a look is kept, as whoever reads it will ask for one."""
    from surveyor.scan.engine.cache import LayerCache
    from surveyor.scan.engine.nesting import scope_of

    cache = LayerCache(shelf=shelf)
    scope = scope_of("container", image, stage=family("container"))
    layers = (layer for layer in image.layers if isinstance(layer, TarLayer))
    return frozenset(layer.digest for layer in layers if layer.digest and cache.holds(layer, scope, limits))


def _origin(request: Request, settings: Settings, budget: Budget, ledger: Ledger) -> Origin:
    if request.place is Place.FILE:
        path = Path(request.source)
        return open_origin(path, request.name or path.name, budget)
    return _of_daemon(request, settings, budget, ledger)


def _of_daemon(request: Request, settings: Settings, budget: Budget, ledger: Ledger) -> Origin:
    from surveyor.scan.acquire import pull
    from surveyor.scan.net import daemon

    limits = settings.limits
    with (
        cast("BinaryIO", tempfile.TemporaryFile(prefix="surveyor-")) as spool,
        pull.Waiting(ledger.progress, budget) as waiting,
    ):
        waiting.one(
            lambda: daemon.save(
                request.image,
                settings.daemon_sockets,
                spool,
                max_bytes=limits.spool_bytes,
                seconds=limits.seconds,
                tick=waiting.tick,
            ),
            f"ask the local daemon for {request.image}",
        )
        return open_spooled(spool, request.image, budget)


def _read(origin: Origin, only: str | None, platform: Platform | None, budget: Budget, ledger: Ledger) -> Opened:
    origin, start = replace(origin, reads=_reads), time.perf_counter()
    acquirer = next((one for one in ACQUIRERS if one.detect(origin)), None)
    if acquirer is None:
        raise Unsupported(_unknown(origin))
    artifact = acquirer.read(origin, budget)
    seconds = time.perf_counter() - start
    if only is not None:
        artifact = choice.by_name(artifact, only, f"acquire.{acquirer.id}")
    if platform is not None:
        artifact = choice.by_platform(artifact, platform, f"acquire.{acquirer.id}")
    if origin.damage and not artifact.streamed:
        state = CoverageState.PARTIAL if isinstance(origin.damage, LimitExceeded) else CoverageState.FAILED
        detail = f"outer file: {origin.damage}"
        ledger.add(
            Coverage(what="acquire.file", state=state, reason=origin.damage.code, detail=detail, path=origin.name)
        )
        ledger.progress(f"{family(artifact.type)}.extract.err", detail)
    return Opened(artifact=artifact, unit={f"acquire.{acquirer.id}": acquirer.version}, seconds=seconds)


def _reads(name: bytes) -> bool:
    """Whether some cataloger reads files of this name, or says that it is known and not read."""
    from surveyor.scan.engine.concern import concerned  # brings all catalogers

    return bool(concerned(name))


def _shape(artifact: Artifact) -> str:
    """What was opened: how many images and layers, or of anything else how many trees."""
    images = artifact.images
    if any(image.overlaid for image in images):
        layers = counted(sum(len(image.layers) for image in images), "layer")
        return f"{artifact.type}: {counted(len(images), 'image')}, {layers}"
    return f"{artifact.type}: {counted(len(images), 'tree')}"


def _unknown(origin: Origin) -> str:
    """Why a file is of no format: an empty tar has no byte that would tell it from a blank disk."""
    if origin.blob is not None and not any(origin.blob.view()[:_BLANK]):
        return "it holds nothing but zeros, as an empty tar or a blank disk does"
    return (
        "of no format that is read: no image, archive, disc, disk image, package, program, SBOM,"
        " or lock file under its own name"
    )
