"""Small files of facts about flaws, EPSS's scores and CISA's catalogue, written to a folder at run time.

``osv_bucket.serve`` serves the folder as their publishers do: plain files with validators.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Entry = dict[str, Any]


def scores(rows: Mapping[str, tuple[object, object]], *, date: str = "2026-08-16T00:00:00+0000") -> str:
    """EPSS's CSV of CVE → score and percentile."""
    body = "".join(f"{cve},{score},{percentile}\n" for cve, (score, percentile) in rows.items())
    return f"#model_version:v2025.03.14,score_date:{date}\ncve,epss,percentile\n{body}"


def write_epss(folder: Path, text: str, *, name: str = "epss_scores-current.csv.gz") -> Path:
    """The daily file, gzip or plain by its name."""
    folder.mkdir(parents=True, exist_ok=True)
    body = text.encode()
    (folder / name).write_bytes(gzip.compress(body, mtime=0) if name.endswith(".gz") else body)
    return folder


def listed(cve: str, **more: Any) -> Entry:
    """One entry of the catalogue."""
    return {
        "cveID": cve,
        "vendorProject": "Git",
        "product": "Git",
        "vulnerabilityName": "Git Link Following Vulnerability",
        "dateAdded": "2025-08-25",
        "shortDescription": "Git contains a link following vulnerability.",
        "requiredAction": "Apply mitigations per vendor instructions.",
        "dueDate": "2025-09-15",
        "knownRansomwareCampaignUse": "Unknown",
        "notes": "See https://example.test/advisory ; https://example.test/patch",
        "cwes": ["CWE-59", "CWE-436"],
        **more,
    }


def write_kev(folder: Path, entries: list[Any], **more: Any) -> Path:
    """The catalogue of these entries."""
    folder.mkdir(parents=True, exist_ok=True)
    catalogue = {
        "title": "CISA Catalog of Known Exploited Vulnerabilities",
        "catalogVersion": "2025.08.25",
        "dateReleased": "2025-08-25T17:04:19.9796Z",
        "count": len(entries),
        "vulnerabilities": entries,
        **more,
    }
    (folder / "known_exploited_vulnerabilities.json").write_text(json.dumps(catalogue), encoding="utf-8")
    return folder
