"""What a value is: a slotted dataclass by keyword that nobody changes.

A scan imports more than a hundred of these classes before it looks at anything, makes instances of a third of them, and
of those a hundred thousand. ``dataclasses`` writes and compiles every method at once, half a millisecond a class, and
has a frozen class set its fields through ``object.__setattr__``, 80 ns each. So methods are made here when one of them
is first called, and that nothing is changed is held by the type checker alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")

_METHODS = ("__init__", "__repr__", "__eq__", "__hash__")


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
def frozen(written: type[T]) -> type[T]:
    """The same as ``dataclass(frozen=True, slots=True, kw_only=True)``, but for what the module says."""
    body = dict(written.__dict__)  # a dataclass takes the defaults out of it
    made = dataclass(init=False, repr=False, eq=False, slots=True, kw_only=True)(written)

    def complete() -> None:
        whole: type = dataclass(kw_only=True, unsafe_hash=True)(type(made.__name__, made.__bases__, body))
        for name in _METHODS:
            setattr(made, name, getattr(whole, name))

    for name in _METHODS:
        setattr(made, name, _first(name, complete))
    return made


def _first(name: str, complete: Callable[[], None]) -> Callable[..., Any]:
    """A method for the first call of any of them, which makes them all."""

    def method(self: object, *given: object, **named: object) -> object:
        complete()
        return getattr(self, name)(*given, **named)

    return method
