"""Libraries that are linked into programs, by the version texts that they bring along; never more than a guess."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.fingerprints import CODED, FINGERPRINTS, NEAR, bare, definition, named, owners
from surveyor.scan.catalog.interface import Cataloger, File, Record, quote, text
from surveyor.scan.errors import LimitExceeded
from surveyor.scan.formats.layout import Part
from surveyor.scan.formats.program import Program, identity, libraries
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Tier
from surveyor.scan.patterns import regex
from surveyor.scan.values import frozen

#: What is read of one program's data: all of a browser's.
_DATA = 256 * MIB
#: Strings with a version in one program that are looked at; a browser has ten thousand.
_STRINGS = 100_000
#: The longest definition up to what decides, and how far a bare version may be from what it has to be near.
_BEFORE, _AFTER, _NEAR = 160, 352, 256 << 10
_WIDE = 64  # bytes behind what a version in UTF-16 stands right behind
_FEW = 64  # bare versions of one library that are looked at
#: A dot between digits. It begins with the dot: such patterns are found at the speed of memory.
_VERSION = regex(rb"\.(?<=[0-9]\.)[0-9]")
#: What may be a version and nothing else, whoever's: most strings are not.
_ALONE = regex(rb"[^\w.]?v?[0-9]{1,3}\.[0-9][0-9.]{0,20}(?:[^0-9.]\S{0,31})?")
#: What no text holds as NUL.
_PRINTABLE = bytes(byte if 32 <= byte < 127 or byte in b"\n\r\t" else 0 for byte in range(256))
_DATA_SECTIONS = regex(r"\.l?ro?data|\.r?data|\.data|[^,]*,__(?:cstring|const|data|rodata)")


@frozen
class _Text:
    """A string with a version in it, and its offset in the program."""

    value: bytes
    offset: int


class _Reading:
    """One program: who it is itself, what it only links to, and what was found."""

    def __init__(self, program: Program, names: list[bytes], offset: int) -> None:
        self._program = program
        self._offset = offset
        self._names = names
        linked = [name.rpartition("/")[2].encode() for name in libraries(program)]
        self._own = frozenset[int]().union(*map(owners, names))
        self._linked = frozenset[int]().union(*map(owners, linked)) - self._own
        self._bare: dict[int, list[tuple[bytes, int]]] = {}
        self._beside: dict[int, int] = {}
        #: Whose bare versions count: the program's own, and those of what can be told by what is near.
        counts = self._own.union(set(NEAR) - self._linked)
        self._wanted = {number: pattern for number, pattern in bare().items() if number in counts}
        self._definition = definition()
        self.found: dict[tuple[int, bytes], _Text] = {}
        self.named: dict[tuple[int, bytes], bytes] = {}

    def pass_by(self, chunk: bytes, start: int) -> None:
        """Note where in these bytes stands what only a library with a version in numbers has."""
        for number in CODED:
            at = chunk.find(FINGERPRINTS[number].near)
            if at >= 0:
                self._beside.setdefault(number, start + at)

    def take(self, one: _Text) -> None:
        """Judge one string."""
        defined = self._definition.fullmatch(one.value)
        if defined and defined.lastgroup:
            kind, number = defined.lastgroup[0], int(defined.lastgroup[1:])
            version = defined[defined.lastgroup] if kind == "v" else b""
            if number not in self._linked:
                self.found.setdefault((number, version), one)
        if not _ALONE.fullmatch(one.value):
            return
        for number, pattern in self._wanted.items():
            if found := pattern.fullmatch(one.value):
                self._bare.setdefault(number, []).append((found["v"], one.offset))

    def settle(self) -> None:
        """Judge the bare versions, now that all are known: one is sure where it is the only one left."""
        for number, versions in self._bare.items():
            if any(known == number for known, _ in self.found):
                continue
            near = FINGERPRINTS[number].near
            left = self._nearest(versions, near) if near else []
            if not left and number in self._own:
                left = self._named(versions)
            if len({version for version, _ in left}) == 1:
                version, at = left[0]
                self.found[number, version] = _Text(value=version, offset=at)
        told = {number for number, _ in self.found} | self._linked
        for number, offset in self._beside.items():
            if number not in told:
                self._decode(number, offset)

        self._read_names()

    def _read_names(self) -> None:
        """Take the version that the file's own name says, of a library that left none."""
        known = {number for number, _ in self.found}
        for number, pattern in named().items():
            name, said = next(
                ((one, found["v"]) for one in self._names if (found := pattern.fullmatch(one))), (b"", b"")
            )
            releases = FINGERPRINTS[number].releases
            version = said if releases is None else releases.get(said, b"")
            if version and number not in known:
                self.named[number, version] = name

    def _decode(self, number: int, near: int) -> None:
        """Look for a version that is no text, around what only its library has."""
        if wide := FINGERPRINTS[number].wide:
            if behind := re.search(wide, bytes(self._program.data[near : near + _WIDE])):
                said = behind[0].replace(b"\0", b"")
                self.found[number, said] = _Text(value=said, offset=near + behind.start())
            return
        start = max(0, near - _NEAR)
        code = re.compile(rb"\0(" + FINGERPRINTS[number].coded + rb")(?=\0)")
        there = code.finditer(bytes(self._program.data[start : near + _NEAR]))
        if best := min(there, key=lambda one: abs(start + one.start() - near), default=None):
            major, minor, patch = int(best[1][:1]), int(best[1][1:3]), int(best[1][3:])
            version = f"{major}.{minor}.{patch}".encode()
            self.found[number, version] = _Text(value=best[1], offset=start + best.start(1))

    def _named(self, versions: list[tuple[bytes, int]]) -> list[tuple[bytes, int]]:
        """Those that the file's own name begins to say, as in libpython3.12.so; all where it says nothing."""
        said = [one for one in versions if any(one[0].rpartition(b".")[0] in name for name in self._names)]
        return said or versions

    def _nearest(self, versions: list[tuple[bytes, int]], near: bytes) -> list[tuple[bytes, int]]:
        """The one that stands nearest to these bytes, if any does not stand far."""
        data, best, least = self._program.data, list[tuple[bytes, int]](), _NEAR + 1
        for version, offset in versions[:_FEW]:
            start = max(0, offset - _NEAR)
            here = bytes(data[start : offset + _NEAR])
            behind, before = here.find(near, offset - start), here.rfind(near, 0, offset - start)
            away = min(abs(start + at - offset) if at >= 0 else _NEAR + 1 for at in (behind, before))
            if away < least:
                best, least = [(version, offset)], away
        return best

    def records(self) -> Iterator[Record]:
        """One a library and version, with the string and where it stands in the file."""
        for (number, version), one in self.found.items():
            said = text(b" ".join(one.value[:_BEFORE].split()))
            yield _record(number, version, quote(string=said, offset=f"{self._offset + one.offset:#x}"))
        for (number, version), name in self.named.items():
            yield _record(number, version, quote(file=text(name)))


