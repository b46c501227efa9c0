"""Decisions, gates and comparisons by the command line: which files are read, what is told, and the exit code."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from surveyor.cli import gating, main
from surveyor.scan.model import Kind, Target
from tests.servers.osv_bucket import record, write

HIGH = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}]
LOCK = {
    "name": "app",
    "lockfileVersion": 3,
    "packages": {"node_modules/lodash": {"version": "4.17.15"}, "node_modules/a": {"version": "1.0.0"}},
}
IGNORE = "ignore: [{id: GHSA-1, package: lodash, reason: only in the build}]\n"


class Ran:
    """How a command ended, and what it said."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found

    def ignored(self) -> list[str]:
        return [one["title"] for one in self.report["findings"] if one["decision"] and one["decision"]["suppressed"]]


Run = Callable[..., Ran]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> Run:
    """Runs commands in a folder that holds a source tree ``app`` with two flaws, and a bucket that knows them."""
    (tmp_path / "app").mkdir()
    lock(tmp_path)
    write(
        tmp_path / "bucket",
        {
            "npm": [
                record("GHSA-1", "npm", "lodash", fixed="4.17.21", aliases=["CVE-2021-23337"], severity=HIGH),
                record("GHSA-2", "npm", "a", fixed="2.0.0"),
            ]
        },
    )
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("SURVEYOR_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SURVEYOR_HOME", str(tmp_path / "home"))
    # what a process does at its end is not to happen to this one
    monkeypatch.setattr("surveyor.cli.quiet_end", lambda *_: None)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)

    def command(*words: object) -> Ran:
        with pytest.raises(SystemExit) as ended:
            main([str(word) for word in words])
        said = capsysbinary.readouterr()
        assert isinstance(ended.value.code, int)
        return Ran(ended.value.code, said.out.decode(errors="replace"), said.err.decode())

    return command


def lock(folder: Path, **versions: str) -> None:
    packages = {f"node_modules/{name}": {"version": version} for name, version in versions.items()}
    (folder / "app/package-lock.json").write_text(json.dumps({**LOCK, "packages": {**LOCK["packages"], **packages}}))  # type: ignore[dict-item]


def scan(run: Run, *words: object, target: str = "app") -> Ran:
    return run("scan", target, "--advisories", Path("bucket").absolute(), "--quiet", "--format", "json", *words)


def test_the_file_of_the_working_directory_is_read(run: Run) -> None:
    Path(".surveyor.yaml").write_text(IGNORE)
    ran = scan(run, "--fail-on", "high")
    assert ran.code == 0
    assert ran.ignored() == ["CVE-2021-23337: npm/lodash"]
    # severities are counted as ever: nothing is hidden
    assert ran.report["summary"]["findings"]["high"] == 1


