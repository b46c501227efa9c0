"""Every attack on the way inside belongs to a family that the documentation counts."""

from __future__ import annotations

from tests.hostile import families


def test_every_test_of_hostile_addresses_has_a_family_and_every_family_has_cases() -> None:
    told = {families.LITERALS, *(test for tests in families.FAMILIES.values() for test in tests)}
    assert {test.__name__ for test in families.marked()} <= {test.__name__ for test in told}
    counts = families.counts()
    assert all(counts.values())
    assert sum(counts.values()) > 250
