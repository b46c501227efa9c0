"""Builds the artifacts that tests scan (nothing binary is kept in the repository), and scans them."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import json
import lzma
import operator
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import lz4.block
import lz4.frame
import zstandard

from surveyor.scan import engine
from surveyor.scan.events import Event, Progress
from surveyor.scan.limits import MIB, Limits
from surveyor.scan.model import Coverage, CoverageState, Report
from surveyor.scan.plan import plan
from surveyor.scan.settings import Settings

DEBIAN = b'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n'
ALPINE = b'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.20.1\n'


@dataclass(frozen=True)
class Link:
    """A symbolic link, or a hard one."""

    target: str
    hard: bool = False


Files = Mapping[str, "bytes | Link | None"]


def tar(
    files: Files,
    *,
    prefix: str = "",
    end: bool = True,
    format: int = tarfile.PAX_FORMAT,  # noqa: A002 - as tarfile calls it
    mode: int = 0o644,
) -> bytes:
    """A tar; ``None`` is a directory. Without ``end`` it lacks the last padding and the end marker, as umoci writes."""
    out = io.BytesIO()
    last = 0
    with tarfile.open(fileobj=out, mode="w", format=format) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(prefix + name)
            info.mtime = 1_700_000_000
            info.mode = mode
            if content is None:
                info.type = tarfile.DIRTYPE
            elif isinstance(content, Link):
                info.type = tarfile.LNKTYPE if content.hard else tarfile.SYMTYPE
                info.linkname = content.target
            else:
                info.size = len(content)
            archive.addfile(info, io.BytesIO(content) if isinstance(content, bytes) else None)
            last = info.size % 512
        stop = archive.offset
    data = out.getvalue()
    return data if end else data[: stop - (512 - last if last else 0)]


def pack(data: bytes, form: str) -> bytes:
    """A form by its name; with ``2`` behind it in two parts, one after the other; zstd with skippable frames too."""
    half = len(data) // 2
    if form.endswith("2") and form != "bzip2":
        padding = bytes(8) if form == "xz2" else b""
        return pack(data[:half], form[:-1]) + padding + pack(data[half:], form[:-1])
    match form:
        case "gzip":
            return gzip.compress(data, 1)
        case "bzip2":
            return bz2.compress(data)
        case "xz":
            return lzma.compress(data, preset=1)
        case "lzma":
            return lzma.compress(data, lzma.FORMAT_ALONE, preset=1)
        case "lzip":
            return _lzip(data)
        case "pbzx":
            parts = [data[at : at + MIB] for at in range(0, len(data), MIB)]
            packed = [min(part, lzma.compress(part), key=len) for part in parts]
            heads = [struct.pack(">QQ", len(part), len(chunk)) for part, chunk in zip(parts, packed, strict=True)]
            return b"pbzx" + struct.pack(">Q", MIB) + b"".join(map(operator.concat, heads, packed))
        case "lzop":
            return _lzop(data)
        case "compress":
            return _compress(data)
        case "lz4":
            return lz4.frame.compress(data, content_checksum=True)
        case "lz4-legacy":
            blocks = (
                lz4.block.compress(data[at : at + 8 * MIB], store_size=False) for at in range(0, len(data), 8 * MIB)
            )
            return b"\x02\x21\x4c\x18" + b"".join(len(block).to_bytes(4, "little") + block for block in blocks)
        case "zstd":
            return zstandard.ZstdCompressor().compress(data)
        case "zstd-chunked":
            frames = [zstandard.ZstdCompressor().compress(part) for part in (data[:half], data[half:])]
            return b"\x50\x2a\x4d\x18\x04\x00\x00\x00abcd" + b"".join(frames) + b"\x5e\x2a\x4d\x18\x04\x00\x00\x00toc!"
        case _:
            return data


def _lzop(data: bytes) -> bytes:
    """Blocks of which those of one byte only become smaller."""
    head = struct.pack(">HHHBBIIIIB", 0x1040, 0x20A0, 0x0940, 1, 5, 0x0300000D, 0, 0, 0, 0)
    out = bytearray(b"\x89LZO\0\r\n\x1a\n" + head + struct.pack(">I", zlib.adler32(head)))
    for at in range(0, len(data), 256 << 10):
        block = packed = data[at : at + (256 << 10)]
        if len(block) > 100 and not block.strip(block[:1]):
            more, rest = divmod(len(block) - 4 - 2 - 31 - 1, 255)
            packed = bytes([17 + 4]) + block[:4] + b"\x20" + bytes(more) + bytes([rest + 1, 0, 0]) + b"\x11\0\0"
        out += struct.pack(">III", len(block), len(packed), zlib.adler32(block)) + packed
    return bytes(out + bytes(4))


def _compress(data: bytes) -> bytes:
    """As ``compress`` does with a table of 12 bits, which is cleared when it is full."""
    out, bits, count, width = bytearray(b"\x1f\x9d\x8c"), 0, 0, 9
    table, string = dict[bytes, int](), b""

    def put(code: int) -> None:
        nonlocal bits, count
        bits, count = bits | code << count * width, count + 1
        if count == 8:
            end()

    def end() -> None:
        nonlocal bits, count
        out.extend(bits.to_bytes(width, "little") if count else b"")
        bits = count = 0

    def code_of(text: bytes) -> int:
        return table[text] if len(text) > 1 else text[0]

    for at in range(len(data)):
        longer = string + data[at : at + 1]
        if len(longer) == 1 or longer in table:
            string = longer
            continue
        put(code_of(string))
        if len(table) + 257 == 1 << 12:
            put(256)
            end()
            table, width = {}, 9
        else:
            # the reader learns of a string one code later than the writer
            if len(table) + 257 == 1 << width:
                end()
                width += 1
            table[longer] = len(table) + 257
        string = longer[-1:]
    if string:
        put(code_of(string))
    rest = (count * width + 7) // 8
    end()
    return bytes(out[: len(out) - (width - rest)] if rest else out)


def _lzip(data: bytes) -> bytes:
    filters = [{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 20, "lc": 3, "lp": 0, "pb": 2}]
    packed = lzma.compress(data, lzma.FORMAT_RAW, filters=filters)
    ends = (zlib.crc32(data), 4), (len(data), 8), (6 + len(packed) + 20, 8)
    return b"LZIP\1\x14" + packed + b"".join(value.to_bytes(size, "little") for value, size in ends)


def sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def docker_save(layers: Sequence[bytes], *, tag: str | None = "shop:1", linked: bool = False) -> bytes:
    """What ``docker save`` wrote before version 25; ``linked`` keeps blobs aside and links to them, as skopeo does."""
    config = json.dumps({"rootfs": {"type": "layers", "diff_ids": [sha256(layer) for layer in layers]}}).encode()
    members: dict[str, bytes | Link | None] = {}
    paths = []
    for number, layer in enumerate(layers):
        path = f"{hashlib.sha256(f'{number}'.encode() + layer).hexdigest()}/layer.tar"
        blob = sha256(layer).removeprefix("sha256:") + ".tar"
        if linked:
            members[blob] = layer
            members[path] = Link(f"../{blob}")
            paths.append(blob)
        else:
            members[path] = layer
            paths.append(path)
    name = sha256(config).removeprefix("sha256:") + ".json"
    members[name] = config
    manifest = [{"Config": name, "RepoTags": [tag] if tag else None, "Layers": paths}]
    members["manifest.json"] = json.dumps(manifest).encode()
    return tar(members)


@dataclass
class Oci:
    """An OCI layout in the making: its files by name."""

    files: dict[str, bytes] = field(default_factory=dict)
    manifests: list[dict[str, object]] = field(default_factory=list)

    def blob(self, data: bytes, media_type: str, **more: object) -> dict[str, object]:
        digest = sha256(data)
        self.files[f"blobs/sha256/{digest.removeprefix('sha256:')}"] = data
        return {"mediaType": media_type, "digest": digest, "size": len(data), **more}

    def manifest(
        self, layers: Sequence[bytes], *, media_type: str = "application/vnd.oci.image.layer.v1.tar", **more: object
    ) -> dict[str, object]:
        """An image; every layer is declared as the same media type, whatever it is."""
        document = {
            "schemaVersion": 2,
            "config": self.blob(b"{}", "application/vnd.oci.image.config.v1+json"),
            "layers": [self.blob(layer, media_type) for layer in layers],
        }
        return self.blob(json.dumps(document).encode(), "application/vnd.oci.image.manifest.v1+json", **more)

    def add(self, layers: Sequence[bytes], **more: object) -> Oci:
        self.manifests.append(self.manifest(layers, **more))
        return self

    def index(self, manifests: Sequence[Mapping[str, object]], **more: object) -> Oci:
        """A nested index, as a multi-platform image is kept."""
        document = json.dumps({"schemaVersion": 2, "manifests": list(manifests)}).encode()
        self.manifests.append(self.blob(document, "application/vnd.oci.image.index.v1+json", **more))
        return self

    def layout(self) -> dict[str, bytes]:
        index = json.dumps({"schemaVersion": 2, "manifests": self.manifests}).encode()
        return {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}', "index.json": index, **self.files}

    def tar(self, **more: object) -> bytes:
        return tar(self.layout(), **more)  # type: ignore[arg-type]

    def write(self, folder: Path) -> Path:
        for name, data in self.layout().items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return folder


def scan(path: Path, limits: Limits | None = None, events: list[Event] | None = None) -> Report:
    """Scan an artifact as the engine does, without an advisory database."""
    sinks = [events.append] if events is not None else []
    return engine.run(plan(str(path)), Settings(limits=limits or Limits()), Progress(*sinks))


def scan_bytes(folder: Path, data: bytes, name: str = "artifact", limits: Limits | None = None) -> Report:
    """The same for bytes."""
    path = folder / name
    path.write_bytes(data)
    return scan(path, limits)


def troubles(report: Report) -> list[Coverage]:
    """What was not looked at in full, the missing advisory database apart."""
    quiet = {CoverageState.LOOKED, CoverageState.SKIPPED}
    return [entry for entry in report.coverage if entry.state not in quiet and entry.what != "advisories"]


def purls(report: Report) -> list[str]:
    return [package.purl for package in report.packages]


def deb(
    name: str, version: str, *, source: str = "", status: str = "install ok installed", arch: str = "amd64"
) -> bytes:
    lines = [
        f"Package: {name}",
        f"Status: {status}",
        f"Architecture: {arch}",
        f"Version: {version}",
        "Description: x",
        " more",
    ]
    return "\n".join(lines + ([f"Source: {source}"] if source else [])).encode() + b"\n\n"


def npm(name: str, version: str) -> bytes:
    return json.dumps({"name": name, "version": version, "license": "MIT"}).encode()


def python(name: str, version: str) -> bytes:
    return f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nLicense: MIT\n\nRead me\nVersion: 9\n".encode()


def pom(group: str, artifact: str, version: str) -> tuple[str, bytes]:
    text = f"#Generated by Maven\ngroupId={group}\nartifactId={artifact}\nversion={version}\n"
    return f"META-INF/maven/{group}/{artifact}/pom.properties", text.encode()


def jar(*members: tuple[str, bytes], manifest: str = "", stored: bool = False) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("META-INF/MANIFEST.MF", f"Manifest-Version: 1.0\r\n{manifest}\r\n")
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()
