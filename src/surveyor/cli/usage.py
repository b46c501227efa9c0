"""What no command takes: an argument without a value, which is how a pipeline's unset variable looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cyclopts import UNSET, CycloptsError, Group

if TYPE_CHECKING:
    from cyclopts import ArgumentCollection


def group(name: str) -> Group:
    """The group of parameters that every command's help shows, judged as a whole once they are read."""
    return Group(name, validator=_judge)


def _judge(arguments: ArgumentCollection) -> None:
    """Refuse an empty value: it would mean the present directory, no gate, or the default, and pass unseen."""
    for argument in arguments:
        for token in argument.tokens:
            # a flag has no value of its own; what it stands for is implied
            if not token.value and token.implicit_value is UNSET:
                name = token.keyword or argument.name.lstrip("-").upper().replace("-", "_")
                raise CycloptsError(msg=f"{name} must not be empty")