@pytest.mark.parametrize("target", [".", "app", "absolute", "link"])
def test_a_target_does_not_silence_its_own_findings(run: Run, target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("--advisories", Path("bucket").absolute(), "--quiet", "--format", "json")
    if target == "link":
        # the file is no part of the target, what it leads to is
        Path("app/decisions.yaml").write_text(IGNORE)
        Path(".surveyor.yaml").symlink_to("app/decisions.yaml")
        target = "app"
    else:
        Path("app/.surveyor.yaml").write_text(IGNORE)
        if target != "app":
            monkeypatch.chdir("app")
        target = str(Path.cwd()) if target == "absolute" else target
    ran = run("scan", target, *words, "--fail-on", "high")
    assert ran.code == 1
    assert ran.ignored() == []
    if target != "app":
        assert ran.report["decisions"][0]["unapplied"][0]["reason"] == "inside_target"
        ran = run("scan", target, *words, "--decisions", ".surveyor.yaml")
        assert ran.ignored() == ["CVE-2021-23337: npm/lodash"]


def test_the_table_says_what_is_ignored_and_what_did_nothing(run: Run) -> None:
    Path("d.yaml").write_text(IGNORE.replace("]\n", ", {id: CVE-1999-1, reason: gone}]\n"))
    ran = run("scan", "app", "--advisories", "bucket", "--quiet", "--decisions", "d.yaml")
    assert "1 ignored by d.yaml; 1 of 2 statements applied: 1 no such id" in ran.out
    assert "CVE-2021-23337" not in ran.out


def test_vex_of_others(run: Run) -> None:
    statement = {
        "vulnerability": {"name": "CVE-2021-23337"},
        "products": [{"@id": "https://shop.example/app", "subcomponents": [{"@id": "pkg:npm/lodash"}]}],
        "status": "not_affected",
        "justification": "vulnerable_code_not_in_execute_path",
    }
    document = {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "timestamp": "2026-01-01T00:00:00Z",
        "statements": [statement],
    }
    Path("vex.json").write_text(json.dumps(document))
    ran = scan(run, "--vex", "vex.json")
    assert ran.report["decisions"][0]["unapplied"][0]["reason"] == "other_product"
    ran = scan(run, "--vex", "vex.json", "--product", "https://shop.example/app")
    assert ran.ignored() == ["CVE-2021-23337: npm/lodash"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--decisions", "nix.yaml"), "--decisions nix.yaml: cannot be read: No such file"),
        (("--decisions", "app"), "--decisions app: cannot be read: Is a directory"),
        (("--decisions", "bad.yaml"), r"--decisions bad.yaml: ignore[1]: nothing is called untill"),
        (("--vex", "bad.yaml"), "--vex bad.yaml: no JSON"),
        (("--vex", "app/package-lock.json"), "--vex app/package-lock.json: no VEX document"),
        (("--product", "x"), "--product says what decisions call the target"),
        (("--policy", "bad.yaml"), "--policy bad.yaml: "),
        (("--only-new", "app/package-lock.json"), "--only-new app/package-lock.json: not a Surveyor report"),
        (("--only-new", "nix.json"), "--only-new nix.json: cannot be read"),
        (("--min-priority", "101"), "--min-priority 101: expected a number from 0 to 100"),
    ],
)
def test_what_cannot_be_used_is_named_before_anything_is_scanned(run: Run, words: tuple[str, ...], said: str) -> None:
    Path("bad.yaml").write_text("ignore: [{id: a, reason: b, untill: 2027-01-01}]\npolicy: 5\n")
    ran = scan(run, *words)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_a_broken_file_of_the_working_directory_stops_the_scan(run: Run) -> None:
    Path(".surveyor.yaml").write_text("ignore: [")
    ran = scan(run)
    assert ran.code == 2
    assert ".surveyor.yaml: no YAML" in ran.err


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), lambda path: path.symlink_to("nowhere"), os.mkfifo])
def test_a_file_that_is_there_and_cannot_be_read_is_not_passed_over(run: Run, make: Callable[[Path], None]) -> None:
    make(Path(".surveyor.yaml"))
    ran = scan(run)
    assert (ran.code, ".surveyor.yaml: is there and is no file" in ran.err) == (2, True)


def test_a_baseline_of_a_page_is_none_of_an_artifact(run: Run) -> None:
    scan(run, "--output", "before.json")
    ran = run("scan", "https://shop.example/", "--only-new", "before.json")
    assert (ran.code, "a report of another kind (artifact)" in ran.err) == (2, True)


def test_only_new(run: Run) -> None:
    assert scan(run, "--output", "before.json").code == 0
    assert scan(run, "--only-new", "before.json").code == 0
    lock(Path(), b="1.0.0")
    write(Path("bucket"), {"npm": [record("GHSA-3", "npm", "b", fixed="2", severity=HIGH)]})
    ran = scan(run, "--only-new", "before.json")
    assert ran.code == 1
    assert "--only-new: failed: 1 finding: GHSA-3: npm/b" in ran.err
    assert [one["findings"] for one in ran.report["rulings"]] == [["GHSA-3: npm/b"]]


