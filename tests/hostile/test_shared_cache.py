"""Several scans in processes of their own on one folder of kept layers, too small for all: reads, writes and trims
meet at every moment, and nobody's answer may show it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.images import DEBIAN, Link, Oci, deb, docker_save, npm, pack, tar

ROUNDS = 25
PROCESSES = 3
#: About a third of what the images have: eleven entries of layers, and four of the images themselves.
BOUND = 3_000
CHILD = """
import hashlib, json, random, sys
from pathlib import Path
from surveyor.scan import engine
from surveyor.scan.events import Progress
from surveyor.scan.plan import plan
from surveyor.scan.report import json as report_json
from surveyor.scan.settings import Settings
seed, rounds, bound, folder, *images = sys.argv[1:]
dice, said = random.Random(seed), {}
settings = Settings(layer_cache=Path(folder) if folder else None, layer_cache_bytes=int(bound))
for _ in range(int(rounds)):
    for image in dice.sample(images, len(images)):
        report = json.loads(report_json.encode(engine.run(plan(image), settings, Progress())))
        text = json.dumps([report[key] for key in ("packages", "coverage", "scan_status")], sort_keys=True)
        said.setdefault(image, {}).setdefault(hashlib.sha256(text.encode()).hexdigest(), text)
json.dump(said, sys.stdout)
"""


def images(folder: Path) -> list[str]:
    """Images of shared and own layers, plain and packed, whose layers hide files of each other."""
    base = tar({"etc/os-release": DEBIAN, "var/lib/dpkg/status": deb("bash", "5.2") + deb("zlib1g", "1.3")})
    middle = [tar({f"opt/{at}/node_modules/m{at}/package.json": npm(f"m{at}", "1")}) for at in range(3)]
    hiding = tar({"opt/0/node_modules/.wh.m0": b"", "opt/1/.wh.node_modules": b"", "app/x": Link("../opt/2")})
    own = [tar({f"srv/node_modules/o{at}/package.json": npm(f"o{at}", "1")}) for at in range(4)]
    made = {
        "a.tar": docker_save([base, middle[0], middle[1], own[0]]),
        "b.tar": docker_save([base, middle[0], middle[1], hiding, own[1]]),
        "c.tar": Oci().add([pack(layer, "gzip") for layer in (base, middle[2], own[2])]).tar(),
        "d.tar": docker_save([base, middle[2], middle[0], hiding, own[3]]),
    }
    for name, data in made.items():
        (folder / name).write_bytes(data)
    return [str(folder / name) for name in made]


def start(seed: int, rounds: int, cache: str, paths: Sequence[str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD, str(seed), str(rounds), str(BOUND), cache, *paths]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def said(process: subprocess.Popen[str]) -> dict[str, dict[str, str]]:
    out, errors = process.communicate(timeout=150)
    assert process.returncode == 0, errors[-2000:]
    told: dict[str, dict[str, str]] = json.loads(out)
    return told


def test_processes_that_share_a_small_cache_answer_as_those_without(tmp_path: Path) -> None:
    paths, cache = images(tmp_path), tmp_path / "layers"
    alone = said(start(0, 1, "", paths))
    running = [start(seed, ROUNDS, str(cache), paths) for seed in range(PROCESSES)]
    for told in map(said, running):
        assert told == alone
    # two that trim at once, each by its own list, may together remove everything: one alone leaves what fits
    assert said(start(PROCESSES, 1, str(cache), paths)) == alone
    left = [path for path in cache.rglob("*") if path.is_file()]
    assert left
    assert not [path for path in left if path.name.startswith(".new-")]
    assert sum(path.stat().st_size for path in left) <= BOUND
