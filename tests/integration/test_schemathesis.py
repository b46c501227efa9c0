"""The whole description of the API, tried by a tool: nothing crashes, nothing answers what it does not say."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from surveyor.service.config import Config
from tests.integration.test_api import SHORT
from tests.servers.pipeline import wheel
from tests.servers.service import Service

#: Names of hosts are made up and looked up here: only where no packet can leave this machine.
pytestmark = pytest.mark.ssrf
SHORT_PATHS = "^/api/v1/audit/"
#: All that the tool knows is judged but this: what fits the schema may still name a host that must not be asked, an
#: upload or a task that is not there, a cursor from elsewhere. Those are 422 by design, and tested one by one.
NOT_JUDGED = "positive_data_acceptance"


@pytest.fixture
def config(config: Config) -> Config:
    """Pages on this machine may be named; nothing is scanned, since no worker runs."""
    return config.model_copy(update={"scan": {"allow_hosts": "127.0.0.1:8080", "offline": "true"}})


async def test_every_path_keeps_its_word(service: Service, tmp_path: Path) -> None:
    # always the same cases: a gate that draws anew each time would stop a change for what it did not do
    steady = ("--seed", "1", "--max-examples", "2", "--max-time", "25")
    await _try(service, tmp_path, "--include-path-regex", SHORT_PATHS, *steady)


@pytest.mark.slow
@pytest.mark.timeout(1200)
async def test_every_path_keeps_its_word_for_long(service: Service, tmp_path: Path) -> None:
    await _try(service, tmp_path, "--max-examples", "50", "--max-time", "600")


async def _try(service: Service, folder: Path, *words: str) -> None:
    client = service.client()
    first = client.post(f"{SHORT}/scans/run", body={"url": "http://127.0.0.1:8080/"})
    assert first.status == 202
    assert client.post(f"{SHORT}/uploads?filename=demo.whl", body=wheel()).status == 202
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        "run",
        f"{service.url}/api/v1/openapi.json",
        *("--header", f"Authorization: Bearer {service.key}"),
        *("--checks", "all", "--exclude-checks", NOT_JUDGED),
        *("--phases", "examples,coverage,fuzzing"),
        *("--continue-on-failure", "--no-color", "--request-timeout", "30", "--warnings", "off"),
        *("--generation-database", "none"),
        # how fast its own values are made is the machine's affair
        *("--suppress-health-check", "too_slow"),
        *words,
    ]
    # a folder of its own: the tool leaves reports and caches where it is started
    run = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, cwd=folder, timeout=1100, check=False
    )
    told = run.stdout[-12_000:] + run.stderr[-2_000:]
    print(told[-1_500:])
    assert run.returncode == 0, told
