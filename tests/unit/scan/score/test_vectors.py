"""Every recorded verdict of MDN's HTTP Observatory (algorithm 6), with its points and what it read in the policy."""

from __future__ import annotations

import json
import re
from pathlib import Path

from surveyor.scan.check import policy
from surveyor.scan.score.observatory import MODIFIERS, TESTS
from tests.unit.scan.score.samples import recorded

BY_ID = {test.id: test for test in TESTS}


def test_every_recorded_verdict_and_its_points(shared_dir: Path) -> None:
    wrong = []
    vectors = recorded(shared_dir)
    for vector, sample in vectors:
        outcome = BY_ID[vector["test"]].judge(sample)
        expected = vector["expected"]
        if (outcome, MODIFIERS[outcome]) != (expected["result"], expected["modifier"]):
            wrong.append((vector["id"], outcome, expected["result"]))
    assert wrong == []
    assert len(vectors) == 125


def test_every_recorded_reading_of_a_policy(shared_dir: Path) -> None:
    read = 0
    for vector, sample in recorded(shared_dir):
        expected = vector["expected"]
        if expected["policy"] is None:
            continue
        found = policy.parse(sample.page.headers_of("content-security-policy"), sample.document.policies)
        assert found is not None, vector["id"]
        flags = policy.flags(found)
        names = {name: re.sub("[A-Z]", lambda match: f"_{match[0].lower()}", name) for name in expected["policy"]}
        assert {name: getattr(flags, ours) for name, ours in names.items()} == expected["policy"], vector["id"]
        assert {name: sorted(sources) for name, sources in found.directives.items()} == expected["data"], vector["id"]
        assert found.count == expected["num_policies"], vector["id"]
        read += 1
    assert read == 46


def test_the_table_of_points_is_the_recorded_one(shared_dir: Path) -> None:
    told = json.loads((shared_dir / "fixtures/headers/observatory_modifiers_v6.json").read_text())
    # a parser by the HTML standard reads everything
    assert told.pop("html-not-parseable") == -20
    assert told == MODIFIERS
