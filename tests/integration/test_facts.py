"""NVD, EPSS and KEV by the command line, from local servers: settings, a key, mirrors, a busy day and copies."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from surveyor.scan.advise.snapshot import open_snapshot
from tests.servers import flaws, nvd, osv_bucket

ROOT = Path(__file__).resolve().parents[2]
OPENSSL = nvd.match("cpe:2.3:a:openssl:openssl", versionEndExcluding="3.0.2")


def db(home: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run ``surveyor db`` with these settings and no others."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SURVEYOR_")}
    own = {"PYTHONPATH": str(ROOT / "src"), "HOME": str(home), "SURVEYOR_ADVISORIES": str(home / "a.db")}
    command = [sys.executable, "-m", "surveyor", "db", *words]
    done = subprocess.run(command, env={**kept, **own, **settings}, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def test_three_feeds_from_servers_by_settings(tmp_path: Path) -> None:
    folder = flaws.write_epss(tmp_path / "files", flaws.scores({"CVE-2025-0001": (0.1, 0.2)}))
    flaws.write_kev(folder, [flaws.listed("CVE-2025-0001")])
    records = [nvd.cve(f"CVE-2025-{number:04}", OPENSSL) for number in range(1, 2_101)]
    with nvd.serve(*records) as server, osv_bucket.serve(folder) as files:
        server.answers = [503]
        done = db(
            tmp_path,
            "update",
            SURVEYOR_FEEDS="nvd epss kev",
            SURVEYOR_FEED_NVD=server.url,
            SURVEYOR_FEED_NVD_KEY="s3cret",
            SURVEYOR_FEED_EPSS=files.url,
            SURVEYOR_FEED_KEV=f"{files.url}/nowhere {files.url}",
        )
        assert done.returncode == 0, done.stderr
        assert server.statuses == [503, 200, 200]
        assert set(server.keys) == {"s3cret"}
        assert "s3cret" not in done.stdout + done.stderr
    assert "2,000 of 2,100 records" in done.stderr
    told = db(tmp_path, "status").stdout.split("\n")
    assert [line.split()[0] for line in told[1:4]] == ["epss", "kev", "nvd"]
    with open_snapshot(tmp_path / "a.db") as snapshot:
        said = snapshot.facts(["CVE-2025-0001"])["CVE-2025-0001"]
        assert (said["epss"].score, said["nvd"].status) == (0.1, "Analyzed")
        assert said["kev"].exploited
        assert len(snapshot.affected("CPE", "openssl:openssl")) == 2_100


def test_the_shared_copies(tmp_path: Path, shared_dir: Path) -> None:
    copies = shared_dir / "advisories"
    chosen = [word for feed in ("nvd", "epss", "kev") for word in ("--from", f"{feed}={copies / feed}")]
    done = db(tmp_path, "update", "--quiet", *chosen)
    assert done.returncode == 0, done.stderr
    with open_snapshot(tmp_path / "a.db") as snapshot:
        said = snapshot.facts(["CVE-2024-3094", "CVE-2021-44228"])
        assert said["CVE-2024-3094"]["nvd"].severity
        log4j = said["CVE-2021-44228"]["kev"].exploited
        assert log4j
        assert (log4j.added, log4j.ransomware) == ("2021-12-10", True)
