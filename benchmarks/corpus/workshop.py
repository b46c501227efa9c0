"""Where pieces of the corpus are made: a folder, the registries' own clients, and a manifest beside the pieces.

Every download is kept under ``sources/``; a piece that is there is not made again. What a machine lacks is said by
name, and the piece that needs it is left out.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

#: One moment for everything that is written here, so that a second build gives the same bytes where the tools do.
MOMENT = 1_700_000_000
FIXTURES = Path(__file__).resolve().parents[3] / "shared" / "fixtures"


class Missing(Exception):
    """A tool or a source that this machine does not have."""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One file (or folder) of the corpus: where it stands, how it is made, and the programs that takes."""

    path: str
    how: str
    make: Callable[[Workshop, Path], None]
    tools: tuple[str, ...] = ()
    executable: bool = False


@dataclass
class Workshop:
    """The corpus's folder and what is needed to fill it."""

    folder: Path
    environment: dict[str, str] = field(default_factory=lambda: {**os.environ, "SOURCE_DATE_EPOCH": str(MOMENT)})

    @property
    def sources(self) -> Path:
        return self.folder / "sources"

    def run(self, *command: str | Path, cwd: Path | None = None, stdin: bytes | None = None) -> bytes:
        """What a program prints; its own words when it fails, ``Missing`` when it is not there."""
        name = str(command[0])
        if not shutil.which(name):
            raise Missing(f"the program {name}")
        done = subprocess.run(
            [str(part) for part in command],
            cwd=cwd or self.folder,
            input=stdin,
            capture_output=True,
            env=self.environment,
            check=False,
        )
        if done.returncode:
            words = (done.stderr.strip() or done.stdout.strip()).decode(errors="replace")
            raise Missing(f"{name} ended with {done.returncode}: {words[-800:]}")
        return done.stdout

    def scratch(self, name: str) -> Path:
        """An empty folder to work in, of this process alone."""
        folder = self.folder / "scratch" / str(os.getpid()) / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def kept(self, name: str, fill: Callable[[Path], None]) -> Path:
        """A folder of ``sources/`` that is filled once."""
        folder = self.sources / name
        if not folder.is_dir():
            part = folder.with_name(folder.name + ".part")
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
            fill(part)
            part.rename(folder)
        return folder

    def pip(self, requirement: str, *options: str) -> Path:
        """One wheel from the Python registry; options choose a platform."""
        name = "pip/" + "_".join((requirement, *options)).replace("/", "_").replace(" ", "_").replace(":", "")
        command = (sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", *options)
        return only(self.kept(name, lambda folder: void(self.run(*command, "-d", folder, requirement))))

    def sdist(self, requirement: str) -> Path:
        """A source distribution, found and fetched by pip without running its build."""
        name = "sdist/" + requirement
        code = SDIST.replace("REQUIREMENT", requirement)
        return only(self.kept(name, lambda folder: void(self.run(sys.executable, "-c", code, cwd=folder))))

    def npm(self, requirement: str) -> Path:
        """One package from the npm registry, as its ``.tgz``."""
        name = "npm/" + requirement.replace("/", "+")
        return only(self.kept(name, lambda folder: void(self.run("npm", "pack", "--silent", requirement, cwd=folder))))

    def npm_tree(self, requirement: str) -> Path:
        """The same, unpacked: the folder ``package``."""

        def fill(folder: Path) -> None:
            self.run("tar", "-xzf", self.npm(requirement), "--no-same-owner", cwd=folder)

        return only(self.kept("npm-tree/" + requirement.replace("/", "+"), fill))

    def deb(self, name: str) -> Path:
        """One package of this machine's Debian, as its ``.deb``."""
        return only(self.kept("deb/" + name, lambda folder: void(self.run("apt-get", "download", name, cwd=folder))))

    def deb_tree(self, name: str) -> Path:
        """The same, unpacked."""
        return self.kept("deb-tree/" + name, lambda folder: void(self.run("dpkg-deb", "-x", self.deb(name), folder)))

    def wheel_tree(self, requirement: str, *options: str) -> Path:
        """A wheel, unpacked."""
        wheel = self.pip(requirement, *options)
        return self.kept("wheel-tree/" + wheel.stem, lambda folder: zipfile.ZipFile(wheel).extractall(folder))

    def tool(self, requirement: str, program: str) -> Path:
        """A program of a Python distribution, in a venv of its own."""

        def fill(folder: Path) -> None:
            self.run(sys.executable, "-m", "venv", folder)
            self.run(folder / "bin" / "python", "-m", "pip", "install", "-q", *requirement.split())

        place = self.sources / "tools" / requirement
        if not place.is_dir():
            # a venv knows its own path: it cannot be made elsewhere and moved
            try:
                fill(place)
            except Missing:
                shutil.rmtree(place, ignore_errors=True)
                raise
        return place / "bin" / program

    def node(self, requirement: str, program: str) -> Path:
        """A program of an npm package, installed in a folder of its own."""

        def fill(folder: Path) -> None:
            write(folder, {"package.json": "{}"})
            self.run("npm", "install", "--silent", "--no-audit", "--no-fund", requirement, cwd=folder)

        return self.kept("node-tools/" + requirement.replace("/", "+"), fill) / "node_modules" / ".bin" / program

    def fixture(self, name: str) -> Path:
        """A file that lies beside the project in ``../shared/fixtures``, when it does."""
        path = Path(os.environ.get("SURVEYOR_FIXTURES", FIXTURES)) / name
        if not path.exists():
            raise Missing(f"the fixture {name}")
        return path

    def make(self, pieces: Sequence[Piece]) -> list[str]:
        """Make what is not there yet; what could not be made, with the reason."""
        left_out = []
        for piece in pieces:
            target = self.folder / piece.path
            if target.exists():
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            # the last part of the name stays, for tools that look at it
            part = target.with_name("making." + target.name)
            remove(part)  # of a run that was ended
            began = time.monotonic()
            try:
                need(piece.tools)
                piece.make(self, part)
                if piece.executable:
                    part.chmod(0o755)
                part.rename(target)
                print(f"made  {piece.path}  {size(target):,} bytes, {time.monotonic() - began:.0f} s", flush=True)
            except (Missing, OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
                left_out.append(f"{piece.path}: {error}")
                print(f"LEFT OUT  {piece.path}: {error}", flush=True)
                remove(part)
        shutil.rmtree(self.folder / "scratch" / str(os.getpid()), ignore_errors=True)
        return left_out

    def manifest(self, pieces: Sequence[Piece]) -> None:
        """``MANIFEST.md``: every piece that is there, with its size and digest; digests are kept between runs."""
        memory = self.folder / "sources" / "digests.json"
        known = json.loads(memory.read_text()) if memory.is_file() else {}
        lines = ["# The corpus", "", "| piece | bytes | sha256 | how |", "|---|---:|---|---|"]
        for piece in pieces:
            path = self.folder / piece.path
            if path.exists():
                mark = f"{size(path)}:{path.stat().st_mtime_ns}"
                if known.get(piece.path, [""])[0] != mark:
                    known[piece.path] = [mark, digest(path)]
                lines.append(f"| {piece.path} | {size(path):,} | `{known[piece.path][1]}` | {piece.how} |")
        (self.folder / "MANIFEST.md").write_text("\n".join(lines) + "\n")
        memory.parent.mkdir(exist_ok=True)
        memory.write_text(json.dumps(known))


#: The simple index says where an sdist is; pip would build its metadata, which takes compilers.
SDIST = """
from pip._internal.cli.main_parser import parse_command
from pip._internal.commands import create_command
command = create_command("download")
options, rest = command.parse_args(["--no-deps", "--no-binary", ":all:", "REQUIREMENT"])
with command.main_context():
    session = command.get_default_session(options)
    finder = command._build_package_finder(options, session)
    from pip._internal.req.constructors import install_req_from_line
    wanted = install_req_from_line("REQUIREMENT")
    found = finder.find_best_candidate(wanted.req.name, wanted.specifier).best_candidate
    answer = session.get(found.link.url_without_fragment, stream=True)
    answer.raise_for_status()
    with open(found.link.filename, "wb") as out:
        for block in answer.iter_content(1 << 20):
            out.write(block)
"""


def need(tools: Sequence[str]) -> None:
    """All of these programs."""
    if lacking := [tool for tool in tools if not shutil.which(tool)]:
        raise Missing("the program " + ", ".join(lacking))


def void(_: object) -> None:
    """For clients whose words nobody needs."""


def only(folder: Path) -> Path:
    """The one thing in a folder."""
    found = sorted(folder.iterdir())
    if len(found) != 1:
        raise Missing(f"one thing in {folder}: {[path.name for path in found]}")
    return found[0]


def size(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    if path.is_dir():
        return sum(each.lstat().st_size for each in path.rglob("*") if not each.is_dir())
    return path.stat().st_size


def digest(path: Path) -> str:
    """SHA-256 of a file; of an OCI folder, of its index."""
    if path.is_dir():
        index = path / "index.json"
        return digest(index) if index.is_file() else "-"
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remove(path: Path) -> None:
    """A half-made piece."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def write(root: Path, files: dict[str, str | bytes], *, executable: Sequence[str] = ()) -> Path:
    """Files below a folder, all of one moment."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(0o755 if name in executable else 0o644)
        os.utime(path, (MOMENT, MOMENT))
    return root
