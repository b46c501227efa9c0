"""Source trees with lock files: written by the package managers themselves where they run here, else set down by hand.

Each piece is a folder, as a checkout is. The hand-written ones follow each manager's documented form.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.corpus.archives import inside
from benchmarks.corpus.lock_texts import TEXTS
from benchmarks.corpus.workshop import Missing, Piece, Workshop, write

NPM = {
    "name": "shop",
    "version": "1.0.0",
    "private": True,
    "dependencies": {"express": "4.16.0", "lodash": "4.17.15", "@babel/code-frame": "7.10.1"},
    "devDependencies": {"mocha": "8.0.0"},
}
#: Name, package of the manager, program, arguments, lock file.
NODE_MANAGERS = (
    ("npm-1", "npm@8.19.4", "npm", ("install", "--package-lock-only", "--lockfile-version=1"), "package-lock.json"),
    ("npm-2", "npm@8.19.4", "npm", ("install", "--package-lock-only", "--lockfile-version=2"), "package-lock.json"),
    ("npm-3", "npm@10.9.0", "npm", ("install", "--package-lock-only"), "package-lock.json"),
    ("yarn-1", "yarn@1.22.22", "yarn", ("install", "--ignore-scripts", "--silent"), "yarn.lock"),
    ("yarn-berry", "@yarnpkg/cli-dist@4.5.0", "yarn", ("install", "--mode=update-lockfile"), "yarn.lock"),
    ("pnpm-5", "pnpm@7.33.7", "pnpm", ("install", "--lockfile-only"), "pnpm-lock.yaml"),
    ("pnpm-6", "pnpm@8.15.9", "pnpm", ("install", "--lockfile-only"), "pnpm-lock.yaml"),
    ("pnpm-9", "pnpm@9.15.0", "pnpm", ("install", "--lockfile-only"), "pnpm-lock.yaml"),
    ("bun-text", "bun@1.2.0", "bun", ("install", "--lockfile-only"), "bun.lock"),
    ("bun-binary", "bun@1.1.0", "bun", ("install", "--ignore-scripts"), "bun.lockb"),
)
PYPROJECT = """[project]
name = "shop"
version = "1.0.0"
requires-python = ">=3.11"
dependencies = ["django==3.2.1", "requests[socks]==2.27.0", "colorama; sys_platform == 'win32'"]
[dependency-groups]
dev = ["pytest==7.0.0"]
"""
PIPFILE = """[packages]
django = "==3.2.0"
requests = "==2.27.0"
[dev-packages]
pytest = "==7.0.0"
"""


def node(package: str, program: str, arguments: tuple[str, ...], lock: str) -> Callable[[Workshop, Path], None]:
    """A tree whose lock a JavaScript package manager wrote; what it installed beside is taken away."""

    def make(shop: Workshop, target: Path) -> None:
        command = shop.node(package, program)
        write(target, {"package.json": json.dumps(NPM, indent=2), "yarn.lock": ""})
        if "berry" not in target.name:
            (target / "yarn.lock").unlink()
        shop.environment |= {"YARN_ENABLE_TELEMETRY": "0", "YARN_ENABLE_IMMUTABLE_INSTALLS": "0"}
        shop.run(command, *arguments, cwd=target)
        if not (target / lock).is_file():
            raise Missing(f"{lock} after {package} {' '.join(arguments)}")
        for path in target.iterdir():
            if path.name not in {"package.json", lock}:
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    return make


def installed_node(shop: Workshop, target: Path) -> None:
    """The same application with its ``node_modules``, no lock."""
    write(target, {"package.json": json.dumps(NPM, indent=2)})
    shop.run(
        "npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", cwd=target
    )


def python(
    tool: str, program: str, name: str, text: str, *commands: tuple[str, ...]
) -> Callable[[Workshop, Path], None]:
    """A tree whose lock a Python package manager wrote."""

    def make(shop: Workshop, target: Path) -> None:
        write(target, {name: text})
        for command in commands:
            shop.run(shop.tool(tool, program), *command, cwd=target)
        shutil.rmtree(target / ".venv", ignore_errors=True)

    return make


def installed_python(shop: Workshop, target: Path) -> None:
    """A virtual environment's site-packages."""
    place = target / "venv/lib/python3.11/site-packages"
    options = ("--only-binary", ":all:", "--no-compile", "--python-version", "3.11", "--target", place)
    shop.run(shop.tool("pip", "python"), "-m", "pip", "install", "-q", *options, "flask==2.2.0", "numpy==1.26.4")


def carried(files: Mapping[str, tuple[str, str]]) -> Callable[[Workshop, Path], None]:
    """A lock that an sdist or a Debian package carries: name → (source, path in it)."""

    def make(shop: Workshop, target: Path) -> None:
        for name, (source, path) in files.items():
            if "==" in source:
                content = inside(shop.sdist(source), path)
            else:
                found = sorted(shop.deb_tree(source).glob(path))
                if not found:
                    raise Missing(f"{path} in the package {source}")
                content = found[0].read_bytes()
            write(target, {name: content})

    return make


def by_hand(name: str) -> Callable[[Workshop, Path], None]:
    return lambda _, target: void(write(target, TEXTS[name]))


def void(_: object) -> None:
    """For results that nobody needs."""


