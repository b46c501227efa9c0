"""What packages depend on: only what the file or system says, resolved among what is there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from surveyor.scan import engine
from surveyor.scan.events import Progress
from surveyor.scan.model import Package
from surveyor.scan.plan import plan
from surveyor.scan.settings import Settings
from tests import images

NPM = {
    "": {"name": "shop", "version": "1.0.0", "dependencies": {"a": "*"}},
    "node_modules/a": {
        "version": "1.0.0",
        "integrity": "sha512-" + "A" * 86 + "== sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA= md5-x sha512-AA==",
        "dependencies": {"b": "^2", "@s/c": "*", "gone": "*", "a": "*"},
    },
    "node_modules/a/node_modules/b": {"version": "2.0.0", "optionalDependencies": {"b": "*", "d": "*"}},
    "node_modules/b": {"version": "1.0.0"},
    "node_modules/@s/c": {"version": "3.0.0", "peerDependencies": {"b": "*"}},
    "node_modules/d": {"version": "4.0.0", "dependencies": "none"},
}
CARGO = """\
version = 3
[[package]]
name = "a"
version = "1.0.0"
source = "registry+https://x.test/i"
checksum = "%s"
dependencies = [
 "b 2.0.0",
 "c",
 "gone",
]

[[package]]
name = "b"
version = "1.0.0"
source = "registry+https://x.test/i"

[[package]]
name = "b"
version = "2.0.0"
source = "registry+https://x.test/i"
dependencies = ["c 3.0.0 (registry+https://x.test/i)"]

[[package]]
name = "c"
version = "3.0.0"
source = "registry+https://x.test/i"
checksum = "short"
""" % ("f" * 64)
GEMS = """\
GEM
  remote: https://r.test/
  specs:
    a (1.0.0)
      b (>= 1, < 3)
      c
    b (2.0.0)
    c (3.0.0-x86_64-linux)
      b

PLATFORMS
  ruby
"""
COMPOSER = {
    "packages": [
        {"name": "v/a", "version": "1", "require": {"php": ">=8", "V/B": "^1"}, "dist": {"shasum": "e" * 40}},
        {"name": "v/b", "version": "2", "require": [], "dist": {"shasum": ""}},
    ]
}
POETRY = """\
[[package]]
name = "A_x"
version = "1.0"
files = [
    {file = "a.whl", hash = "sha256:00"},
]

[package.dependencies]
B = ">=1"
gone = {version = "*", optional = true}

[[package]]
name = "b"
version = "2.0"

[metadata]
lock-version = "2.0"
"""
UV = """\
version = 1

[[package]]
name = "a-x"
version = "1.0"
source = { registry = "https://x.test" }
dependencies = [
    { name = "b", version = "2.0", source = { registry = "https://x.test" }, marker = "x" },
    { name = "c" },
]

[[package]]
name = "b"
version = "1.0"
source = { registry = "https://x.test" }

[[package]]
name = "b"
version = "2.0"
source = { registry = "https://x.test" }

[[package]]
name = "c"
version = "3.0"
source = { registry = "https://x.test" }
"""
PDM = """\
[metadata]
lock_version = "4.4"

[[package]]
name = "a-x"
version = "1.0"
dependencies = [
    "b[extra]<3,>=1; python_version < \\"3\\"",
]

