"""What every kind of test may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """Material too large or foreign for this repository; a clone has none, and the tests that want it say so."""
    given = os.environ.get("SURVEYOR_SHARED")
    folder = Path(given) if given else Path(__file__).resolve().parents[1].parent / "shared"
    if not folder.is_dir():
        pytest.skip(f"no shared material at {folder} (set SURVEYOR_SHARED)")
    return folder
