"""How programs are protected against being taken over: facts for the rules that judge them, and no packages."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File
from surveyor.scan.formats.protection import Protection, protection
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.patterns import regex


def parse(file: File, _budget: Budget) -> Iterator[Protection]:
    """The facts of a program, and of each slice of a universal one."""
    for _, program in file.programs():
        yield protection(program)


CATALOGER = Cataloger(
    id="hardening",
    version=1,
    summary="how programs that no system package owns are protected against being taken over",
    paths=regex(rb"(?!)"),
    parse=parse,
    programs=True,
    unowned=True,
    random=True,
    limit=64 * MIB,
)
