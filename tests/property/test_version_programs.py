"""Third opinions: the programs that rule an order, where the machine has them, asked about versions made at random.

Each is asked once about all pairs. The pairs are drawn from a fixed seed, so what fails once fails always.
"""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from surveyor.scan.advise.versions import SCHEMES
from surveyor.scan.errors import Malformed
from tests.orders import MISSED, TODAY, Line, sign

Pair = tuple[str, str]
SIGNS = {-1: "<", 0: "=", 1: ">"}
SEED = 20


def asked(*command: str, pairs: Sequence[Pair]) -> list[str]:
    """What a program says about each pair, which it reads line by line."""
    lines = "".join(f"{left} {right}\n" for left, right in pairs)
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True, timeout=60)
    said = done.stdout.split()
    assert len(said) == len(pairs), done.stderr
    return [SIGNS[int(float(word))] if word != "E" else "E" for word in said]


def ruby(pairs: Sequence[Pair], _: Path) -> list[str]:
    program = """
        while l = gets
          a, b = l.split
          begin puts Gem::Version.new(a) <=> Gem::Version.new(b); rescue ArgumentError; puts "E"; end
        end
    """
    return asked("ruby", "-e", program, pairs=pairs)


def php(pairs: Sequence[Pair], _: Path) -> list[str]:
    program = """
        while (($line = fgets(STDIN)) !== false) {
          [$a, $b] = explode(" ", trim($line));
          echo version_compare($a, $b), "\n";
        }
    """
    return asked("php", "-r", program, pairs=pairs)


def rpm(pairs: Sequence[Pair], folder: Path) -> list[str]:
    file = folder / "pairs"
    file.write_text("".join(f"{left} {right}\n" for left, right in pairs))
    program = f"""
        for line in io.lines("{file}") do
          local a, b = line:match("^(.+) (.+)$")
          print(rpm.vercmp(a, b), "\\n")
        end
    """
    return asked("rpm", "--eval", f"%{{lua: {program}}}", pairs=pairs)


def dpkg(pairs: Sequence[Pair], _: Path) -> list[str]:
    def true(left: str, relation: str, right: str) -> bool:
        return subprocess.run(["dpkg", "--compare-versions", left, relation, right], check=False).returncode == 0

    return ["<" if true(a, "lt", b) else "=" if true(a, "eq", b) else ">" for a, b in pairs]


def node(pairs: Sequence[Pair], _: Path) -> list[str]:
    module = Path(shutil.which("npm") or "npm").resolve().parent.parent / "node_modules/semver"
    if not module.is_dir():
        pytest.skip("npm has no module semver of its own here")
    program = (
        "const semver = require(process.argv[1]);"
        "for (const line of require('fs').readFileSync(0, 'utf8').trim().split('\\n'))"
        " { const [a, b] = line.split(' '); console.log(semver.compare(a, b)) }"
    )
    return asked("node", "-e", program, str(module), pairs=pairs)


def draw(rng: random.Random, words: Sequence[str], signs: Sequence[str], tails: int) -> str:
    """One to three numbers, then numbers and words behind any sign."""
    numbers = ".".join(str(rng.choice([0, 0, 1, 2, 10])) for _ in range(rng.randint(1, 3)))
    parts = [*words, "0", "1", "01", "2", "10"]
    return numbers + "".join(rng.choice(signs) + rng.choice(parts) for _ in range(rng.randint(0, tails)))


def near(rng: random.Random, version: str, signs: Sequence[str]) -> str:
    """A version much like another one."""
    at = rng.randrange(1, len(version) + 1)
    return rng.choice([version[:at], version + rng.choice(signs) + rng.choice("01a"), version.replace(".0", "", 1)])


def loose(words: Sequence[str], signs: Sequence[str]) -> Callable[[random.Random], Pair]:
    def pair(rng: random.Random) -> Pair:
        left = draw(rng, words, signs, 3)
        return left, near(rng, left, signs) if rng.random() < 0.5 else draw(rng, words, signs, 3)

    return pair


def composer(rng: random.Random) -> Pair:
    """In the form that Composer gives every version before it compares: four numbers, one word, perhaps dev."""

    def one() -> str:
        numbers = ".".join(str(rng.choice([0, 0, 0, 1, 10])) for _ in range(4))
        word = rng.choice(["", "", "-alpha", "-beta", "-RC", "-patch"])
        return numbers + word + (rng.choice(["", "1", "2", "10", "1.1"]) if word else "") + rng.choice(["", "", "-dev"])

    return one(), one()


def strict(rng: random.Random) -> Pair:
    """Semantic versions to the letter."""

    def one() -> str:
        numbers = ".".join(str(rng.choice([0, 1, 2, 10])) for _ in range(3))
        parts = [
            rng.choice(["0", "1", "2", "10", "a", "alpha", "beta", "1a", "a-b", "-"]) for _ in range(rng.randint(0, 3))
        ]
        return numbers + ("-" + ".".join(parts) if parts else "") + rng.choice(["", "", "+b1"])

    return one(), one()


WORDS = ["a", "b", "rc", "el", "deb", "X", "p"]
#: Scheme → program, who asks it, what it is asked about, how many pairs.
PROGRAMS = {
    "dpkg": ("dpkg", dpkg, loose(WORDS, [".", "+", "~", "-", ""]), 150),
    "gem": ("ruby", ruby, loose(["a", "b", "pre", "rc", "A"], [".", ".", "-", ""]), 3_000),
    "packagist": ("php", php, composer, 3_000),
    "rpm": ("rpm", rpm, loose(WORDS, [".", "_", "~", "^", "+", ".."]), 3_000),
    "semver": ("node", node, strict, 3_000),
}


@pytest.mark.parametrize("scheme", PROGRAMS)
def test_the_program_that_rules_it_agrees(scheme: str, tmp_path: Path) -> None:
    program, ask, drawn, count = PROGRAMS[scheme]
    if shutil.which(program) is None:
        pytest.skip(f"no {program} on this machine")
    rng, key, pairs = random.Random(SEED), SCHEMES[scheme], []
    while len(pairs) < count:
        left, right = drawn(rng)
        try:
            key(left), key(right)
        except Malformed:
            continue
        pairs.append((left, right))
    said = ask(pairs, tmp_path)
    answered = [(pair, word) for pair, word in zip(pairs, said, strict=True) if word != "E"]
    assert len(answered) > count * 0.8
    assert {word for _, word in answered} == set("<=>")
    wrong = [(*pair, word) for pair, word in answered if sign(*map(key, pair)) != word]
    assert wrong == []


@pytest.mark.parametrize("family", MISSED)
def test_the_program_of_today_decides_as_we_do_what_we_miss(family: str) -> None:
    said = TODAY[family]([Line(*text.split()) for text in MISSED[family]])
    if said is None:
        pytest.skip(f"no program on this machine that rules {family}")
    # later programs may write the versions otherwise
    assert [text.split()[1] for text in said] == [missed.read.split()[1] for missed in MISSED[family].values()]
