"""A child with little memory reads what is made to fill it: the limits hold before the kernel has to."""

from __future__ import annotations

import io
import json
import resource
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
import zstandard

from surveyor.scan.formats.rpm import header as tags
from tests import rpms
from tests.images import DEBIAN, Oci, deb, docker_save, jar, npm, pack, pom, tar

MIB = 1 << 20
#: Private memory a scan may take, whatever the input; the kernel's limit counts what is reserved, so it is larger.
PRIVATE = 300 * MIB
DATA = 400 * MIB
CHILD = """
import json, sys, threading, time
peak = 0
def watch():
    global peak
    while True:
        fields = dict(line.split(":", 1) for line in open("/proc/self/status"))
        peak = max(peak, int(fields["RssAnon"].split()[0]) << 10)
        time.sleep(0.002)
threading.Thread(target=watch, daemon=True).start()
from surveyor.scan import engine
from surveyor.scan.events import Progress
from surveyor.scan.plan import plan
from surveyor.scan.report import json as report_json
from surveyor.scan.settings import Settings
start = time.process_time()
report = engine.run(plan(sys.argv[1]), Settings(), Progress())
size = len(report_json.encode(report))
json.dump({
    "peak": peak,
    "seconds": round(time.process_time() - start, 2),
    "packages": len(report.packages),
    "status": report.scan_status,
    "entries": sum(entry.count or 0 for entry in report.coverage if entry.what == "acquire.layer"),
    "troubles": [entry.detail for entry in report.coverage if entry.state in ("partial", "failed")][:9],
    "size": size,
}, sys.stdout)
"""
GOOD = {"etc/os-release": DEBIAN, "var/lib/dpkg/status": deb("bash", "5.2.15-2")}


def run(path: Path) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(path)],
        check=False,
        capture_output=True,
        timeout=120,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (DATA, DATA)),
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    found: dict[str, object] = json.loads(done.stdout)
    assert isinstance(found["peak"], int)
    print(path.name, found)
    assert found["peak"] < PRIVATE, f"{found['peak'] / MIB:.0f} MiB"
    return found


