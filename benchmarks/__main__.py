"""Run one benchmark by name: ``python -m benchmarks kickoff --rounds 3``; without a name, list them."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

#: What is run by name; what the others share begins with an underscore or has no docstring of its own to show.
NAMES = (
    "act",
    "compare",
    "corpus",
    "findings_list",
    "inventory",
    "judged",
    "kickoff",
    "labelled",
    "live",
    "matching",
    "pages",
    "rematch",
    "reports",
    "sites",
    "sources",
    "versions",
)


def main(arguments: list[str]) -> int:
    """Hand over to the named file, as if it had been started itself."""
    if not arguments or arguments[0] not in NAMES:
        here = Path(__file__).parent
        for name in NAMES:
            file = here / f"{name}.py"
            text = (file if file.is_file() else here / name / "__main__.py").read_text("utf-8")
            first = text.split('"""')[1].strip().splitlines()[0]
            print(f"{name:14} {first}")
        return 0 if not arguments else 2
    sys.argv = [f"benchmarks/{arguments[0]}.py", *arguments[1:]]
    runpy.run_module(f"benchmarks.{arguments[0]}", run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
