"""Reads one image: looks at its layers, newest first, lays them over each other, and keeps what is visible."""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from surveyor.scan.acquire.interface import Image
from surveyor.scan.catalog.interface import Cataloger
from surveyor.scan.engine import distro, links
from surveyor.scan.engine.books import account, shown
from surveyor.scan.engine.cache import LayerCache
from surveyor.scan.engine.following import Follower, unfulfilled
from surveyor.scan.engine.hardening import Guarded
from surveyor.scan.engine.inventory import Found
from surveyor.scan.engine.layer import LayerReader, Nest, Scope
from surveyor.scan.engine.look import INSIDE, Look, Nested, Taken, Trouble
from surveyor.scan.engine.owners import Owners
from surveyor.scan.engine.referrals import Referrals
from surveyor.scan.engine.units import Ledger
from surveyor.scan.engine.unseen import Unseen
from surveyor.scan.engine.wanted import is_nested
from surveyor.scan.errors import Unsupported
from surveyor.scan.events import Progress
from surveyor.scan.formats import release
from surveyor.scan.limits import Budget
from surveyor.scan.model import Coverage, CoverageState, Distro
from surveyor.scan.tree.entry import Entry, Layer, Tally
from surveyor.scan.tree.overlay import Overlay
from surveyor.scan.tree.tar import TarLayer
from surveyor.scan.values import frozen
from surveyor.scan.vocabulary import counted

if TYPE_CHECKING:
    from concurrent.futures import Future

_TROUBLES = 50  # failures of a kind told one by one, per unit; the rest is counted
_NESTED = 100  # nested artifacts told one by one
_WORKERS = 4  # layers inflated at once, at most


@frozen
class _Visible:
    """What a cataloger said of a file that no newer layer hides, and which layer that is of."""

    taken: Taken
    layer: str | None
    instruction: str | None


