"""Which binary packages of the kernel's source hold no kernel, so that its advisories say little about them.

One such package, linux-libc-dev, is in every image with a C compiler and brings thousands of kernel advisories. Of
headers nothing runs: their findings say so and come last. Where the kernel is there too, and for its tools, nothing is
found; that is told in coverage, never dropped in silence.
"""

from __future__ import annotations

import re

from surveyor.scan.model import Package
from surveyor.scan.patterns import regex
from surveyor.scan.values import frozen

HEADERS, TOOLS = "header_only", "kernel_tools"


@frozen
class Rule:
    """Binary packages by type, source and name; ``why`` is what they are instead of a kernel.

    ``reason`` is the code in coverage: ``header_only`` (nothing of it runs) or ``kernel_tools`` (it runs, but the
    advisories are about the kernel; a flaw in such a tool itself would be missed).
    """

    type: str
    source: re.Pattern[str]
    binary: re.Pattern[str]
    reason: str
    why: str


#: linux, linux-aws, linux-hwe-6.8 … but not sources that only begin alike.
_DEB = regex(r"linux(?:-(?!base$|atm$|firmware$)[a-z0-9.-]+)?")
_RPM = regex(r"kernel(?:-[a-z0-9]+)*")
_APK = regex(r"linux-headers")


def _rule(kind: str, source: re.Pattern[str], binary: str, reason: str, why: str) -> Rule:
    return Rule(type=kind, source=source, binary=re.compile(binary), reason=reason, why=why)


_MODULES = "headers and scripts to build modules"
RULES = (
    _rule("deb", _DEB, r"linux-libc-dev(?:-.+)?", HEADERS, "user-space C headers"),
    _rule("deb", _DEB, r"linux-(?:.+-)?(?:headers|kbuild|compiler-gcc|support|buildinfo)-.+", "header_only", _MODULES),
    _rule("deb", _DEB, r"linux-(?:.+-)?doc(?:-.+)?", HEADERS, "documentation"),
    _rule("deb", _DEB, r"linux-(?:.+-)?source(?:-.+)?", HEADERS, "source text that does not run"),
    _rule("deb", _DEB, r"linux-(?:perf|cpupower|tools)(?:-.+)?|libcpupower.*", TOOLS, "performance tools"),
    _rule("deb", _DEB, r"bpftool|rtla|usbip|hyperv-daemons|linux-cloud-tools-.+", TOOLS, "user-space tools"),
    _rule("rpm", _RPM, r"kernel(?:-.+)?-headers", HEADERS, "user-space C headers"),
    _rule("rpm", _RPM, r"kernel(?:-.+)?-devel(?:-matched)?", "header_only", _MODULES),
    _rule("rpm", _RPM, r"kernel(?:-.+)?-(?:doc|abi-stablelists)", HEADERS, "documentation"),
    _rule(
        "rpm",
        _RPM,
        r"kernel(?:-.+)?-tools(?:-libs.*)?|perf|python3-perf|bpftool|rtla",
        TOOLS,
        "user-space tools",
    ),
    _rule("apk", _APK, r"linux-headers", HEADERS, "user-space C headers"),
)


_BY_TYPE = {kind: tuple(rule for rule in RULES if rule.type == kind) for kind in ("deb", "rpm", "apk")}
#: How every source begins that a rule is about: nearly no package's does.
_KERNELS = ("kernel", "linux")


def without_kernel(package: Package) -> Rule | None:
    """The rule by which this package is not the kernel it was built with, ``None`` when no rule says so."""
    source = package.source.name if package.source else package.name
    if not source.startswith(_KERNELS):
        return None
    for rule in _BY_TYPE.get(package.type, ()):
        if rule.source.fullmatch(source) and rule.binary.fullmatch(package.name):
            return rule
    return None
