"""Which packages of the kernel's source are not the kernel, and which names only look alike."""

from __future__ import annotations

import pytest

from surveyor.scan.advise.headers import RULES, without_kernel
from surveyor.scan.model import SourcePackage
from tests.unit.scan.advise.conftest import plain


@pytest.mark.parametrize(
    ("kind", "name", "source", "reason"),
    [
        ("deb", "linux-libc-dev", "linux", "header_only"),
        ("deb", "linux-libc-dev-arm64-cross", "linux", "header_only"),
        ("deb", "linux-headers-6.1.0-21-amd64", "linux", "header_only"),
        ("deb", "linux-aws-headers-6.8.0-1009", "linux-aws", "header_only"),
        ("deb", "linux-kbuild-6.1", "linux", "header_only"),
        ("deb", "linux-doc", "linux", "header_only"),
        ("deb", "linux-source-6.1", "linux", "header_only"),
        ("deb", "linux-perf", "linux", "kernel_tools"),
        ("deb", "bpftool", "linux", "kernel_tools"),
        ("deb", "linux-image-6.1.0-21-amd64", "linux", None),
        ("deb", "linux-modules-6.8.0-31-generic", "linux", None),
        ("deb", "linux-image-6.1.0-21-amd64-unsigned", "linux", None),
        ("deb", "linux-base", "linux-base", None),
        ("deb", "libatm1", "linux-atm", None),
        ("deb", "bpftool", "bpftool", None),
        ("rpm", "kernel-headers", "kernel", "header_only"),
        ("rpm", "kernel-devel-matched", "kernel", "header_only"),
        ("rpm", "kernel-rt-doc", "kernel-rt", "header_only"),
        ("rpm", "kernel-tools-libs", "kernel", "kernel_tools"),
        ("rpm", "kernel-core", "kernel", None),
        ("rpm", "kernel", "kernel", None),
        ("apk", "linux-headers", "linux-headers", "header_only"),
        ("apk", "linux-lts", "linux-lts", None),
        ("npm", "linux-libc-dev", "linux", None),
    ],
)
def test_rules(kind: str, name: str, source: str, reason: str | None) -> None:
    rule = without_kernel(plain(kind, name, "1", source=SourcePackage(name=source, version="1")))
    assert (rule.reason if rule else None) == reason


def test_every_rule_says_why() -> None:
    assert all(rule.why and rule.reason in {"header_only", "kernel_tools"} for rule in RULES)
