"""What every lock file and manifest declares: identities, and which of them are for development only."""

from __future__ import annotations

import pytest
from packageurl import PackageURL

from surveyor.scan.catalog import CATALOGERS
from surveyor.scan.catalog.interface import Cataloger, Record
from surveyor.scan.catalog.purl import purl
from surveyor.scan.engine.concern import concerned
from surveyor.scan.errors import LimitExceeded, Malformed, Unsupported
from surveyor.scan.model import Presence
from tests.contract.test_catalogers import cases_of, parse

UNITS = {unit.id: unit for unit in CATALOGERS}
#: Unit and number of the case → PURL without its scheme, and the scope that the evidence names.
EXPECTED = {
    ("bun", 0): [
        ("npm/%40babel/code-frame@7.29.7", ""),
        ("npm/ms@2.0.0", ""),
    ],
    ("cargo_lock", 0): [
        ("cargo/adler@1.0.2", ""),
        ("cargo/ring@0.16.20", ""),
    ],
    ("cocoapods", 0): [
        ("cocoapods/AFNetworking@4.0.1", ""),
        ("cocoapods/AFNetworking@4.0.1#NSURLSession", ""),
        ("cocoapods/GoogleUtilities@7.7.0#NSData%2Bzlib", ""),
        ("cocoapods/SDWebImage@5.12.0", ""),
    ],
    ("composer_lock", 0): [
        ("composer/monolog/monolog@2.3.5", ""),
        ("composer/symfony/http-foundation@v5.4.0", ""),
        ("composer/phpunit/phpunit@9.5.10", "dev"),
    ],
    ("conan", 0): [
        ("conan/zlib@1.2.11?channel=stable&rrev=514b772abf9c36ad9be48b84cfc6fdc2&user=acme", ""),
    ],
    ("conan", 1): [
        ("conan/openssl@3.1.2?rrev=8879e931d726a8aad7f372e28470faa1", ""),
        ("conan/cmake@3.27.1?rrev=5c0b0b2c2c3fb0d1e2d9ff0b1a9d7a5f", "build"),
    ],
    ("conan", 2): [
        ("conan/boost@1.78.0", ""),
        ("conan/fmt", ""),
    ],
    ("conda_environment", 0): [
        ("conda/python@3.11.5", ""),
        ("conda/numpy@1.26.4?build=py311h08b1b3b_0&channel=conda-forge", ""),
        ("conda/openssl", ""),
        ("conda/scipy", ""),
        ("conda/pip", ""),
        ("pypi/requests@2.27.0", ""),
        ("pypi/flask-login", ""),
    ],
    ("gemfile_lock", 0): [
        ("gem/acme@0.9.0", ""),
        ("gem/nokogiri@1.12.5?platform=x86_64-linux", ""),
        ("gem/racc@1.5.2", ""),
    ],
    ("go_mod", 0): [
        ("golang/github.com/acme/gin@v1.7.7", ""),
        ("golang/github.com/old/thing@v1.0.0", "indirect"),
        ("golang/golang.org/x/crypto@v0.0.0-20210921155107-089bfa567519", "indirect"),
        ("golang/stdlib@1.21.4", ""),
    ],
    ("gradle", 0): [
        ("maven/com.fasterxml.jackson.core/jackson-databind@2.13.3", ""),
        ("maven/org.junit.jupiter/junit-jupiter@5.8.1", ""),
    ],
    ("gradle", 1): [
        ("maven/org.apache.logging.log4j/log4j-core@2.14.1", ""),
    ],
    ("hackage", 0): [
        ("hackage/aeson@2.0.3.0", ""),
        ("hackage/text@1.2.5.0", ""),
    ],
    ("hackage", 1): [
        ("hackage/acme-missiles@0.3", ""),
    ],
    ("hex_lock", 0): [
        ("hex/phoenix@1.6.0", ""),
        ("hex/acme/secret@2.0.0", ""),
    ],
    ("hex_lock", 1): [
        ("hex/cowboy@2.9.0", ""),
        ("hex/ranch@1.8.0", ""),
    ],
    ("julia", 1): [
        ("julia/Parsers@2.7.2?uuid=69de0a69-1ddd-5017-9359-2bf0b02dc9f0", ""),
    ],
    ("julia", 2): [
        ("julia/JSON@0.21.4?uuid=682c06a0-de6a-54ab-a142-c8b1cf79cde6", ""),
    ],
    ("maven_pom", 0): [
        ("maven/org.apache.logging.log4j/log4j-core@2.14.1", ""),
        ("maven/org.springframework/spring-core@5.3.17", ""),
        ("maven/example.shop/core@1.0.0", ""),
        ("maven/org.elsewhere/managed", ""),
        ("maven/junit/junit", "test"),
        ("maven/org.springframework/spring-core@5.3.17", "managed"),
    ],
    ("npm_lock", 0): [
        ("npm/%40babel/code-frame@7.29.7", ""),
        ("npm/ms@2.1.3", "dev"),
        ("npm/lodash@4.17.15", ""),
    ],
    ("npm_lock", 1): [
        ("npm/debug@2.6.9", ""),
        ("npm/lodash@4.17.15", ""),
        ("npm/theirs", ""),
        ("npm/ms@2.0.0", "optional"),
    ],
    ("nuget_lock", 0): [
        ("nuget/Newtonsoft.Json@12.0.3", ""),
        ("nuget/System.Text.Encodings.Web@4.7.1", ""),
    ],
    ("nuget_project", 0): [
        ("nuget/Newtonsoft.Json@12.0.3", ""),
        ("nuget/Serilog@2.10.0", "dev"),
        ("nuget/NUnit@3.12.0", ""),
        ("nuget/Central", ""),
        ("nuget/Floating", ""),
    ],
    ("nuget_project", 1): [
        ("nuget/Central@4.0.1-beta", ""),
    ],
    ("nuget_project", 2): [
        ("nuget/jQuery@3.4.1", ""),
        ("nuget/NUnit@3.12.0", "dev"),
    ],
    ("pipfile", 0): [
        ("pypi/django@3.2.0", ""),
        ("pypi/tool-box", ""),
        ("pypi/pytest@7.4.4", "develop"),
    ],
    ("pnpm", 0): [
        ("npm/%40babel/code-frame@7.29.7", ""),
        ("npm/use-it@1.0.0", "dev"),
        ("npm/tool@2.0.0", ""),
    ],
    ("pnpm", 1): [
        ("npm/%40babel/code-frame@7.29.7", ""),
        ("npm/use-it@1.0.0", "dev"),
    ],
    ("pnpm", 2): [
        ("npm/%40babel/code-frame@7.29.7", ""),
        ("npm/use-it@1.0.0", ""),
    ],
    ("pub", 0): [
        ("pub/http@0.13.2", ""),
        ("pub/lints@2.1.0", ""),
    ],
    ("python_lock", 0): [
        ("pypi/django@3.2", ""),
    ],
    ("python_lock", 1): [
        ("pypi/asgiref@3.7.2", ""),
    ],
    ("python_lock", 2): [
        ("pypi/iniconfig@2.0.0", '["dev"]'),
    ],
    ("python_lock", 3): [
        ("pypi/asgiref@3.7.2", ""),
        ("pypi/tool-box", ""),
    ],
    ("python_lock", 4): [
        ("pypi/asgiref@3.7.2", ""),
        ("pypi/tool-box", ""),
    ],
    ("renv", 0): [
        ("cran/R6@2.5.1", ""),
        ("cran/jsonlite@1.8.4", ""),
        ("bioconductor/limma@3.58.1", ""),
    ],
    ("requirements", 0): [
        ("pypi/asgiref@3.7.2", ""),
        ("pypi/flask-login@0.5.0", ""),
        ("pypi/requests@2.27.0", ""),
    ],
    ("requirements", 1): [
        ("pypi/django", ""),
        ("pypi/numpy", ""),
        ("pypi/pandas", ""),
        ("pypi/mine", ""),
        ("pypi/tool-box", ""),
    ],
    ("swift", 0): [
        ("swift/git.example/Alamofire/Alamofire@5.6.4", ""),
    ],
    ("swift", 1): [
        ("swift/git.example/apple/swift-nio@2.41.0", ""),
        ("swift/git.example/acme/trunk", ""),
        ("swift/mona/LinkedList@1.2.0", ""),
    ],
    ("yarn", 0): [
        ("npm/%40babel/code-frame@7.12.13", ""),
        ("npm/lodash@4.17.15", ""),
    ],
    ("yarn", 1): [
        ("npm/%40babel/code-frame@7.29.7", ""),
        ("npm/fsevents@2.3.2", ""),
        ("npm/lodash@4.17.15", ""),
    ],
}