def test_a_baseline_of_another_target_is_told(run: Run) -> None:
    scan(run, "--output", "before.json")
    Path("app").rename("shop")
    ran = scan(run, "--only-new", "before.json", target="shop")
    assert (ran.code, "--only-new: the baseline is of app, not of shop" in ran.err) == (0, True)
    assert "baseline" not in scan(run, "--only-new", "before.json", target=str(Path("shop").rename("app"))).err


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("container", "registry.example/shop:1.1"), ("container", "registry.example/shop:1.2"), True),
        (("container", "registry.example/shop:1.1"), ("container", "registry.example/basket:1.1"), False),
        (("container", "docker.io/library/debian:12"), ("container", "docker://debian"), True),
        (("archive", "/builds/1/app.tar"), ("archive", "/builds/2/app.tar"), True),
        (("archive", "a.tar"), ("archive", "b.tar"), False),
        (("url", "https://shop.example/a"), ("url", "https://shop.example/b"), False),
    ],
)
def test_builds_of_one_target_are_no_others(one: tuple[str, str], other: tuple[str, str], same: bool) -> None:
    names = [
        gating._called(Target(kind=Kind.WEB if kind == "url" else Kind.ARTIFACT, source=source, type=kind))
        for kind, source in (one, other)
    ]
    assert (names[0] == names[1]) is same


def test_what_a_report_is_called_does_not_steer_the_terminal(run: Run) -> None:
    scan(run, "--output", "before.json")
    given = json.loads(Path("before.json").read_text())
    given["target"]["source"] = given["target"]["name"] = "\x1b[2J"
    Path("odd.json").write_text(json.dumps(given))
    given["target"]["kind"] = "web"
    Path("page.json").write_text(json.dumps(given))
    ran = run("diff", "odd.json", "page.json")
    assert (ran.code, "\x1b" in ran.err) == (2, False)
    assert "\x1b" not in scan(run, "--only-new", "odd.json").err


def test_reports_of_any_name_are_matched_again(run: Run) -> None:
    scan(run, "--output", "one.json")
    odd = os.fsdecode(b"\xff.json")
    Path(odd).write_bytes(Path("one.json").read_bytes())
    ran = run("rematch", odd, "one.json", "--advisories", Path("bucket").absolute(), "--quiet")
    assert (ran.code, "one.json:\n" in ran.out) == (0, True)


def test_policies_of_both_files_hold(run: Run) -> None:
    Path(".surveyor.yaml").write_text("policy: [{name: team, then: warn, when: {severity: high}}]")
    Path("p.yaml").write_text("policy: [{name: strict, when: {id: GHSA-1, kev: true}}]")
    ran = scan(run, "--policy", "p.yaml")
    assert ran.code == 0
    assert "team: warns: 1 finding: CVE-2021-23337: npm/lodash" in ran.err
    assert "strict: not held against 1 finding: unknown kev" in ran.err
    Path("p.yaml").write_text("policy: [{name: strict, when: {severity: high}}]")
    assert scan(run, "--policy", "p.yaml").code == 1
    Path("p.yaml").write_text("policy: [{name: team, when: {severity: high}}]")
    ran = scan(run, "--policy", "p.yaml")
    assert (ran.code, "two rules are called 'team'" in ran.err) == (2, True)
    # the same file twice is one policy
    assert scan(run, "--policy", ".surveyor.yaml").code == 0


def test_every_finding_has_a_priority_that_adds_up(run: Run) -> None:
    for finding in scan(run).report["findings"]:
        priority = finding["priority"]
        assert priority["score"] == sum(factor["points"] for factor in priority["factors"])
    assert scan(run, "--min-priority", 40).code == 1
    assert scan(run, "--min-priority", 50).code == 0