COMPOSER_PACKAGES = (
    ("monolog/monolog", "2.3.5", {"psr/log": "^1.0.1"}, "MIT"),
    ("psr/log", "1.1.4", {}, "MIT"),
    ("symfony/http-foundation", "v5.4.0", {"symfony/polyfill-mbstring": "*"}, "MIT"),
    ("symfony/polyfill-mbstring", "v1.23.1", {}, "MIT"),
    ("phpunit/phpunit", "9.5.10", {}, "BSD-3-Clause"),
)


def composer(shop: Workshop, target: Path) -> None:
    """``composer update`` over packages that the manifest itself describes, so that no registry is asked."""
    known = [
        {
            "type": "package",
            "package": {
                "name": name,
                "version": version,
                "require": require,
                "license": [licence],
                "type": "library",
            },
        }
        for name, version, require, licence in COMPOSER_PACKAGES
    ]
    manifest = {
        "name": "acme/shop",
        "license": "proprietary",
        "repositories": [*known, {"packagist": False}],
        "require": {"monolog/monolog": "2.3.5", "symfony/http-foundation": "v5.4.0"},
        "require-dev": {"phpunit/phpunit": "9.5.10"},
    }
    write(target, {"composer.json": json.dumps(manifest, indent=2)})
    shop.environment |= {"COMPOSER_ALLOW_SUPERUSER": "1", "COMPOSER_HOME": str(shop.scratch("composer"))}
    shop.run("composer", "update", "--no-install", "--no-interaction", "-q", cwd=target)


def bundler(shop: Workshop, target: Path) -> None:
    """``bundle lock`` over the gems in Debian's packages."""
    home = shop.scratch("gems")
    for name in (
        "ruby-rack",
        "ruby-sinatra",
        "ruby-mustermann",
        "ruby-tilt",
        "ruby-rack-protection",
        "ruby-ruby2-keywords",
    ):
        shutil.copytree(shop.deb_tree(name), home, symlinks=True, dirs_exist_ok=True)
    write(target, {"Gemfile": 'source "https://gems.example"\ngem "sinatra"\ngem "rack"\n'})
    shop.environment |= {
        "GEM_PATH": str(home / "usr/share/rubygems-integration/all"),
        "BUNDLE_SILENCE_ROOT_WARNING": "1",
    }
    shop.run("bundle", "lock", "--local", cwd=target)


L = "formats/lock"
UV = "uv==0.13.8"
PIECES = (
    *(
        Piece(
            path=f"{L}/{name}",
            how=f"{package} {' '.join(arguments)}",
            make=node(package, program, arguments, lock),
            tools=("npm",),
        )
        for name, package, program, arguments, lock in NODE_MANAGERS
    ),
    Piece(path=f"{L}/npm-installed", how="npm install: node_modules, no lock", make=installed_node, tools=("npm",)),
    Piece(
        path=f"{L}/pip-compile",
        how="uv pip compile",
        make=python(
            UV,
            "uv",
            "requirements.in",
            "django==3.2.0\nrequests[socks]==2.27.0\n",
            ("pip", "compile", "-q", "--generate-hashes", "requirements.in", "-o", "requirements.txt"),
        ),
    ),
    Piece(path=f"{L}/uv", how="uv lock", make=python(UV, "uv", "pyproject.toml", PYPROJECT, ("lock", "-q"))),
    Piece(
        path=f"{L}/pylock",
        how="uv export --format pylock.toml",
        make=python(
            UV, "uv", "pyproject.toml", PYPROJECT, ("export", "-q", "--format", "pylock.toml", "-o", "pylock.toml")
        ),
    ),
    Piece(
        path=f"{L}/pipenv",
        how="pipenv lock",
        make=python("pipenv==2024.4.0", "pipenv", "Pipfile", PIPFILE, ("lock", "-q")),
    ),
    Piece(path=f"{L}/python-installed", how="pip install --target", make=installed_python),
    Piece(path=f"{L}/bundler", how="bundle lock --local over Debian's gems", make=bundler, tools=("bundle",)),
    Piece(path=f"{L}/composer", how="composer update --no-install", make=composer, tools=("composer",)),
    Piece(
        path=f"{L}/cargo",
        how="from cryptography's sdist",
        make=carried(
            {
                "Cargo.lock": ("cryptography==41.0.0", "Cargo.lock"),
                "Cargo.toml": ("cryptography==41.0.0", "rust/Cargo.toml"),
            }
        ),
    ),
    Piece(path=f"{L}/cargo-big", how="from uv's sdist", make=carried({"Cargo.lock": ("uv==0.13.8", "Cargo.lock")})),
    Piece(
        path=f"{L}/go",
        how="from Debian's viper",
        make=carried(
            {
                name: ("golang-github-spf13-viper-dev", f"usr/share/gocode/src/**/viper/{name}")
                for name in ("go.mod", "go.sum")
            }
        ),
    ),
    Piece(
        path=f"{L}/maven-real",
        how="log4j's own pom.xml",
        make=carried(
            {"pom.xml": ("liblog4j2-java", "usr/share/maven-repo/org/apache/logging/log4j/log4j-core/*/*.pom")}
        ),
    ),
    Piece(
        path=f"{L}/r",
        how="from Debian's r-cran packages",
        make=carried(
            {
                f"R/{name}/DESCRIPTION": (f"r-cran-{name}", f"usr/lib/R/site-library/{name}/DESCRIPTION")
                for name in ("jsonlite", "digest")
            }
        ),
    ),
    *(Piece(path=f"{L}/{name}", how="set down by hand", make=by_hand(name)) for name in TEXTS),
)
