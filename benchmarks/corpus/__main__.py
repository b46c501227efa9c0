"""Build the corpus: images and single files of every format, from the package registries by their own clients.

    python -m benchmarks corpus [--folder .cache/corpus] [--formats] [--small] [--big]

Without a choice, all three. What is there is not made again; what this machine lacks is named, the piece left out, and
the rest made. ``MANIFEST.md`` in the folder lists each piece with its size, digest and how it was made.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from benchmarks.corpus import archives, discs, java, locks, mac, packed, programs, rpms, sboms, systems
from benchmarks.corpus.workshop import Workshop

FORMATS = (rpms, discs, mac, archives, java, programs, locks, systems, sboms)
GROUPS = {
    "formats": [piece for module in FORMATS for piece in module.PIECES],
    "small": packed.SMALL,
    "big": packed.BIG,
}


def main() -> int:
    """Make the groups that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path(".cache/corpus"))
    for group in GROUPS:
        parser.add_argument(f"--{group}", action="store_true")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    os.nice(10)
    shop = Workshop(given.folder.resolve())
    wanted = [group for group in GROUPS if getattr(given, group)] or list(GROUPS)
    left_out = [line for group in wanted for line in shop.make(GROUPS[group])]
    shop.manifest([piece for pieces in GROUPS.values() for piece in pieces])
    print(f"\n{shop.folder / 'MANIFEST.md'}; {len(left_out)} pieces left out", *left_out, sep="\n  ")
    return 0


if __name__ == "__main__":
    sys.exit(main())