def _record(number: int, version: bytes, evidence: str) -> Record:
    return Record(
        type="generic",
        name=FINGERPRINTS[number].id,
        version=text(version),
        tier=Tier.HEURISTIC,
        evidence=evidence,
    )


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a library whose definition is in a program's data; the slices of a universal one each."""
    last = file.path.rpartition("/")[2].encode("utf-8", "surrogateescape")
    for offset, program in file.programs():
        reading = _Reading(program, [last, identity(program).rpartition("/")[2].encode()], offset)
        cut: LimitExceeded | None = None
        try:
            for one in _texts(program, reading, budget):
                reading.take(one)
        except LimitExceeded as error:
            budget.check_time()
            cut = error
        reading.settle()
        for record in reading.records():
            budget.package()
            yield record
        if cut is not None:
            raise cut


def _parts(program: Program) -> list[Part]:
    """Where strings are: sections of data, or whatever is loaded where there are no sections."""
    named = [part for part in program.sections if _DATA_SECTIONS.match(part.name) and part.offset]
    return named or [part for part in program.loaded if part.offset + part.size <= len(program.data)]


def _texts(program: Program, reading: _Reading, budget: Budget) -> Iterator[_Text]:
    """Every string with something like a version in it; all bytes pass by whoever reads them."""
    left, count = _DATA, 0
    for part in _parts(program):
        view = program.data[part.offset : part.offset + part.size]
        for start in range(0, len(view), MIB):
            budget.check_time()
            left -= MIB
            if left < 0:
                raise LimitExceeded(f"program has more than {_DATA:,} bytes of data: the rest was not searched")
            first = max(0, start - _BEFORE)
            chunk = bytes(view[first : start + MIB + _AFTER])
            reading.pass_by(chunk, part.offset + first)
            for begin, end in _strings(chunk, start - first, MIB):
                count += 1
                if count > _STRINGS:
                    raise LimitExceeded(f"program has more than {_STRINGS:,} strings with versions in them")
                yield _Text(value=chunk[begin:end], offset=part.offset + first + begin)


def _strings(chunk: bytes, start: int, size: int) -> Iterator[tuple[int, int]]:
    """Where strings with versions begin and end whose versions begin in this range; each once."""
    stop = start + size + 2
    found = _VERSION.search(chunk, start + 1, stop)
    while found:
        at = found.start() - 1
        before = chunk[max(0, at - _BEFORE) : at].translate(_PRINTABLE)
        begin = at - len(before) + before.rfind(b"\0") + 1
        after = chunk[at : at + _AFTER].translate(_PRINTABLE)
        length = after.find(b"\0")
        end = at + (length if length >= 0 else len(after))
        # who goes on behind what can be looked at is only worth a look where its beginning decides
        yield begin, end
        found = _VERSION.search(chunk, max(end, at + 1) + 1, stop)


CATALOGER = Cataloger(
    id="embedded",
    version=4,
    summary="libraries inside programs by their version texts (OpenSSL, zlib, SQLite, curl, BusyBox and others)",
    paths=regex(rb"(?!)"),
    parse=parse,
    programs=True,
    unowned=True,
    random=True,
    limit=64 * MIB,
)