def scope_of(record: Record) -> str:
    return next((line[7:] for line in record.evidence.splitlines() if line.startswith("scope: ")), "")


@pytest.mark.parametrize(("unit", "case"), EXPECTED, ids=str)
def test_declared(unit: str, case: int) -> None:
    file = cases_of(UNITS[unit])[case]
    found = parse(UNITS[unit], file.data, file.path)
    assert [(purl(record, None).removeprefix("pkg:"), scope_of(record)) for record in found] == EXPECTED[unit, case]
    assert {record.presence for record in found} == {Presence.DECLARED}


@pytest.mark.parametrize("unit", CATALOGERS, ids=lambda unit: unit.id)
def test_identities_are_what_the_reference_library_writes(unit: Cataloger) -> None:
    for case in cases_of(unit):
        for record in parse(unit, case.data, case.path):
            written = purl(record, None)
            assert PackageURL.from_string(written).to_string() == written


@pytest.mark.parametrize(
    ("unit", "path", "data", "expected"),
    [
        (
            "requirements",
            "requirements.txt",
            b"a===1.0\nb (==2.0)\nc==1.0,!=1.1\nd~=1.0\ne == 1.*",
            "a@1.0 b@2.0 c d e",
        ),
        ("requirements", "requirements.txt", b"\xef\xbb\xbfa==1\r\n\r\nb==2 \\\r\n  --hash=sha256:0\r\n", "a@1 b@2"),
        ("requirements", "requirements.txt", b"-e git+https://x.example/a#egg=a\n-e .\n-e part\nb==1\n", "a b@1"),
        ("requirements", "requirements.txt", "a==1\r\nb==2\r\n".encode("utf-16"), "a@1 b@2"),
        ("requirements", "requirements.txt", b"Hardware\n8 GB of memory at least\n", ""),
        ("pipfile", "Pipfile.lock", b'{"default":{"a":{"editable":true,"git":"x"},"b":{"editable":true}}}', "a"),
        ("conda", "info/index.json", b'{"name":"a","version":"1"}', ""),
        ("julia", "Manifest.toml", b'[[deps.A]]\npath = "../A"\nuuid = "a"\nversion = "1"\n', ""),
        (
            "go_mod",
            "go.mod",
            b"module m\nrequire a.b/c/v2 v2.0.0+incompatible\n",
            "golang a.b/c/v2@v2.0.0%2Bincompatible",
        ),
        ("go_mod", "go.mod", b"module m\nrequire a.b/c v1.0.0\nreplace a.b/c v1.0.0 => ./c\n", ""),
        ("yarn", "yarn.lock", b'# yarn lockfile v1\n"a@git+https://x.example/a.git":\n  version "1.0"\n', "a@1.0"),
        ("yarn", "yarn.lock", b'# yarn lockfile v1\n"git+https://x.example/b/a.git":\n  version "1.0"\n', ""),
        ("yarn", "yarn.lock", b'# yarn lockfile v1\na@../a:\n  version "1.0"\n', ""),
        ("yarn", "yarn.lock", b"\n", ""),
        ("npm_lock", "package-lock.json", b'{"lockfileVersion":3,"packages":{"":{}}}', ""),
        (
            "npm_lock",
            "package-lock.json",
            b'{"dependencies":{"a":{"version":"git+ssh://git@x.example/a.git#1"},"b":{"version":"file:../b"},"c":{}}}',
            "a",
        ),
        ("bun", "bun.lock", b'{"packages":{"a":["a@git+ssh://git@x.example/a#1"],"b":["b@file:../b"]}}', "a"),
        (
            "pnpm",
            "pnpm-lock.yaml",
            b"lockfileVersion: '9.0'\npackages:\n  '@x/a@https://x.example/a/tar.gz/1':\n    version: 1.0.0\n",
            "%40x/a@1.0.0",
        ),
        (
            "pnpm",
            "pnpm-lock.yaml",
            b"lockfileVersion: 5\npackages:\n  file:a:\n    resolution: {type: directory}\n    name: a\n    version: 1",
            "",
        ),
        (
            "swift",
            "Package.resolved",
            b'{"pins":[{"location":"ssh://git@h.example:22/a/b","state":{"version":"1"}}]}',
            "h.example/a/b@1",
        ),
        (
            "nuget_project",
            "a.fsproj",
            b'<Project><ItemGroup><PackageReference Update="A" Version="1"/></ItemGroup></Project>',
            "A@1",
        ),
        ("gradle", "gradle.lockfile", b"empty=\n", ""),
        ("python_lock", "poetry.lock", b'[[package]]\nname = "a"\nversion = "1"\ncategory = "dev"\n', "a@1"),
    ],
)
def test_forms(unit: str, path: str, data: bytes, expected: str) -> None:
    found = [purl(record, None).partition("/")[2] for record in parse(UNITS[unit], data, path)]
    assert " ".join(found) == expected.removeprefix("golang ")