class ImageReader:
    """One image on its way to packages; ``nest`` opens the artifacts inside it, ``cache`` keeps what layers gave."""

    def __init__(
        self,
        image: Image,
        scope: Scope,
        ledger: Ledger,
        budget: Budget,
        nest: Nest,
        cache: LayerCache | None = None,
    ) -> None:
        self.entries = 0
        self.files: Counter[str] = Counter()
        self.guarded: list[Guarded] = []
        #: Whether all that was found rests on layers that are what they say: verified now, or known and not touched.
        self.proven = True
        self._trusting = False  # a layer is known by what the image says, and its bytes were not asked
        self._image = image
        self._scope = scope
        self._ledger = ledger
        self._budget = budget
        self._nest = nest
        self._cache = cache
        self._unseen = Unseen()
        self._overlay = Overlay()
        self._releases = distro.Releases()
        self._visible: deque[_Visible] = deque()
        self._inside: list[tuple[Nested, Layer]] = []
        self._unopened: list[Trouble] = []
        self._nested: list[tuple[Nested, Layer]] = []
        self._troubles: Counter[tuple[str, CoverageState, str | None]] = Counter()
        self._links = links.Links()
        self._referrals = Referrals()
        self._layers: list[Layer] = []
        self._active: dict[LayerReader, Layer] = {}
        self._walked = 0.0

    def read(self, looked: Callable[[Layer], None]) -> None:
        """Look at every layer; ``looked`` is told of each when that is done, in their order."""
        for layer, look in self._looks():
            self._lay(layer, look)
            looked(layer)

    @property
    def has_release(self) -> bool:
        """Whether the tree itself says which distribution it is: then it is a root filesystem."""
        return self._releases.at(b"") is not None

    def finish(self) -> list[tuple[Found, Distro | None]]:
        """Stamp what was found with the distribution of its system, now that all layers have been seen."""
        self._look_again(needed=self._referrals.waiting)
        self._referrals.follow(self._layers, self._overlay, self._ledger, self._budget, self._referred)
        homes = self._follow()
        self._open()
        roots = {one.taken.root for one in self._visible}
        distros = {root: self._releases.at(root) or self._releases.at(homes.get(root, root)) for root in roots}
        notes = [(one.taken.root, note) for one in self._visible for note in one.taken.owned]
        guarded = self._guarded()
        found: list[tuple[Found, Distro | None]] = []
        while self._visible:
            one = self._visible.popleft()  # a hundred thousand of them are not held twice
            found += [(each, distros[one.taken.root]) for each in self._found(one)]
        others = (each.path for each, _ in found if not each.cataloger.system)
        owners = Owners(notes, chain(others, (one.path for one in guarded)), self._scope.prefix)
        found = owners.claim(found)
        self.guarded += owners.unowned(guarded)
        self._books()
        for nested, layer in self._nested:
            made = layer.instruction if isinstance(layer, TarLayer) else None
            found += [(replace(one, layer=layer.digest, instruction=made), distro) for one, distro in nested.found]
            self.guarded += [replace(one, layer=layer.digest) for one in nested.guarded]
        return found

    def _looks(self) -> Iterator[tuple[Layer, Look]]:
        """Layers newest first with what each gave; compressed ones several at once, since inflaters run in parallel."""
        layers = tuple(reversed(self._image.layers))
        workers = min(_WORKERS, os.cpu_count() or 1, sum(map(_inflates, layers)))
        if workers < 2:
            for layer in layers:
                yield layer, self._look(layer)
            return
        from concurrent.futures import ThreadPoolExecutor  # brings logging

        with ThreadPoolExecutor(workers, thread_name_prefix="layer") as pool:
            waiting: deque[tuple[Layer, Future[Look]]] = deque()
            for layer in layers:
                waiting.append((layer, pool.submit(self._look, layer)))
                if len(waiting) > workers:
                    first, future = waiting.popleft()
                    yield first, future.result()
            for first, future in waiting:
                yield first, future.result()

    def _look(self, layer: Layer) -> Look:
        """What a layer gives: as it was kept, or read now and then kept."""
        if self._cache is None or not isinstance(layer, TarLayer) or not layer.sized:
            self.proven = False
            return self._read(layer)
        key = self._cache.key(layer, self._scope, self._budget.limits)
        if key is None:
            self.proven = False
            return self._read(layer)
        kept = self._cache.get(key, self._overlay.sheet(), self._budget)
        if kept is not None:
            self._trusting = self._trusting or not layer.verified
            self._look_again(needed=kept.unmarked and layer.declared is None)  # all its bytes are to vouch for it
            self._walked += size_of(layer)
            return kept
        look = self._read(layer)
        keep = partial(self._cache.put, key, layer, look, self._budget)
        # what cannot be kept is no loss of this scan; verifying a digest may use up its seconds
        if not Ledger(Progress()).attempt("acquire.layer", keep, stage=f"{self._scope.stage}.layers"):
            self.proven = False
        return look

    def _look_again(self, *, needed: bool) -> None:
        """Note that bytes of layers are asked once more, where those may be others than the image says."""
        if needed and self._trusting:
            self.proven = False

    def _read(self, layer: Layer) -> Look:
        reader = LayerReader(layer, self._overlay.sheet(), self._scope, self._budget, self._nest)
        self._active[reader] = layer
        look = reader.read()
        del self._active[reader]
        self._walked += size_of(layer)
        return look

    @property
    def walked(self) -> float:
        """How many bytes of its layers have been walked, those of layers in work as well as can be known."""
        return self._walked + sum(size_of(layer) * reader.share for reader, layer in list(self._active.items()))

    def _lay(self, layer: Layer, look: Look) -> None:
        """Lay the newest layer that is left under those before: what they hide is dropped."""
        self.entries += look.entries
        for stage, entry in look.failures:
            self._ledger.fail(entry, stage=stage)
        sparse = self._keep(layer, look, self._overlay.visible)
        self._overlay.seal(look.sheet, whole=look.whole and self._scope.overlaid)
        self._layers.append(layer)
        account(look, layer, sparse, self._ledger, self._budget, stage=self._scope.stage)

    def _keep(self, layer: Layer, look: Look, visible: Callable[[bytes], bool]) -> Tally:
        """Take what is visible of a look; returns the visible files of which only a part is stored."""
        sparse = Tally()
        instruction = layer.instruction if isinstance(layer, TarLayer) else None
        self._keep_ways(layer, look, visible)
        for name in filter(visible, look.sparse):
            sparse.add(name)
        for name in filter(visible, look.unread):
            self._links.met(name)
            self._unseen.add(look.unread[name], name, layer.digest)
        for taken in look.taken.values():
            if visible(taken.name):
                self._links.met(taken.name)
                self._unseen.lock(taken.unit.id, taken.name)
                self._referrals.add(taken)
                self.files[taken.unit.id] += 1
                self._visible.append(_Visible(taken=taken, layer=layer.digest, instruction=instruction))
        for trouble in look.troubles:
            if visible(trouble.name):
                if trouble.entry.what == INSIDE:
                    self._unopened.append(trouble)
                else:
                    self._trouble(trouble.entry, trouble.stage)
        for nested in look.nested:
            if visible(nested.name):
                self._inside.append((nested, layer))
        return sparse

    def _keep_ways(self, layer: Layer, look: Look, visible: Callable[[bytes], bool]) -> None:
        """Take the visible links, and what they may lead to."""
        for name in filter(visible, look.links):
            target = look.links[name]
            self._links.add(name, target, layer.digest)
            if target is not None and name.endswith(release.PLACES):
                self._releases.add_link(name, target)
        for name in filter(visible, look.releases):
            self._links.met(name)
            self._releases.add_file(name, look.releases[name])
        for name in filter(visible, look.empty):
            self._links.met(name)

    def _trouble(self, entry: Coverage, stage: str) -> None:
        kind = entry.what, entry.state, entry.reason
        self._troubles[kind] += 1
        if self._troubles[kind] <= _TROUBLES:
            self._ledger.fail(entry, stage=stage)

    def _open(self) -> None:
        """Take what lies inside, now that it is known whether this is a system: there an archive is just a file."""
        packed = self._scope.system or not self.has_release
        for trouble in self._unopened:
            if packed or is_nested(trouble.name, system=True):
                self._trouble(trouble.entry, trouble.stage)
        for nested, layer in self._inside:
            if packed or is_nested(nested.name, system=True):
                self._take_nested(nested, layer)

    def _take_nested(self, nested: Nested, layer: Layer) -> None:
        self._nested.append((nested, layer))
        self.entries += nested.entries
        self.files.update(nested.files)
        for entry in nested.coverage:
            if entry.state is CoverageState.LOOKED:
                self._ledger.add(entry)
            else:
                self._trouble(entry, f"{self._scope.stage}.extract.nested")
        path = self._scope.path(nested.name)
        detail = f"{nested.type}, {counted(nested.entries, 'entry')}"
        if len(self._nested) <= _NESTED:
            self._ledger.add(
                Coverage(
                    what=INSIDE,
                    state=CoverageState.LOOKED,
                    detail=detail,
                    path=path,
                    layer=layer.digest,
                    count=nested.entries,
                )
            )
            self._ledger.progress(f"{self._scope.stage}.extract.nested", f"{path}: {detail}")

    def _guarded(self) -> list[Guarded]:
        """How the visible programs are protected that were nobody's in their own layer."""
        return [
            Guarded(protection=facts, path=self._scope.path(one.taken.name), layer=one.layer)
            for one in self._visible
            for facts in one.taken.protections
        ]

    def _found(self, one: _Visible) -> Iterator[Found]:
        taken = one.taken
        path = self._scope.path(taken.name)
        for record in taken.records:
            yield Found(
                record=record,
                cataloger=taken.unit,
                path=path,
                root=taken.root,
                layer=one.layer,
                instruction=one.instruction,
            )

    def _books(self) -> None:
        """What is told once an image, when all of it has been seen."""
        source = not self._scope.system and not self.has_release
        for entry in (*self._unseen.coverage(source=source), *self._referrals.coverage(source=source)):
            self._ledger.add(entry)
        for (what, state, reason), count in self._troubles.items():
            if count > _TROUBLES:
                self._ledger.add(
                    Coverage(
                        what=what,
                        state=state,
                        reason=reason,
                        detail=counted(count - _TROUBLES, "more file"),
                        count=count - _TROUBLES,
                    )
                )
        if len(self._nested) > _NESTED:
            more = self._nested[_NESTED:]
            paths = [self._scope.path(nested.name) for nested, _ in more[:5]]
            detail = f"{counted(len(more), 'more artifact')} inside: {shown(paths, len(more))}"
            self._ledger.add(Coverage(what=INSIDE, state=CoverageState.LOOKED, detail=detail, count=len(more)))
        if self._overlay.forgetful:
            detail = "more names than can be kept: files that a later layer hides may be reported"
            self._ledger.add(
                Coverage(what="acquire.overlay", state=CoverageState.PARTIAL, reason="limit_exceeded", detail=detail)
            )

    def _follow(self) -> dict[bytes, bytes]:
        """Read what links to package records lead to; returns which system's a root is that was reached by a link."""
        stage = f"{self._scope.stage}.layers"
        wishes = self._ledger.attempt("acquire.links", lambda: self._links.wishes(self._budget), stage=stage)
        if not wishes:
            return {}
        self._look_again(needed=True)
        again = Ledger(Progress())
        follower = Follower(self._links, self._layers, self._overlay, again, self._budget, self._known)
        source = not self._scope.system and not self.has_release
        wishes = follower.walk(wishes, thorough=source)
        self._tell_news(again)
        for wish in wishes:
            if wish.release and wish.target is not None:
                self._releases.add_link(wish.known, b"/" + wish.target)
        for entry in unfulfilled(self._links, wishes, source=source, package=self._scope.package):
            self._ledger.add(entry)
            self._ledger.progress(f"{stage}.warn", entry.detail or "")
        return dict(wish.moved for wish in wishes)

    def _tell_news(self, again: Ledger) -> None:
        """What a damaged layer lacks was said when it was walked; any other end of the second look was not."""
        said = {(entry.layer, entry.reason, entry.detail) for entry in self._ledger.entries}
        for entry in again.entries:
            if (entry.layer, entry.reason, entry.detail) not in said:
                self._ledger.add(entry)

    def _known(self, entry: Entry, layer: Layer) -> None:
        """Take a file that links lead to, under the path it is known by, which nothing hides."""
        reader = self._again(layer)
        reader.take(entry)
        self._keep(layer, reader.look, _shown)

    def _referred(self, unit: Cataloger, entry: Entry, layer: Layer) -> None:
        """Take a file for the cataloger that another one told of it."""
        reader = self._again(layer)
        reader.take_for(unit, entry)
        self._keep(layer, reader.look, _shown)

    def _again(self, layer: Layer) -> LayerReader:
        return LayerReader(layer, Overlay().sheet(), self._scope, self._budget, self._nest)


def _shown(_name: bytes) -> bool:
    """A file of the second look: whether something hides it was asked before it was taken."""
    return True


def size_of(layer: Layer) -> int:
    """The bytes of a layer as they are stored; of what is no range of bytes, as good as none."""
    return max(1, layer.size) if isinstance(layer, TarLayer) else 1


def _inflates(layer: Layer) -> bool:
    """Whether a look at a layer is to inflate it; one that would have to come first is known, most likely."""
    try:
        return (not isinstance(layer, TarLayer) or layer.here) and layer.form not in _PLAIN
    except Unsupported:
        return False  # the look at it says why


#: Forms of layers whose bytes need no inflating.
_PLAIN = frozenset({"plain", "directory", "file", "zip"})
