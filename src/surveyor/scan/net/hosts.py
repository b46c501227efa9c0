"""What public lists say of hosts: which share one registered domain, and which browsers never ask without TLS.

Both lists come with packages of data: Mozilla's Public Suffix List and Chromium's HSTS preload list. They are read by
their layout, without running code of theirs.
"""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
from ipaddress import ip_address
from pathlib import Path

#: Of the preload list's records: whole name; with every sub-domain. Behind that a byte of length, then the name.
_EXACT, _WITH_SUBDOMAINS = 0x80, 0xC0
_LONGEST = 253


def registrable(host: str) -> str:
    """The part of a host that somebody registered, ``example.co.uk`` of ``www.example.co.uk``; an address is itself."""
    name = host.lower().strip(".")
    if _is_address(name):
        return name
    labels = name.split(".")
    rules = _suffixes()
    for start in range(len(labels)):
        suffix = ".".join(labels[start:])
        parent = ".".join(labels[start + 1 :])
        if f"!{suffix}" in rules:  # an exception is registered itself
            return suffix
        if suffix in rules or f"*.{parent}" in rules:
            return ".".join(labels[max(start - 1, 0) :])
    return ".".join(labels[-2:])


def same_site(one: str, other: str) -> bool:
    """Whether two hosts belong to one registered domain."""
    return registrable(one) == registrable(other)


def preloaded(host: str) -> bool:
    """Whether browsers know beforehand that a host is asked over TLS only, itself or by a parent."""
    name = host.lower().strip(".")
    if not name.isascii() or len(name) > _LONGEST or _is_address(name):
        return False
    known = _preload_list()
    labels = name.split(".")
    if _record(_EXACT, name) in known or _record(_WITH_SUBDOMAINS, name) in known:
        return True
    return any(_record(_WITH_SUBDOMAINS, ".".join(labels[start:])) in known for start in range(1, len(labels)))


@functools.cache
def listed_on() -> str:
    """Of when the preload list is, year and month: its package is named by that."""
    year, month, *_ = importlib.metadata.version("hstspreload").split(".")
    return f"{year}-{int(month):02}"


def _record(flag: int, name: str) -> bytes:
    # names are ASCII, so that no part of one can be taken for a flag
    return bytes((flag, len(name))) + name.encode("ascii")


def _is_address(name: str) -> bool:
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


@functools.cache
def _suffixes() -> frozenset[str]:
    lines = _data("publicsuffixlist", "public_suffix_list.dat").decode("utf-8").splitlines()
    rules = (line.strip() for line in lines if line.strip() and not line.startswith("//"))
    return frozenset(rule if rule.isascii() else rule.encode("idna").decode("ascii") for rule in rules)


@functools.cache
def _preload_list() -> bytes:
    return _data("hstspreload", "hstspreload.bin")


def _data(package: str, name: str) -> bytes:
    found = importlib.util.find_spec(package)
    assert found is not None
    assert found.submodule_search_locations is not None
    return (Path(found.submodule_search_locations[0]) / name).read_bytes()
