"""What rules about a whole site judge: of each page what pages are compared by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from surveyor.scan.values import frozen


@frozen
class Facts:
    """One page of a site, as it was served: ``url`` is as findings name it.

    ``title`` and ``description`` are the first with text in them, on one line; ``canonical`` is the full address that
    the page names for itself; ``hidden``: it asks search engines not to list it. ``frame`` is the hash of what pages
    of one template share, ``links`` the addresses of pages it leads to.
    """

    url: str
    title: str = ""
    description: str = ""
    headings: tuple[str, ...] = ()
    canonical: str | None = None
    hidden: bool = False
    language: str = ""
    frame: str = ""
    links: tuple[str, ...] = ()


@frozen
class Pages:
    """The pages of one scan that could be read; ``missed`` says by address why another could not."""

    pages: tuple[Facts, ...]
    missed: Mapping[str, str] = field(default_factory=dict)
