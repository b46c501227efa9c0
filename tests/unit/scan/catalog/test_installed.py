"""What the forms of installed packages say beyond name and version: builds, states, licences, and what is none."""

from __future__ import annotations

import pytest

from surveyor.scan.catalog import composer, conda, cran, gem, julia, opkg, pacman, pnp
from surveyor.scan.catalog.interface import Cataloger, File, Record
from surveyor.scan.catalog.purl import purl
from surveyor.scan.errors import Malformed
from surveyor.scan.limits import Budget, Limits
from surveyor.scan.model import Distro, Presence
from tests.fixtures.catalog import composer as composer_files
from tests.fixtures.catalog import conda as conda_files
from tests.fixtures.catalog import cran as cran_files
from tests.fixtures.catalog import gem as gem_files
from tests.fixtures.catalog import julia as julia_files
from tests.fixtures.catalog import opkg as opkg_files
from tests.fixtures.catalog import pacman as pacman_files


def records(unit: Cataloger, data: bytes, path: str = "x") -> list[Record]:
    return list(unit.parse(File(path=path, data=memoryview(data)), Budget(Limits())))


def test_gem_with_its_platform() -> None:
    (found,) = records(gem.CATALOGER, gem_files.DATA, gem_files.CASES[0].path)
    assert purl(found, None) == "pkg:gem/nokogiri@1.15.4?platform=x86_64-linux"
    assert found.licenses == ("MIT",)


@pytest.mark.parametrize(
    ("body", "path", "expected"),
    [
        ('s.name = %q{rack}\n  s.version = "1.2"', "a.gemspec", "rack@1.2"),
        ("s.name = 'rack'\n  s.version = Gem::Version.new(\"1.2\")", "a.gemspec", "rack@1.2"),
        ('s.name = "bundler"\n  s.version = Bundler::VERSION', "specifications/bundler-2.3.7.gemspec", "bundler@2.3.7"),
        (
            's.name = "a-2-b"\n  s.version = V',
            "specifications/default/a-2-b-1.0.pre1-java.gemspec",
            "a-2-b@1.0.pre1?platform=java",
        ),
    ],
)
def test_gem_forms(body: str, path: str, expected: str) -> None:
    (found,) = records(gem.CATALOGER, f"Gem::Specification.new do |s|\n  {body}\nend\n".encode(), path)
    assert purl(found, None) == f"pkg:gem/{expected}"


def test_gem_by_the_line_on_top() -> None:
    data = b"# stub: json 2.6.1 ruby lib\nGem::Specification.new do |s|\n  s.version = File.read(x)\nend"
    (found,) = records(gem.CATALOGER, data)
    assert purl(found, None) == "pkg:gem/json@2.6.1"


def test_composer_marks_development() -> None:
    first, second = records(composer.CATALOGER, composer_files.CASES[0].data)
    assert purl(first, None) == "pkg:composer/monolog/monolog@2.9.1"
    assert purl(second, None) == "pkg:composer/phpunit/phpunit@v9.6.3"
    assert ("scope: dev" in first.evidence, "scope: dev" in second.evidence) == (False, True)
    assert second.licenses == ("BSD-3-Clause",)


def test_composer_keeps_what_is_readable() -> None:
    file = File(path="x", data=memoryview(b'[{"name": "a/b", "version": "1"}, {"name": "c"}, 7]'))
    found = composer.CATALOGER.parse(file, Budget(Limits()))
    assert next(found).name == "b"
    with pytest.raises(Malformed, match="2 packages without"):
        next(found)


def test_conda_tells_builds_apart() -> None:
    (found,) = records(conda.CATALOGER, conda_files.DATA)
    assert purl(found, None) == (
        "pkg:conda/absl-py@1.4.0?build=py311h38be061_0&channel=conda-forge&subdir=linux-64&type=conda"
    )


def test_pacman() -> None:
    (found,) = records(pacman.CATALOGER, pacman_files.DATA)
    assert purl(found, Distro(id="arch")) == ("pkg:alpm/arch/gcc-libs@13.2.1-5?arch=x86_64&distro=arch&upstream=gcc")
    assert found.licenses == ("GPL-3.0-with-GCC-exception", "GFDL-1.3-or-later")


def test_opkg() -> None:
    (found,) = records(opkg.CATALOGER, opkg_files.DATA)
    assert purl(found, Distro(id="openwrt", version="23.05")) == (
        "pkg:opkg/openwrt/libc@1.2.4-4?arch=x86_64&distro=openwrt-23.05"
    )
    assert found.licenses == ("MIT",)
    assert opkg.CATALOGER.paths.search(b"r/usr/lib/opkg/status")["root"] == b"r/"  # type: ignore[index]


def test_r_licences() -> None:
    (found,) = records(cran.CATALOGER, cran_files.DATA)
    assert found.licenses == ("GPL-2.0-or-later",)
    (found,) = records(cran.CATALOGER, cran_files.DATA.replace(b"GPL (>= 2)", b"MIT + file LICENSE"))
    assert found.licenses == ("MIT",)


def test_julia_depots_are_installed_and_manifests_declared() -> None:
    (depot,) = records(julia.CATALOGER, julia_files.PROJECT, "packages/JSON/93Ea8/Project.toml")
    (pinned,) = records(julia.CATALOGER, julia_files.MANIFEST, "Manifest.toml")
    assert (depot.presence, pinned.presence) == (Presence.INSTALLED, Presence.DECLARED)
    assert purl(pinned, None) == "pkg:julia/Parsers@2.7.2?uuid=69de0a69-1ddd-5017-9359-2bf0b02dc9f0"


@pytest.mark.parametrize(
    ("unit", "path", "wanted"),
    [
        (gem, "var/lib/gems/3.1.0/specifications/default/a-1.gemspec", True),
        (gem, "app/shop.gemspec", False),
        (conda, "opt/conda/conda-meta/a-1-0.json", True),
        (conda, "opt/conda/conda-meta/sub/a.json", False),
        (composer, "app/lib/composer/installed.json", True),
        (composer, "app/installed.json", False),
        (pnp, ".yarn/cache/lodash-npm-4.17.21-6382451519-eb835a2e51.zip", True),
        (pnp, "cache/lodash-npm-4.17.21-6382451519-eb835a2e51.zip", False),
        (julia, "app/Manifest.toml", True),
        (julia, "app/Project.toml", False),
        (julia, "root/.julia/packages/JSON/93Ea8/test/Project.toml", False),
    ],
)
def test_paths(unit: object, path: str, *, wanted: bool) -> None:
    cataloger: Cataloger = unit.CATALOGER  # type: ignore[attr-defined]
    assert bool(cataloger.paths.search(path.encode())) is wanted