def test_diff(run: Run) -> None:
    scan(run, "--output", "before.json")
    lock(Path(), lodash="4.17.21", a="2.0.0", b="1.0.0")
    write(Path("bucket"), {"npm": [record("GHSA-3", "npm", "b", fixed="2")]})
    scan(run, "--output", "after.json")
    ran = run("diff", "before.json", "after.json", "--format", "json")
    assert ran.code == 1
    assert [(one["change"], one["title"], one["cause"]) for one in ran.report["changes"]] == [
        ("new", "GHSA-3: npm/b", "artifact"),
        ("fixed", "CVE-2021-23337: npm/lodash", "artifact"),
        ("fixed", "GHSA-2: npm/a", "artifact"),
    ]
    assert run("diff", "after.json", "after.json").code == 0
    assert run("diff", "before.json", "after.json", "--format", "markdown", "--output", "d.md").code == 1
    assert "### New" in Path("d.md").read_text("utf-8")


def test_diff_of_a_scan_that_could_not_look(run: Run) -> None:
    scan(run, "--output", "before.json")
    assert run("scan", "app", "--quiet", "--format", "json", "--output", "after.json").code == 3
    ran = run("diff", "before.json", "after.json")
    assert ran.code == 3
    assert "0 new, 0 fixed, 0 changed, 0 reclassified, 2 not looked" in ran.out


def test_what_is_new_and_settled_is_no_news(run: Run) -> None:
    scan(run, "--output", "after.json")
    Path(".surveyor.yaml").write_text("ignore: [{path: '**', reason: why}]")
    scan(run, "--output", "settled.json")
    lock(Path(), lodash="4.17.21", a="2.0.0")
    scan(run, "--output", "before.json")
    assert run("diff", "before.json", "after.json").code == 1
    assert run("diff", "before.json", "settled.json").code == 0


@pytest.mark.parametrize("form", ["openvex", "cyclonedx", "csaf"])
def test_vex_for_others_reads_back(run: Run, form: str) -> None:
    scan(run, "--output", "report.json")
    Path("d.yaml").write_text(
        "ignore: [{id: GHSA-1, status: not_affected, justification: component_not_present, reason: r},"
        " {id: GHSA-2, reason: we live with it}, {id: GHSA-9, reason: gone}]"
    )
    words = ("--format", form, "--author", "Team", "--author-url", "https://team.example", "--output", "v.json")
    ran = run("vex", "report.json", "--decisions", "d.yaml", *words)
    assert (ran.code, ran.out) == (0, "")
    assert "d.yaml: 1 of 3 statements decided nothing" in ran.err
    assert "1 accepted risk written as affected" in ran.err
    back = scan(run, "--vex", "v.json").report
    assert [(one["decision"]["status"], one["decision"]["suppressed"]) for one in back["findings"]] == [
        ("not_affected", True),
        ("affected", False),
    ]


def test_vex_of_the_decisions_that_a_report_has(run: Run) -> None:
    Path(".surveyor.yaml").write_text(IGNORE)
    scan(run, "--output", "report.json")
    Path(".surveyor.yaml").unlink()
    ran = run("vex", "report.json", "--author", "Team", "--product", "pkg:generic/shop@1")
    assert ran.code == 0
    (statement,) = ran.report["statements"]
    assert statement["products"][0]["@id"] == "pkg:generic/shop@1"
    assert statement["products"][0]["subcomponents"] == [{"@id": "pkg:npm/lodash@4.17.15"}]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--author", "T"), "nobody has decided about a vulnerability"),
        (("--author", "T", "--format", "csaf"), "--author-url"),
        (("--author", "T", "--product", "my shop"), "has to be a package URL"),
        ((), "author"),
    ],
)
def test_what_cannot_be_written_is_said(run: Run, words: tuple[str, ...], said: str) -> None:
    scan(run, "--output", "report.json")
    ran = run("vex", "report.json", *words)
    assert ran.code == 2
    assert said in ran.err
