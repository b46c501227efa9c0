"""What the books say of a layer that was looked at: how far, what was passed by, and whether it is all there."""

from __future__ import annotations

from surveyor.scan.engine.look import Look
from surveyor.scan.engine.units import Ledger
from surveyor.scan.limits import Budget
from surveyor.scan.model import Coverage, CoverageState
from surveyor.scan.tree.entry import Layer, Tally
from surveyor.scan.vocabulary import counted

_CLIMBING = "names that lead out of the tree were not read"
_CLOSED = "folders or files that could not be opened were not read"
_SPARSE = "package records that the tar stores as sparse files are not read yet"
_UNMARKED = "tar ends without its end marker; everything before it was read"
_UNVOUCHED = (
    "tar ends without its end marker, and nothing says that its bytes are all there: it may be cut short, "
    "everything before was read"
)


def account(look: Look, layer: Layer, sparse: Tally, ledger: Ledger, budget: Budget, *, stage: str) -> None:
    """Write down what a look read and what it passed by; ``sparse`` are the files of which only a part is stored."""
    if look.whole:
        _whole(look, layer, ledger, budget, stage)
    _tally(layer, ledger, look.climbing, "refused", _CLIMBING)
    _tally(layer, ledger, look.closed, "unreadable", _CLOSED)
    _tally(layer, ledger, sparse, "unsupported", _SPARSE)


def _whole(look: Look, layer: Layer, ledger: Ledger, budget: Budget, stage: str) -> None:
    detail = f"{look.form}, {counted(look.entries, 'entry')}"
    ledger.add(
        Coverage(
            what="acquire.layer",
            state=CoverageState.LOOKED,
            detail=detail,
            layer=layer.digest,
            count=look.entries,
        )
    )
    if not look.unmarked:
        return
    # the judgement may cost a pass over the layer's bytes, and be cut by a limit as any other
    vouched = ledger.attempt(
        "acquire.layer", lambda: layer.vouched(budget), stage=f"{stage}.layers", path=layer.place, layer=layer.digest
    )
    state, detail = (CoverageState.LOOKED, _UNMARKED) if vouched else (CoverageState.PARTIAL, _UNVOUCHED)
    ledger.add(
        Coverage(
            what="acquire.layer",
            state=state,
            reason="no_end_marker",
            detail=detail,
            path=layer.place,
            layer=layer.digest,
        )
    )
    ledger.progress(f"{stage}.layers.warn", f"{layer.digest or 'tar'}: {detail}")


def _tally(layer: Layer, ledger: Ledger, tally: Tally, reason: str, words: str) -> None:
    if not tally.count:
        return
    why = f" ({tally.why})" if tally.why else ""
    ledger.add(
        Coverage(
            what="acquire.layer",
            state=CoverageState.PARTIAL,
            reason=reason,
            detail=f"{words}{why}: {shown(tally.paths, tally.count)}",
            path=tally.paths[0],
            layer=layer.digest,
            count=tally.count,
        )
    )


def shown(paths: list[str], count: int) -> str:
    """Some paths as examples, and how many more there are."""
    named = ", ".join(path[:200] for path in paths)
    return f"{named} and {count - len(paths):,} more" if count > len(paths) else named
