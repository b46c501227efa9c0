"""The table of codes is the tree of errors, each code once."""

from __future__ import annotations

import re

import pytest

from surveyor.service import errors
from surveyor.service.errors import CODES, RateLimited, ServiceError, TooLarge, Unauthorized


@pytest.mark.parametrize("kind", list(errors.tree()), ids=lambda kind: kind.__name__)
def test_every_error_has_a_code_of_its_own_in_the_table(kind: type[ServiceError]) -> None:
    assert CODES[kind.code] == (kind.status, kind.meaning)
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", kind.code)
    assert 400 <= kind.status < 600
    assert kind is ServiceError or "code" in vars(kind), "an inherited code would name two errors"
    assert kind is ServiceError or "meaning" in vars(kind)


def test_the_table_has_no_other_codes() -> None:
    assert len(CODES) == len(list(errors.tree()))
    assert list(CODES) == sorted(CODES, key=lambda code: (CODES[code][0], code))


def test_what_errors_carry() -> None:
    limited = RateLimited("slow down", limit=30, wait=12, reset=1_795_678_020)
    assert limited.headers()["retry-after"] == "12"
    assert limited.headers()["x-ratelimit-limit"] == "30"
    assert TooLarge("no", limit=5).details == {"limit_bytes": 5}
    assert Unauthorized("who").headers() == {"www-authenticate": "Bearer"}
    assert ServiceError("x").details is None
