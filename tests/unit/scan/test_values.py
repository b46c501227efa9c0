"""Values: as frozen dataclasses are to who uses them, and made when they are."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import field, fields, replace

import pytest

from surveyor.scan.values import frozen


@frozen
class Place:
    """With a default of each sort, and a field that no comparison asks."""

    path: str
    layers: tuple[str, ...] = ()
    notes: dict[str, int] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        if not self.path:
            raise ValueError("no path")


@frozen
class Deeper(Place):
    """With what a place has, and one more."""

    inner: str = ""


@frozen
class Told:
    """Whose words are its own."""

    word: str

    def __repr__(self) -> str:
        return f"<{self.word}>"


@pytest.mark.parametrize("asked", [repr, hash, lambda one: one == one, lambda one: replace(one, word="b")])
def test_a_value_is_whole_whatever_is_asked_of_it_first(asked: Callable[[object], object]) -> None:
    @frozen
    class Fresh:
        """None of whose methods was called."""

        word: str = "a"

    one = Fresh()
    asked(one)
    assert one == Fresh(word="a")
    assert hash(one) == hash(Fresh())
    assert repr(one).endswith("Fresh(word='a')")


def test_values_are_equal_by_what_they_hold_and_are_of_one_class() -> None:
    one, other = Place(path="a", notes={"x": 1}), Place(path="a")
    assert one == other
    assert len({one, other}) == 1
    assert one != replace(other, layers=("l",))
    assert Deeper(path="a") != one
    assert one.notes is not other.notes
    assert repr(Deeper(path="a", inner="i")).endswith("Deeper(path='a', layers=(), notes={}, inner='i')")
    assert repr(Told(word="so")) == "<so>"


def test_values_hold_nothing_else_and_are_made_by_keyword() -> None:
    one = Deeper(path="a", inner="i")
    assert not hasattr(one, "__dict__")
    assert [each.name for each in fields(one)] == ["path", "layers", "notes", "inner"]
    for wrong in (lambda: Place("a"), Place, lambda: Place(path="a", other=1)):  # type: ignore[misc,call-arg]
        with pytest.raises(TypeError):
            wrong()
    with pytest.raises(ValueError, match="no path"):
        Place(path="")
    assert pickle.loads(pickle.dumps(one)) == one
    assert copy.deepcopy(one) == one
