"""An image that no file holds: asked of a registry by reference, with its layers in files without a name."""

from __future__ import annotations

from surveyor.scan.acquire.pull.image import ID, VERSION, Known, pull
from surveyor.scan.acquire.pull.waiting import Waiting

__all__ = ["ID", "VERSION", "Known", "Waiting", "pull"]
