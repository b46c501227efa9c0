"""One pass over a layer: what it gave, and what the books say of it afterwards."""

from __future__ import annotations

from surveyor.scan.engine.inventory import Found
from surveyor.scan.engine.units import Ledger
from surveyor.scan.limits import Budget
from surveyor.scan.model import Coverage, CoverageState
from surveyor.scan.tree.entry import Layer, Tally, Walk
from surveyor.scan.tree.overlay import Sheet
from surveyor.scan.vocabulary import counted

_CLIMBING = "names that lead out of the tree were not read"
_CLOSED = "folders or files that could not be opened were not read"
_SPARSE = "package records that the tar stores as sparse files are not read yet"
_UNMARKED = "tar ends without its end marker; everything before it was read"
_UNVOUCHED = (
    "tar ends without its end marker, and nothing says that its bytes are all there: it may be cut short, "
    "everything before was read"
)


class Pass:
    """What one layer gave: records by cataloger and path, hard links to read, and the walk's own counts."""

    def __init__(self, *, layer: Layer, sheet: Sheet) -> None:
        self.layer = layer
        self.sheet = sheet
        self.found: dict[tuple[str, str], list[Found]] = {}
        self.linked: dict[bytes, list[bytes]] = {}
        self.entries = 0
        self.climbing = Tally()
        self.closed = Tally()
        self.sparse = Tally()
        self.unmarked = False

    def take(self, walk: Walk) -> None:
        """Keep what a walk counted, also one that ended early."""
        self.entries, self.unmarked = walk.entries, walk.unmarked
        self.climbing, self.closed = walk.climbing, walk.closed

    def link(self, target: bytes, name: bytes) -> None:
        """Remember that ``name`` is another name of the file ``target`` of this layer."""
        self.linked.setdefault(target, []).append(name)


def account(pass_: Pass, ledger: Ledger, budget: Budget, *, stage: str, whole: bool) -> None:
    """Write down what a pass read and what it passed by; ``whole`` when it came to the layer's end."""
    if whole:
        _whole(pass_, ledger, budget, stage)
    _tally(pass_, ledger, pass_.climbing, "refused", _CLIMBING)
    _tally(pass_, ledger, pass_.closed, "unreadable", _CLOSED)
    _tally(pass_, ledger, pass_.sparse, "unsupported", _SPARSE)


def _whole(pass_: Pass, ledger: Ledger, budget: Budget, stage: str) -> None:
    layer = pass_.layer
    detail = f"{layer.form}, {counted(pass_.entries, 'entry')}"
    ledger.add(
        Coverage(
            what="acquire.layer",
            state=CoverageState.LOOKED,
            detail=detail,
            layer=layer.digest,
            count=pass_.entries,
        )
    )
    if not pass_.unmarked:
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


def _tally(pass_: Pass, ledger: Ledger, tally: Tally, reason: str, words: str) -> None:
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
            layer=pass_.layer.digest,
            count=tally.count,
        )
    )


def shown(paths: list[str], count: int) -> str:
    """Some paths as examples, and how many more there are."""
    named = ", ".join(path[:200] for path in paths)
    return f"{named} and {count - len(paths):,} more" if count > len(paths) else named
