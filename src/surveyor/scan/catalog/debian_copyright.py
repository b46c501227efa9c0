"""Licences of Debian packages, by the copyright file of each: dpkg's own database knows none.

Machine-readable ones name them (copyright-format 1.0); in others the well-known texts are known by their words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from surveyor.scan.catalog.interface import Cataloger, File, Record, licence, plausible, quote, text
from surveyor.scan.limits import Budget
from surveyor.scan.patterns import regex

_MACHINE = regex(
    rb"\A\s*Format(?:-Specification)?:[^\n]*(?:copyright-format|dep5|CopyrightFormat|DEP-5)", re.IGNORECASE
)
#: Never the first line, which says the format. Patterns here begin with letters: such are found at the speed of memory.
_NAMED = regex(rb"\nLicense:[ \t]*([^\n]+)")
_COMMON = regex(rb"/usr/share/common-licenses/([A-Za-z]+(?:-[0-9.]*[0-9])?)")
_LATER = regex(rb"o(?:ption\)?,? any later version|r any later version|r later)")
#: Words that one licence's text has and no other's.
_TEXTS = (
    (b"Permission is hereby granted, free of charge, to any person obtaining a copy of this software and", "MIT"),
    (b"distribute this software for any purpose with or without fee is hereby granted, provided that", "ISC"),
    (b"This software is provided 'as-is', without any express or implied warranty.", "Zlib"),
    (b"Boost Software License - Version 1.0", "BSL-1.0"),
    (b"Licensed under the Apache License, Version 2.0", "Apache-2.0"),
)
_REDISTRIBUTION = b"Redistribution and use in source and binary forms, with or without modification, are permitted"
#: Debian keeps one text under this name, that of Perl.
_ARTISTIC = regex(r"\bArtistic(?:-1(?:\.0)?)?(?![\w.-])")
_MOST = 10


def parse(file: File, _budget: Budget) -> Iterator[Record]:
    """A remark on the package that the folder is named after; nothing when no licence is known by its name or text."""
    name = file.path.removesuffix("/copyright").rpartition("/")[2]
    data = bytes(file.data)
    found = _named(data) if _MACHINE.match(data) else _recognised(data)
    names = tuple(islice(dict.fromkeys(found), _MOST))
    if plausible(name) and names:
        yield Record(
            type="deb", name=name, version="", licenses=names, evidence=quote(License=", ".join(names)), remark=True
        )


def _named(data: bytes) -> Iterator[str]:
    for value in dict.fromkeys(_NAMED.findall(data)):
        yield from licence(_ARTISTIC.sub("Artistic-1.0-Perl", text(value)))


def _recognised(data: bytes) -> Iterator[str]:
    """What a text for people refers to, and what it quotes.

    A GNU licence of which no later version is spoken may be meant either way: it keeps the name of the file.
    """
    words = b" ".join(data.split())
    later = _LATER.search(words) is not None
    for reference in dict.fromkeys(_COMMON.findall(words)):
        name = text(reference)
        gnu = name.startswith(("GPL-", "LGPL-", "GFDL-"))
        yield from licence(f"{name}+" if gnu and later else name) if later or not gnu else (name,)
    for begin, name in _TEXTS:
        if begin in words:
            yield name
    if _REDISTRIBUTION in words:
        clauses = 4 if b"All advertising materials" in words else 3 if b"either the name" in words else 2
        yield f"BSD-{clauses}-Clause"


CATALOGER = Cataloger(
    id="debian_copyright",
    version=2,
    summary="Licences of Debian packages, by their copyright files",
    names=rb"copyright",
    paths=regex(rb"^(?P<root>(?:.*/)?)usr/share/doc/[^/]+/copyright$", re.DOTALL),
    parse=parse,
    system=True,
    limit=256 << 10,
    beginning=True,
)
