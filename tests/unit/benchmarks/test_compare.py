"""What the comparison with other scanners takes for the same package, and what it counts as explained."""

from __future__ import annotations

import pytest

from benchmarks.compare import Answer, Difference, Explanation, differences, explained, identity


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("pkg:pypi/Zope.Interface@5.4.0", "pkg:pypi/zope_interface@5.4.0"),
        ("pkg:npm/%40babel/core@7.0.0", "pkg:npm/@babel/core@7.0.0"),
        ("pkg:golang/stdlib@1.23.5", "pkg:golang/stdlib@v1.23.5"),
        ("pkg:golang/github.com/BurntSushi/toml@v1.4.0", "pkg:golang/github.com/burntsushi/toml@v1.4.0"),
        ("pkg:golang/github.com/charmbracelet/x@v0.4.5#ansi", "pkg:golang/github.com/charmbracelet/x/ansi@v0.4.5"),
        ("pkg:golang/shop.example/acme@(devel)", "pkg:golang/shop.example/acme"),
        ("pkg:rpm/suse/bash@4.4-19?epoch=1&distro=sles-15", "pkg:rpm/sles/bash@4.4-19"),
        ("pkg:deb/debian/a@1:2.0-1?arch=amd64", "pkg:deb/debian/a@2.0-1?epoch=1"),
        ("pkg:nuget/Python.Runtime@3.0.5.0", "pkg:nuget/Python.Runtime@3.0.5"),
        ("pkg:composer/symfony/console@v5.4.0", "pkg:composer/symfony/console@5.4.0"),
    ],
)
def test_spellings_of_one_package_are_one(one: str, other: str) -> None:
    assert identity(one) == identity(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("pkg:pypi/django@3.2", "pkg:pypi/django@3.2.0"),
        ("pkg:maven/a/b@1", "pkg:maven/c/b@1"),
        ("pkg:deb/debian/a@1", "pkg:deb/ubuntu/a@1"),
        ("pkg:npm/@a/b@1", "pkg:npm/b@1"),
        ("pkg:nuget/a@1.2.3", "pkg:nuget/a@1.2.3.4"),
    ],
)
def test_other_packages_are_others(one: str, other: str) -> None:
    assert identity(one) != identity(other)


def test_a_scope_without_a_version_is_no_version() -> None:
    assert identity("pkg:npm/@babel/core") == ("npm", "@babel", "core", "")


def test_both_sides_of_a_difference_are_told() -> None:
    mine, theirs = identity("pkg:npm/a@1"), identity("pkg:npm/b@1")
    answers = {"surveyor": Answer({mine}), "syft": Answer({theirs}), "trivy": Answer({mine})}
    assert differences("f", answers) == [
        Difference("f", "npm", "syft", True, (mine,)),
        Difference("f", "npm", "syft", False, (theirs,)),
    ]


def test_a_peer_that_failed_differs_in_nothing() -> None:
    answers = {"surveyor": Answer({identity("pkg:npm/a@1")}), "syft": Answer(error="no"), "trivy": Answer(error="no")}
    assert not differences("f", answers)


def test_what_no_row_covers_stays_unexplained() -> None:
    packages = (identity("pkg:npm/a@1"), identity("pkg:npm/b@1"))
    found = Difference("images/x.tar", "npm", "syft", True, packages)
    row = Explanation(why="because", file="images/*", only="ours", packages=("a@*",))
    assert explained(found, [row]) == ([(row, 1)], [packages[1]])
    assert explained(found, [Explanation(why="", only="theirs")]) == ([], list(packages))
