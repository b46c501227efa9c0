"""What people read about the protection of programs."""

from __future__ import annotations

from surveyor.scan.check.interface import Table, Words
from surveyor.scan.model import Severity

_GCC = "https://gcc.gnu.org/onlinedocs/gcc/Instrumentation-Options.html"
_LD = "https://sourceware.org/binutils/docs/ld/Options.html"
_OPENSSF = "https://best.openssf.org/Compiler-Hardening-Guides/Compiler-Options-Hardening-Guide-for-C-and-C++.html"
_MSVC = "https://learn.microsoft.com/cpp/build/reference/"
_APPLE = "https://developer.apple.com/documentation/security/"

WORDS: Table = {
    "hardening_pie": {
        "missing": Words(
            title="Program not position-independent",
            severity=Severity.LOW,
            description="The program is always loaded at the same address, so an attacker who can redirect it knows where "
            "every piece of its code is.",
            fix="Build it as a position-independent executable.",
            steps=(
                "C and C++: compile with -fPIE and link with -pie; on macOS leave -no_pie out.",
                "Go: go build -buildmode=pie.",
            ),
            references=(_OPENSSF,),
        ),
    },
    "hardening_aslr": {
        "missing": Words(
            title="Address space layout randomisation off",
            severity=Severity.MEDIUM,
            description="Windows loads the program at the same address each time, so an attacker who can redirect it knows "
            "where every piece of its code is.",
            fix="Link it with /DYNAMICBASE and keep its relocations.",
            references=(_MSVC + "dynamicbase-use-address-space-layout-randomization",),
        ),
        "low_entropy": Words(
            title="High-entropy address randomisation off",
            severity=Severity.LOW,
            description="The program of 64 bits is loaded at one of few addresses, which can be tried out.",
            fix="Link it with /HIGHENTROPYVA.",
            references=(_MSVC + "highentropyva-support-64-bit-aslr",),
        ),
    },
    "hardening_stack": {
        "executable": Words(
            title="Stack executable",
            severity=Severity.MEDIUM,
            description="What an attacker writes into a buffer on the stack can be run as code.",
            fix="Link it with -z noexecstack, and mark assembly files as not needing an executable stack.",
            steps=(
                "Find the object that asks for it: readelf -W --sections FILE.o shows X on .note.GNU-stack, or no such section.",
                'Add .section .note.GNU-stack,"",%progbits to assembly files.',
            ),
            references=(_LD, _OPENSSF),
        ),
    },
    "hardening_dep": {
        "missing": Words(
            title="Data execution prevention off",
            severity=Severity.MEDIUM,
            description="What an attacker writes into the program's memory can be run as code.",
            fix="Link it with /NXCOMPAT.",
            references=(_MSVC + "nxcompat-compatible-with-data-execution-prevention",),
        ),
    },
    "hardening_wx": {
        "present": Words(
            title="Memory both writable and executable",
            severity=Severity.MEDIUM,
            description="A part of the program may be written and run, so whoever can write to it runs code of their own.",
            fix="Keep code and data in parts of their own.",
            steps=(
                "Look for linker scripts and options that merge sections, such as -N or --omagic.",
                "A packer such as UPX needs such memory: ship the program unpacked.",
            ),
            references=(_LD,),
        ),
    },
    "hardening_textrel": {
        "present": Words(
            title="Text relocations",
            severity=Severity.LOW,
            description="Code has to be made writable while it is loaded, and cannot be shared between processes.",
            fix="Compile every object with -fPIC or -fPIE and link with -z text.",
            references=(_LD,),
        ),
    },
    "hardening_relro": {
        "missing": Words(
            title="Relocations stay writable",
            severity=Severity.LOW,
            description="The tables through which the program calls its libraries can be overwritten while it runs.",
            fix="Link it with -z relro -z now.",
            references=(_LD, _OPENSSF),
        ),
        "partial": Words(
            title="Relocations partly writable",
            severity=Severity.LOW,
            description="The table through which the program calls functions of its libraries is filled in at their first "
            "call, so it can be overwritten until the program ends.",
            fix="Link it with -z now as well.",
            references=(_LD, _OPENSSF),
        ),
    },
    "hardening_canary": {
        "missing": Words(
            title="Stack canaries not found",
            severity=Severity.LOW,
            description="No function of the program notices when a buffer on its stack overflows into its return address.",
            fix="Compile with -fstack-protector-strong, or /GS on Windows.",
            references=(_GCC, _OPENSSF),
            # who has no buffers on its stack needs none and has none
            confidence=0.6,
        ),
    },
    "hardening_fortify": {
        "missing": Words(
            title="Checked library functions not used",
            severity=Severity.LOW,
            description="The program calls functions such as memcpy and sprintf that do not notice when a buffer is too small, "
            "though the C library has such that do.",
            fix="Compile with -O2 -D_FORTIFY_SOURCE=3.",
            references=(_OPENSSF,),
            # the compiler may have seen that every buffer is large enough
            confidence=0.5,
        ),
    },
    "hardening_rpath": {
        "unsafe": Words(
            title="Library search path unsafe",
            severity=Severity.MEDIUM,
            description="The program looks for its libraries in a folder that depends on where it is started, or that others "
            "may write to: whoever puts a library there runs code in it.",
            fix="Remove the path, or make it relative to the program with $ORIGIN.",
            steps=(
                "See it with readelf -d FILE or otool -l FILE.",
                "Change it at the link with -Wl,-rpath,'$ORIGIN/../lib', or afterwards with patchelf or install_name_tool.",
            ),
            references=(_LD,),
        ),
    },
    "hardening_cfg": {
        "missing": Words(
            title="Control Flow Guard off",
            severity=Severity.LOW,
            description="An attacker who overwrites a pointer to a function can send the program anywhere.",
            fix="Compile and link it with /guard:cf.",
            references=(_MSVC + "guard-enable-control-flow-guard",),
        ),
    },
    "hardening_safeseh": {
        "missing": Words(
            title="Exception handlers not registered",
            severity=Severity.LOW,
            description="An attacker who overwrites an exception handler's address on the stack is called when an exception "
            "is raised.",
            fix="Link it with /SAFESEH.",
            references=(_MSVC + "safeseh-image-has-safe-exception-handlers",),
        ),
    },
    "hardening_signature": {
        "missing": Words(
            title="Code signature missing",
            severity=Severity.LOW,
            description="Nobody vouches for the bytes of the program, so a changed one cannot be told from it.",
            fix="Sign it: signtool on Windows, codesign with a Developer ID on macOS.",
            references=(_APPLE + "notarizing-macos-software-before-distribution",),
            # Windows may hold the signature in a catalogue beside the file
            confidence=0.8,
        ),
        "adhoc": Words(
            title="Code signature of nobody",
            severity=Severity.LOW,
            description="The signature is one that the linker or anybody makes without a certificate: it says nothing of who "
            "made the program.",
            fix="Sign it with a Developer ID and have it notarised.",
            references=(_APPLE + "notarizing-macos-software-before-distribution",),
        ),
    },
    "hardening_runtime": {
        "missing": Words(
            title="Hardened runtime off",
            severity=Severity.LOW,
            description="Other processes of the same user may inject code into the program or replace its libraries.",
            fix="Sign it with codesign --options runtime.",
            references=(_APPLE + "hardened-runtime",),
        ),
    },
}