@pytest.mark.parametrize(
    ("unit", "data", "error"),
    [
        ("npm_lock", b"{", Malformed),
        ("npm_lock", b"[" * 500_000, LimitExceeded),
        ("yarn", b"hello", Malformed),
        ("pnpm", b"packages:\n  /a/1.0:\n", Malformed),
        ("python_lock", b"hello", Malformed),
        ("cargo_lock", b"hello", Malformed),
        ("gemfile_lock", b"hello", Malformed),
        ("go_mod", b"require a v1", Malformed),
        ("pub", b"hello: 1", Malformed),
        ("maven_pom", b"<a/>", Malformed),
        ("maven_pom", b"<project><dependencies>", Malformed),
        ("maven_pom", b'<!DOCTYPE project [<!ENTITY a "b">]><project/>', Unsupported),
        ("nuget_project", b"<a>" * 200, LimitExceeded),
        ("requirements", b"a==1\nsome words of somebody\n", Malformed),
        ("conda_environment", b"name: a\ndependencies: [numpy, scipy]\n", Unsupported),
    ],
)
def test_what_is_none_is_told(unit: str, data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        parse(UNITS[unit], data, cases_of(UNITS[unit])[0].path)


def test_properties_that_grow_are_cut() -> None:
    values = "".join(f"<p{number}>{f'${{p{number + 1}}}' * 10}</p{number}>" for number in range(20))
    needed = "<dependency><groupId>g</groupId><artifactId>a</artifactId><version>${p0}</version></dependency>"
    data = f"<project><properties>{values}</properties><dependencies>{needed}</dependencies></project>".encode()
    (found,) = parse(UNITS["maven_pom"], data, "pom.xml")
    assert (found.name, found.version) == ("a", "")


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("app/yarn.lock", True),
        ("yarn.lock", True),
        ("vendor/app/yarn.lock", True),
        ("app/node_modules/a/yarn.lock", False),
        ("usr/lib/python3/dist-packages/a/yarn.lock", False),
        ("root/go/pkg/mod/a/yarn.lock", False),
        ("var/lib/gems/3.1.0/gems/rbs-2.1.0/yarn.lock", False),
        ("app/vendor/github.com/acme/yarn.lock", False),
        ("xyarn.lock", False),
    ],
)
def test_what_lies_in_installed_packages_is_theirs(path: str, *, wanted: bool) -> None:
    assert bool(UNITS["yarn"].paths.search(path.encode())) is wanted


@pytest.mark.parametrize(
    ("unit", "path", "wanted"),
    [
        ("requirements", "app/test-requirements.txt", True),
        ("requirements", "app/requirements.txt", True),
        ("requirements", "app/myrequirements.txt", False),
        ("requirements", "usr/share/doc/a/dev-requirements.txt", False),
        ("julia", "root/.julia/packages/JSON/93Ea8/Project.toml", True),
        ("julia", "app/packages/web/frontend/Project.toml", False),
    ],
)
def test_where_files_of_a_name_are_read(unit: str, path: str, *, wanted: bool) -> None:
    assert (UNITS[unit] in [one for one, _ in concerned(path.encode())]) is wanted


def test_composers_vendor_folder_is_of_its_packages() -> None:
    assert UNITS["composer_lock"].paths.search(b"app/composer.lock")
    assert not UNITS["composer_lock"].paths.search(b"app/vendor/acme/tool/composer.lock")
