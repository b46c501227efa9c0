"""A process of its own that turns one folder's report.json into report.pdf: bounded in memory and processor time.

Started by file, isolated from this package, the environment and the network; it knows Typst and nothing else.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import resource
import shutil
import sys
from pathlib import Path
from typing import Any

TEMPLATE = Path(__file__).with_name("report.typ")
#: What stands for a character that no font of this machine has.
BLANK = "\u25af"
_MISSING = re.compile(r'the text contains the disallowed codepoint `"(.+?)"`|the text `"(.+?)"` could not be displayed')
_ESCAPE = re.compile(r"\\u\{([0-9a-f]+)\}|\\(.)")
_ROUNDS = 4
#: Kinds of pictures that addresses hold, and how their files begin and end.
_ENDINGS = {"data:image/png": "png", "data:image/jpeg": "jpg", "data:image/webp": "webp"}
_STARTS = {"png": (b"\x89PNG\r\n\x1a\n",), "jpg": (b"\xff\xd8\xff",), "webp": (b"RIFF",)}
_PROBE = '#set document(title: "probe")\n#set text(font: ("Libertinus Serif", "DejaVu Sans Mono"))\n'


def main(folder: Path, memory: int, seconds: int) -> int:
    """Write the PDF; 0, or 3 with Typst's words on the standard error."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    import typst

    shutil.copyfile(TEMPLATE, folder / TEMPLATE.name)
    data = json.loads((folder / "report.json").read_text("utf-8"))
    pictured(data, folder)
    data = without(data, unknown(typst, folder, data))
    for last in (False,) * (_ROUNDS - 1) + (True,):
        (folder / "report.json").write_text(json.dumps(data), "utf-8")
        try:
            _compile(typst, folder, TEMPLATE.name, "report.pdf")
        except typst.TypstError as error:
            missing = named(error)
            # of several pictures one that cannot be read is not worth the others' report
            if last or not (missing or _unpictured(data)):
                sys.stderr.write(str(error.message)[:2000])
                return 3
            data = without(data, missing)
        else:
            return 0
    return 3


def pictured(data: dict[str, Any], folder: Path) -> None:
    """Write the pictures of evidence into files, and their names in the place of the addresses that hold them."""
    for number, quote in enumerate(quote for one in data["findings"] for quote in one["evidence"]):
        kind, _, coded = quote["picture"].partition(";base64,")
        try:
            content = base64.b64decode(coded, validate=True)
        except binascii.Error:
            content = b""
        ending = _ENDINGS.get(kind, "")
        whole = any(content.startswith(start) for start in _STARTS.get(ending, ()))
        quote["picture"] = f"picture-{number}.{ending}" if whole else ""
        if whole:
            (folder / quote["picture"]).write_bytes(content)


def _unpictured(data: dict[str, Any]) -> bool:
    """Leave out all pictures; whether there were any."""
    held = [quote for one in data["findings"] for quote in one["evidence"] if quote["picture"]]
    for quote in held:
        quote["picture"] = ""
    return bool(held)


def _compile(typst: Any, folder: Path, name: str, output: str) -> None:  # noqa: ANN401 - a module
    compiler = typst.Compiler(input=str(folder / name), root=str(folder), package_path=str(folder / "none"))
    compiler.compile(output=str(folder / output), format="pdf", pdf_standards=["1.7", "ua-1"], timestamp=0)


def unknown(typst: Any, folder: Path, data: object) -> set[str]:  # noqa: ANN401 - a module
    """Characters in the report that cannot be shown: asked with a document of nothing but them, which is quick."""
    asked = sorted({char for text in texts(data) for char in text if ord(char) > 126})
    (folder / "probe.typ").write_text(_PROBE + '#json("probe.json").map(c => par(c)).join()\n', "utf-8")
    found: set[str] = set()
    for _ in range(_ROUNDS):
        (folder / "probe.json").write_text(json.dumps([char for char in asked if char not in found]), "utf-8")
        try:
            _compile(typst, folder, "probe.typ", "probe.pdf")
        except typst.TypstError as error:
            if not (more := named(error)):
                break
            found |= more
        else:
            break
    return found


def named(error: Any) -> set[str]:  # noqa: ANN401 - Typst's error
    """The pieces of text that an error of the exporter complains of."""
    found = (_plain(first or second) for first, second in _MISSING.findall(error.diagnostic))
    return {text for text in found if text}


def _plain(quoted: str) -> str:
    return _ESCAPE.sub(
        lambda m: chr(int(m[1], 16)) if m[1] else {"n": "\n", "t": "\t", "r": "\r"}.get(m[2], m[2]), quoted
    )


def texts(value: object) -> list[str]:
    """Every text in a JSON value."""
    if isinstance(value, str):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for item in items for text in texts(item)]


def without(value: Any, missing: set[str]) -> Any:  # noqa: ANN401 - any JSON value
    """The same value with what cannot be shown replaced by a blank."""
    if not missing:
        return value
    if isinstance(value, str):
        return re.sub("|".join(map(re.escape, sorted(missing, key=len, reverse=True))), BLANK, value)
    if isinstance(value, dict):
        return {key: without(item, missing) for key, item in value.items()}
    if isinstance(value, list):
        return [without(item, missing) for item in value]
    return value


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
