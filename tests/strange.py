"""JSON with any value anywhere, which its readers have to bear: for tests over properties."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from typing import Any

from hypothesis import strategies as st

#: No document here is deeper, and no list or object in one longer.
_DEPTH, _WIDTH = 9, 30


def values(names: Iterable[str] = (), texts: Iterable[str] = ()) -> st.SearchStrategy[Any]:
    """Small JSON; objects have these names or any, strings are often these texts."""
    leaf = st.none() | st.booleans() | st.integers() | st.integers(-5, 5) | st.floats(allow_nan=False)
    key = _either(st.text(max_size=3), names)
    return st.recursive(
        leaf | _either(st.text(max_size=4), texts),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(key, inner, max_size=4),
        max_leaves=12,
    )


def _either(anything: st.SearchStrategy[str], these: Iterable[str]) -> st.SearchStrategy[str]:
    known = sorted(set(these))
    return st.sampled_from(known) | anything if known else anything


def documents(whole: Any, *, names: Iterable[str] = (), texts: Iterable[str] = ()) -> st.SearchStrategy[Any]:
    """Copies of a document in which one value, itself even, is another; objects in that have its names and more."""
    paths = st.lists(st.integers(0, _WIDTH), max_size=_DEPTH)
    return st.builds(_changed, st.just(whole), paths, values({*_names(whole), *names}, texts))


def _names(document: Any) -> Iterator[str]:
    if isinstance(document, dict):
        yield from document
    for key in _keys(document):
        yield from _names(document[key])


def _changed(whole: Any, path: list[int], value: Any) -> Any:
    held: Any = {"whole": copy.deepcopy(whole)}
    parent, key = held, "whole"
    for step in path:
        if not (keys := _keys(parent[key])):
            break
        parent, key = parent[key], keys[step % len(keys)]
    parent[key] = value
    return held["whole"]


def _keys(value: Any) -> list[Any]:
    return list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
