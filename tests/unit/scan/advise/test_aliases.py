"""One flaw under many names; errata that mend many flaws."""

from __future__ import annotations

from dataclasses import dataclass

from surveyor.scan.advise.aliases import group, preference


@dataclass(frozen=True)
class Member:
    ids: tuple[str, ...]
    errata: tuple[str, ...] = ()


def test_names_unite_transitively() -> None:
    a = Member(("PYSEC-1", "CVE-2024-0002"))
    b = Member(("GHSA-x", "CVE-2024-0002"))
    c = Member(("OTHER-1", "GHSA-x"))
    d = Member(("CVE-2023-1",))
    found = group([a, b, c, d])
    assert [flaw.ids for flaw in found] == [("CVE-2023-1",), ("CVE-2024-0002", "GHSA-x", "OTHER-1", "PYSEC-1")]
    assert found[1].members == (a, b, c)


def test_the_same_id_twice_is_one_flaw() -> None:
    assert len(group([Member(("ALSA-1",)), Member(("ALSA-1",))])) == 1


def test_an_erratum_is_told_per_flaw_and_unites_none() -> None:
    first = Member(("ALSA-1",), ("CVE-2024-1", "CVE-2024-2"))
    second = Member(("ALSA-2",), ("CVE-2024-2", "CVE-2024-3"))
    single = Member(("ALSA-3", "CVE-2024-3"))
    found = {flaw.ids[0]: flaw for flaw in group([first, second, single])}
    assert sorted(found) == ["CVE-2024-1", "CVE-2024-2", "CVE-2024-3"]
    assert found["CVE-2024-2"].members == (first, second)
    assert found["CVE-2024-2"].ids == ("CVE-2024-2", "ALSA-1", "ALSA-2")
    assert found["CVE-2024-3"].members == (second, single)


def test_cves_come_first_by_number_then_ghsa() -> None:
    names = ["PYSEC-2024-1", "GHSA-a", "CVE-2024-10000", "CVE-2024-9999", "CVE-1999-1", "ALSA-2024:1"]
    assert sorted(names, key=preference) == [
        "CVE-1999-1",
        "CVE-2024-9999",
        "CVE-2024-10000",
        "GHSA-a",
        "ALSA-2024:1",
        "PYSEC-2024-1",
    ]


def test_a_long_chain_is_no_recursion() -> None:
    chain = [Member((f"A-{n}", f"A-{n + 1}")) for n in range(50_000)]
    (flaw,) = group(chain)
    assert len(flaw.ids) == 50_001
