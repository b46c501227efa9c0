"""Everything that a loaded page is asked for the sake of accessibility, in the order that disturbs it least.

What one of these could not do does not stop the others: it is told in ``missed`` by its name.
"""

from __future__ import annotations

from collections.abc import Callable

from surveyor.scan.accessible import Label, Media, Tree
from surveyor.scan.errors import ScanError
from surveyor.scan.evidence import Barrier
from surveyor.scan.net.browser import axe, focus, measures, reflow, tour, tree
from surveyor.scan.net.browser.tab import Tab
from surveyor.scan.values import frozen


@frozen
class Looked:
    """What was had of the page."""

    barriers: tuple[Barrier, ...] = ()
    tree: Tree | None = None
    media: tuple[Media, ...] = ()
    labels: tuple[Label, ...] = ()
    moved: tuple[str, ...] = ()


def look(tab: Tab, world: int, missed: dict[str, str], *, left: Callable[[], float]) -> Looked:
    """Ask the page in ``tab`` within the seconds that are ``left``."""
    barriers: tuple[Barrier, ...] = ()
    told: Tree | None = None
    measured = measures.Measured()
    moved: tuple[str, ...] = ()
    try:
        barriers, lost = axe.run(tab, seconds=left())
        if lost:
            missed["frames"] = f"{lost} of the page's frames could not be judged"
    except ScanError as error:
        missed["axe"] = str(error)
    try:
        told = tree.read(tab, world, seconds=left())
    except ScanError as error:
        missed["tree"] = str(error)
    try:
        measured = measures.measure(tab, world, seconds=left())
        barriers += measured.barriers
    except ScanError as error:
        missed["measures"] = str(error)
    try:
        barriers += tour.walk(tab, world, seconds=left())
    except ScanError as error:
        missed["tour"] = str(error)
    try:
        given, moved = focus.give(tab, world, seconds=left())
        barriers += given
    except ScanError as error:
        missed["focus"] = str(error)
    try:
        barriers += reflow.narrow(tab, world, seconds=left())
    except ScanError as error:
        missed["reflow"] = str(error)
    return Looked(barriers=barriers, tree=told, media=measured.media, labels=measured.labels, moved=moved)
