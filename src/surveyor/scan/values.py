"""What a value is: a slotted dataclass by keyword that nobody changes.

A scan imports more than a hundred of these classes before it looks at anything, makes instances of a third of them, and
of those a hundred thousand. ``dataclasses`` looks at every field, writes and compiles every method at once, half a
millisecond a class, and has a frozen class set its fields through ``object.__setattr__``, 80 ns each. So all that is
done here when a method is first called or a field asked about, and that nothing is changed is held by the type checker
alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import partial
from typing import TypeVar, dataclass_transform
from weakref import WeakSet

T = TypeVar("T")

#: What is made together: to make one and to find its fields, and what few are ever asked.
_MAKING = ("__init__", "__dataclass_fields__", "__dataclass_params__")
_ASKED = ("__repr__", "__eq__", "__hash__")
_written: WeakSet[type] = WeakSet()
#: What a class without slots has for its instances.
_OWN = ("__dict__", "__weakref__")


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
def frozen(written: type[T]) -> type[T]:
    """The same as ``dataclass(frozen=True, slots=True, kw_only=True)``, but for what the module says.

    All that is annotated is a field.
    """
    body = written.__dict__
    own = body.get("__annotations__", {})
    held = {name for base in written.__mro__[1:] for name in base.__dict__.get("__slots__", ())}
    bare = {name: each for name, each in body.items() if name not in own and name not in _OWN}
    bare["__slots__"] = tuple(name for name in own if name not in held)
    made: type[T] = type(written.__name__, written.__bases__, bare)
    made.__qualname__ = written.__qualname__

    def complete(names: tuple[str, ...]) -> None:
        making = names is _MAKING
        write = dataclass(kw_only=True, init=making, repr=not making, eq=not making, unsafe_hash=not making)
        whole: type = write(type(made.__name__, made.__bases__, dict(body)))
        for name in names:
            setattr(made, name, getattr(whole, name))

    _written.add(made)
    for names in (_MAKING, _ASKED):
        for name in names:
            setattr(made, name, _Late(name, partial(complete, names)))
    return made


def make_all() -> None:
    """Make what every class needs to have instances: for a process that others are forked from."""
    for made in tuple(_written):
        fields(made)  # asking makes them


class _Late:
    """An attribute of a class that is made when somebody first asks for it, with those that are made together."""

    __slots__ = ("_complete", "_name")

    def __init__(self, name: str, complete: Callable[[], None]) -> None:
        self._name = name
        self._complete = complete

    def __get__(self, instance: object, owner: type) -> object:
        self._complete()
        return getattr(owner if instance is None else instance, self._name)