[[package]]
name = "b"
version = "2.0"
"""
LOCKS = {
    "package-lock.json": (
        json.dumps({"lockfileVersion": 3, "packages": NPM}),
        {"a@1.0.0": {"b@2.0.0", "@s/c@3.0.0"}, "b@2.0.0": {"d@4.0.0"}, "@s/c@3.0.0": {"b@1.0.0"}},
    ),
    "Cargo.lock": (CARGO, {"a@1.0.0": {"b@2.0.0", "c@3.0.0"}, "b@2.0.0": {"c@3.0.0"}}),
    "Gemfile.lock": (GEMS, {"a@1.0.0": {"b@2.0.0", "c@3.0.0"}, "c@3.0.0": {"b@2.0.0"}}),
    "composer.lock": (json.dumps(COMPOSER), {"v/a@1": {"v/b@2"}}),
    "poetry.lock": (POETRY, {"a-x@1.0": {"b@2.0"}}),
    "uv.lock": (UV, {"a-x@1.0": {"b@2.0", "c@3.0"}}),
    "pdm.lock": (PDM, {"a-x@1.0": {"b@2.0"}}),
}


def scan(path: Path) -> tuple[Package, ...]:
    return engine.run(plan(str(path)), Settings(), Progress()).packages


def edges(packages: tuple[Package, ...]) -> dict[str, set[str]]:
    names = {one.purl: f"{f'{one.namespace}/' if one.namespace else ''}{one.name}@{one.version}" for one in packages}
    return {names[one.purl]: {names[purl] for purl in one.dependencies} for one in packages if one.dependencies}


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_file_says_what_needs_what(name: str, tmp_path: Path) -> None:
    text, expected = LOCKS[name]
    (tmp_path / name).write_text(text)
    assert edges(scan(tmp_path)) == expected


def test_two_lock_files_do_not_lend_each_other_versions(tmp_path: Path) -> None:
    for folder, version in (("one", "2.0.0"), ("two", "9.0.0")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "Gemfile.lock").write_text(GEMS.replace("b (2.0.0)", f"b ({version})"))
    assert edges(scan(tmp_path))["a@1.0.0"] == {"b@2.0.0", "b@9.0.0", "c@3.0.0"}
    (tmp_path / "two" / "Gemfile.lock").write_text(GEMS.replace("    b (2.0.0)\n", ""))
    assert edges(scan(tmp_path))["a@1.0.0"] == {"b@2.0.0", "c@3.0.0"}


def test_digests_of_archives_are_kept_where_they_can_be_some(tmp_path: Path) -> None:
    for name in ("package-lock.json", "Cargo.lock", "composer.lock"):
        (tmp_path / name).write_text(LOCKS[name][0])
    found = {f"{one.type}/{one.name}@{one.version}": one.hashes for one in scan(tmp_path) if one.hashes}
    assert found == {
        "npm/a@1.0.0": (f"sha512:{'0' * 128}", f"sha1:{'0' * 40}"),
        "cargo/a@1.0.0": (f"sha256:{'f' * 64}",),
        "composer/a@1": (f"sha1:{'e' * 40}",),
    }


def test_debian_packages_need_what_is_installed(tmp_path: Path) -> None:
    status = (
        b"Package: a\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n"
        b"Pre-Depends: dpkg (>= 1.17)\nDepends: libc6 (>= 2.3), gone | mail | exim4, python3:any, a\n\n"
        b"Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2\n\n"
        b"Package: libc6\nStatus: install ok installed\nArchitecture: i386\nVersion: 2\n\n"
        b"Package: b\nStatus: install ok installed\nArchitecture: i386\nVersion: 1\nDepends: libc6\n\n"
        b"Package: postfix\nStatus: install ok installed\nArchitecture: amd64\nVersion: 3\nProvides: mail (= 1), x\n\n"
        b"Package: python3\nStatus: install ok installed\nArchitecture: amd64\nVersion: 4\n\n"
        b"Package: dpkg\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 5\n\n"
    )
    image = images.Oci().add([images.tar({"etc/os-release": images.DEBIAN, "var/lib/dpkg/status": status})]).tar()
    (tmp_path / "i.tar").write_bytes(image)
    told = {one.purl.partition("&")[0].rpartition("/")[2]: one.dependencies for one in scan(tmp_path / "i.tar")}
    short = {name: {purl.partition("&")[0].rpartition("/")[2] for purl in needed} for name, needed in told.items()}
    assert short["a@1?arch=amd64"] == {"libc6@2?arch=amd64", "postfix@3?arch=amd64", "python3@4?arch=amd64"}
    assert short["b@1?arch=i386"] == {"libc6@2?arch=i386"}
    assert short["postfix@3?arch=amd64"] == set()


def test_alpine_packages_need_libraries_and_commands(tmp_path: Path) -> None:
    installed = (
        b"P:a\nV:1\nA:x86_64\nD:so:libc.musl-x86_64.so.1 cmd:sh b>=1.0 !c gone~1\n\n"
        b"P:musl\nV:2\nA:x86_64\np:so:libc.musl-x86_64.so.1=1\n\n"
        b"P:busybox\nV:3\nA:x86_64\np:/bin/sh cmd:sh=3\nD:so:libc.musl-x86_64.so.1\n\n"
        b"P:b\nV:4\nA:x86_64\n\nP:c\nV:5\n\n"
    )
    tree = {"etc/os-release": images.ALPINE, "lib/apk/db/installed": installed}
    (tmp_path / "i.tar").write_bytes(images.Oci().add([images.tar(tree)]).tar())
    assert edges(tuple(scan(tmp_path / "i.tar"))) == {
        "alpine/a@1": {"alpine/musl@2", "alpine/busybox@3", "alpine/b@4"},
        "alpine/busybox@3": {"alpine/musl@2"},
    }


def test_needs_without_end_are_bounded(tmp_path: Path) -> None:
    names = {f"n{number}": "*" for number in range(5_000)}
    packages: dict[str, object] = {f"node_modules/n{number}": {"version": "1.0.0"} for number in range(5_000)}
    deep = "node_modules/n1/" * 3_000 + "node_modules/deep"
    packages |= {"node_modules/n0": {"version": "1.0.0", "dependencies": names}}
    packages |= {deep: {"version": "1.0.0", "dependencies": names}}
    (tmp_path / "package-lock.json").write_text(json.dumps({"packages": packages}))
    (found,) = [one for one in scan(tmp_path) if one.dependencies]
    assert (found.name, len(found.dependencies)) == ("n0", 199)  # itself is among the first 200
