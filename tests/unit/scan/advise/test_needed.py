"""What an advisory lists although its ranges say it is left out, and no verdict is another one without."""

from __future__ import annotations

import random

from surveyor.scan.advise.needed import Needed
from surveyor.scan.advise.ranges import Keys, judge
from surveyor.scan.advise.record import Advisory, Affected
from surveyor.scan.advise.versions import order_of

VERSIONS = ("0", "0.9", "1", "1.0", "1.0.0", "1.5rc1", "1.5", "2", "2.0.post1", "3", "nightly", "1/2")


def _advisory(*affected: Affected) -> Advisory:
    return Advisory(id="X-1", modified="2026-01-01T00:00:00Z", affected=affected)


def test_no_verdict_is_another_one_without_what_ranges_say() -> None:
    rng, keys, needed, left = random.Random(20), Keys(order_of("PyPI")), Needed(), 0
    for _ in range(2_000):
        kinds = rng.choice(["if", "if", "if", "ifif", "ifl", "i", "il", "af", ""])
        ranges = tuple(
            # upward, as most are written
            tuple(
                text for event in zip(kinds, sorted(rng.choices(VERSIONS, k=len(kinds))), strict=True) for text in event
            )
            for _ in range(rng.randint(0, 2))
        )
        listed = tuple(rng.sample(VERSIONS, rng.randint(0, 6)))
        said = Affected(ecosystem="PyPI", name="x", ranges=tuple(filter(None, ranges)), versions=listed)
        (kept,) = needed.of(_advisory(said)).affected
        assert set(kept.versions) <= set(listed)
        left += len(listed) - len(kept.versions)
        for version in VERSIONS:
            assert judge(version, kept.ranges, kept.versions, keys) == judge(version, said.ranges, listed, keys)
    assert left > 200


def test_what_cannot_be_ordered_or_is_in_no_range_stays_listed() -> None:
    span = ("i", "1", "f", "2")
    inside = Affected(ecosystem="PyPI", name="x", ranges=(span,), versions=("1", "1.5", "2", "nightly"))
    alone = Affected(ecosystem="PyPI", name="y", versions=("1", "1.5"))
    unknown = Affected(ecosystem="Elsewhere", name="z", ranges=(span,), versions=("1",))
    many = Affected(ecosystem="PyPI", name="w", ranges=(span,) * 33, versions=("1",))
    found = Needed().of(_advisory(inside, alone, unknown, many)).affected
    assert [item.versions for item in found] == [("2", "nightly"), ("1", "1.5"), ("1",), ("1",)]
