"""A program or shared library given alone: ELF, PE or Mach-O, thin or universal."""

from __future__ import annotations

from surveyor.scan.acquire.interface import Acquirer, Artifact, Image, Origin
from surveyor.scan.errors import Malformed, Unsupported
from surveyor.scan.formats.program import HEAD, form, programs
from surveyor.scan.limits import Budget
from surveyor.scan.tree.file import FileLayer


def detect(origin: Origin) -> bool:
    """A file that begins as a program does."""
    return origin.blob is not None and form(origin.blob.head(HEAD)) is not None


def read(origin: Origin, _budget: Budget) -> Artifact:
    """The program as the one file of a tree; its headers are read, so that a damaged one fails here."""
    if origin.blob is None:
        raise Malformed("no bytes")
    found = [program for _, program in programs(origin.blob.view())]
    if not found:
        raise Unsupported("a program of a kind that is not read: for DOS, of objects only, or for debuggers only")
    name = origin.name.replace("/", "_").encode("utf-8", "replace")
    image = Image(
        layers=(FileLayer(blob=origin.blob, name=name),),
        platform=", ".join(dict.fromkeys(program.arch for program in found)),
    )
    return Artifact(type=f"binary/{found[0].form}", images=(image,))


ACQUIRER = Acquirer(id="binary", version=1, summary="ELF, PE or Mach-O program or library", detect=detect, read=read)
