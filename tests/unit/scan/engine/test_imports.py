"""What an artifact scan brings along: every process of it pays for that, before it reads a byte."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

_UNNEEDED = (
    "surveyor.scan.check.accessibility",
    "surveyor.scan.check.document",
    "surveyor.scan.check.registry",
    "surveyor.scan.gather",
    "surveyor.scan.net",
    "surveyor.scan.acquire.pull",
    "surveyor.scan.advise.match",
    "selectolax",
    "sqlite3",
)


def test_an_artifact_scan_brings_no_rules_of_pages_and_no_network() -> None:
    program = "import sys, surveyor.scan.engine.artifact; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    assert not set(_UNNEEDED) & set(told.stdout.split())


#: Whose patterns are asked so often that a step less counts, or are made of what a walk is told to want.
_AT_ONCE = {
    "surveyor.scan.acquire.cpio",
    "surveyor.scan.acquire.iso",
    "surveyor.scan.acquire.origin",
    "surveyor.scan.catalog.purl",
    "surveyor.scan.tree.members",
    "surveyor.scan.tree.names",
    "surveyor.scan.tree.tar",
}


def test_an_artifact_scan_compiles_no_pattern_before_it_uses_one() -> None:
    program = """
import re, sys
made, compiled = [], re.compile
def told(text, flags=0):
    frame = sys._getframe(1)
    while frame.f_globals["__name__"] == "surveyor.scan.patterns":
        frame = frame.f_back
    made.append(frame.f_globals["__name__"])
    return compiled(text, flags)
re.compile = told
import surveyor.scan.engine.artifact, surveyor.scan.engine.images, surveyor.scan.engine.trees, surveyor.scan.plan
print(*(name for name in made if name.startswith("surveyor.")))
"""
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    assert set(told.stdout.split()) == _AT_ONCE


def test_a_child_of_the_fork_server_makes_no_pattern_or_class_for_itself(tmp_path: Path) -> None:
    jar = tmp_path / "shop-1.0.jar"
    with zipfile.ZipFile(jar, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", "Implementation-Version: 1.0\nBundle-License: MIT\n")
        archive.writestr("a/package.json", "{}")
    program = """
import importlib, re, sys
from surveyor.scan import engine, entry, values
from surveyor.scan.events import Progress
from surveyor.scan.plan import plan
from surveyor.scan.settings import Settings
for name in entry.PRELOAD:
    importlib.import_module(name)
late = sum(isinstance(each.__dict__["__init__"], values._Late) for each in values._written)
made, compiled = [], re.compile
def told(text, flags=0):
    made.append(text)
    return compiled(text, flags)
re.compile = told
report = engine.run(plan(sys.argv[1]), Settings(), Progress(lambda event: None))
print(len(report.packages), late, *made)
"""
    done = subprocess.run([sys.executable, "-c", program, jar], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.split() == ["1", "0"], done.stdout