def zeros_zip(size: int, name: str = "a.jar") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive, archive.open(name, "w") as member:
        for _ in range(size // MIB):
            member.write(bytes(MIB))
    return out.getvalue()


def gzip_of_a_large_jar() -> bytes:
    nested = zeros_zip(60 * MIB)
    body = b"".join([nested, bytes(55 * MIB)])  # the archive's directory is far from its end
    whole = jar(("x/y.jar", nested), ("pad", bytes(MIB)), pom("g", "a", "1"))
    return Oci().add([pack(tar({**GOOD, "a.jar": whole, "b.jar": body, "c.jar": whole}), "gzip")]).tar()


def nested_jars() -> bytes:
    inner = zeros_zip(50 * MIB)
    for _ in range(3):
        inner = jar(("a.jar", inner), ("b.jar", zeros_zip(50 * MIB)), ("c.jar", bytes(50 * MIB)))
    return docker_save([tar({**GOOD, "app.ear": inner})])


def wide_zstd_window() -> bytes:
    parameters = zstandard.ZstdCompressionParameters(window_log=27, enable_ldm=False)
    layer = tar({**GOOD, "noise": struct.pack("<I", 7) * (40 * MIB)})
    return Oci().add([zstandard.ZstdCompressor(compression_params=parameters).compress(layer)]).tar()


def many_records() -> bytes:
    records = b"".join(b"Package: p%d\nVersion: 1\n\n" % number for number in range(300_000))
    return docker_save([tar({**GOOD, "var/lib/dpkg/status.d/many": records})])


def many_manifests() -> bytes:
    body = b'{"name":"a","version":"1","x":[' + b"{}," * 300_000 + b"{}]}"
    return Oci().add([pack(tar({f"{n}/node_modules/a/package.json": body for n in range(20)}), "gzip")]).tar()


def long_names() -> bytes:
    files = {f"{'d' * 200}/{number:06d}{'n' * 60_000}": b"" for number in range(300)}
    return docker_save([tar(GOOD), tar({**files, "a/node_modules/b/package.json": npm("b", "1")})])


def streamed(members: Iterable[tuple[str, bytes]]) -> bytes:
    """An image with one layer, packed while it is written: headers are made by hand, since there are many."""
    out = io.BytesIO()
    with zstandard.ZstdCompressor(level=1).stream_writer(out, closefd=False) as layer:
        layer.write(tar(GOOD, end=False))
        layer.write(bytes(-len(tar(GOOD, end=False)) % 512))
        for name, body in members:
            if len(name) > 100:
                layer.write(header("long", len(name), b"L") + name.encode() + bytes(-len(name) % 512))
            layer.write(header(name[:100], len(body), b"0") + body + bytes(-len(body) % 512))
        layer.write(bytes(1024))
    return Oci().add([out.getvalue()]).tar()


def header(name: str, size: int, kind: bytes) -> bytes:
    block = struct.pack("100s24s12s12s8s1s355s", name.encode(), b"0000644", b"%011o" % size, b"", b" " * 8, kind, b"")
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def lists_of_owned_files() -> bytes:
    body = b"".join(b"/usr/share/%07d/%07d\n" % (number, number) for number in range(150_000))
    return streamed((f"var/lib/dpkg/info/p{number}.list", body) for number in range(120))


def an_owned_file_of_one_endless_line() -> bytes:
    return streamed((f"var/lib/dpkg/info/p{number}.list", b"/" + b"x" * (7 * MIB)) for number in range(5))


def long_wanted_names() -> bytes:
    return streamed((f"{number}{'n' * 60_000}.jar", b"x") for number in range(6_000))


def members_with_endless_names() -> bytes:
    files = {f"{number}{'n' * 700_000}": b"" for number in range(600)}
    return pack(tar({**GOOD, **files}), "gzip")


def broken_manifests() -> bytes:
    return streamed((f"d{number}/node_modules/a/package.json", b"{") for number in range(190_000))


def fat_manifests() -> bytes:
    licences = [{"type": f"{number}{'y' * 100}"} for number in range(60)]
    body = json.dumps({"version": "1." + "9" * 200, "licenses": licences, "name": "n" * 180})[:-2]
    names = ((number, f"d{number}/{'d' * 500}/node_modules/a/package.json") for number in range(45_000))
    return streamed((name, f'{body}{number}"}}'.encode()) for number, name in names)


def whiteouts_without_end() -> bytes:
    return streamed((f"d{number}/{'n' * 60}/.wh.a", b"") for number in range(700_000))


def programs_with_long_names() -> bytes:
    return streamed((f"usr/bin/{number}{'n' * 3_000}.so", b"\x7fELF" + bytes(60)) for number in range(45_000))


@pytest.mark.parametrize(
    "build",
    [
        gzip_of_a_large_jar,
        nested_jars,
        wide_zstd_window,
        many_records,
        many_manifests,
        long_names,
        lists_of_owned_files,
        an_owned_file_of_one_endless_line,
        long_wanted_names,
        programs_with_long_names,
        members_with_endless_names,
        pytest.param(broken_manifests, marks=pytest.mark.slow),
        fat_manifests,
        pytest.param(whiteouts_without_end, marks=pytest.mark.slow),
    ],
    ids=lambda build: build.__name__,
)
def test_private_memory_is_bounded(tmp_path: Path, build: Callable[[], bytes]) -> None:
    path = tmp_path / "bomb.tar"
    path.write_bytes(build())
    found = run(path)
    assert isinstance(found["packages"], int)
    assert found["packages"] >= 1


def test_an_rpm_database_of_two_million_files(tmp_path: Path) -> None:
    """The lists of what packages own are kept as they are and searched in pieces, whatever they are asked for."""
    names = [b"f%05d" % number for number in range(1_000)]

    def package(number: int) -> bytes:
        more: dict[int, rpms.Value] = {
            tags.BASE_NAMES: names,
            tags.DIR_NAMES: [b"/u/%d/" % number],
            tags.DIR_INDEXES: [0] * len(names),
        }
        return rpms.package(f"p{number}", "1-1", more=more)

    database = rpms.sqlite((package(number) for number in range(2_200)), page=65536)
    owned = {"u/7/f00007": npm("n", "1"), "u/7/node_modules/n/package.json": npm("n", "1")}
    path = tmp_path / "image.tar"
    path.write_bytes(docker_save([tar({"etc/os-release": DEBIAN, "var/lib/rpm/rpmdb.sqlite": database, **owned})]))
    found = run(path)
    assert (found["packages"], found["troubles"]) == (2_201, [])


def test_a_file_larger_than_the_memory_of_the_child(tmp_path: Path) -> None:
    path = tmp_path / "large.tar"
    with path.open("wb") as file:
        file.write(tar({**GOOD}, end=False))
        file.seek(0)
    layer = tar(GOOD, end=False)
    layer += bytes(-len(layer) % 512)
    hole = 600 * MIB
    header = bytearray(tar({"hole": b""})[:512])
    header[124:136] = b"%011o\0" % hole
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    with path.open("wb") as file:
        file.write(layer + header)
        file.seek(hole, io.SEEK_CUR)
        file.write(bytes(1024))
    assert run(path)["packages"] == 1


def test_an_entry_of_a_zip_that_is_larger_than_the_memory_of_the_child(tmp_path: Path) -> None:
    """LZMA, whose properties lie in another order than its decoder wants them."""
    name, hole = b"package-lock.json", 600 * MIB
    begun = b"\x09\x14\x05\0\x5d\0\0\1\0"
    packed = len(begun) + hole
    local = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 14, 0, 0, 0, packed, 1000, len(name), 0) + name + begun
    entry = struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 14, 0, 0, 0, packed, 1000, len(name), *[0] * 6) + name
    path = tmp_path / "large.zip"
    with path.open("wb") as file:
        file.write(local)
        file.seek(hole, io.SEEK_CUR)
        file.write(entry + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, len(entry), len(local) + hole, 0))
    assert run(path)["status"] == "partial"
