"""Which names of licences are certain, and which stay as they were written."""

from __future__ import annotations

import time

import pytest

from surveyor.scan.catalog.interface import licence
from surveyor.scan.formats.licence import spdx

CERTAIN = {
    "GPL-3+ with Bison exception": "GPL-3.0-or-later WITH Bison-exception-2.2",
    "GPL-2+ with autoconf exception": "GPL-2.0-or-later WITH Autoconf-exception-2.0",
    "GNU General Public License (GPL), Version 2, With Classpath Exception": (
        "GPL-2.0-only WITH Classpath-exception-2.0"
    ),
    "GPL2 w/ CPE": "GPL-2.0-only WITH Classpath-exception-2.0",
    "GFDL-NIV-1.3+": "GFDL-1.3-no-invariants-or-later",
    "MIT": "MIT",
    "The MIT License": "MIT",
    "Expat": "MIT",
    "MIT/X11": "MIT",
    "Apache 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "ASL 2.0": "Apache-2.0",
    "3-Clause BSD License": "BSD-3-Clause",
    "BSD-3-clause": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "zlib/libpng License": "Zlib",
    "GPLv2+": "GPL-2.0-or-later",
    "GPL-2": "GPL-2.0-only",
    "LGPL-2.1": "LGPL-2.1-only",
    "LGPLv2.1 or later": "LGPL-2.1-or-later",
    "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
    "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.0-or-later",
    "GNU Affero General Public License v3": "AGPL-3.0-only",
    "GPL (>= 2)": "GPL-2.0-or-later",
    "GFDL-1.3+": "GFDL-1.3-or-later",
    "bsd-3-clause or mit": "BSD-3-Clause OR MIT",
    "GPL-2+ and LGPL-2.1": "GPL-2.0-or-later AND LGPL-2.1-only",
    "MIT OR (Apache-2.0 AND Zlib)": "MIT OR (Apache-2.0 AND Zlib)",
    "(MIT OR Apache-2.0)": "(MIT OR Apache-2.0)",
    "MIT/Apache-2.0": "MIT OR Apache-2.0",
    "Apache-2.0 / MIT": "Apache-2.0 OR MIT",
    "Apache-2.0 WITH LLVM-exception": "Apache-2.0 WITH LLVM-exception",
    "GPL-2.0-only WITH Classpath-exception-2.0": "GPL-2.0-only WITH Classpath-exception-2.0",
    "GPLv2+ with Classpath-exception": "GPL-2.0-or-later WITH Classpath-exception-2.0",
    "CC-BY-SA-2.5": "CC-BY-SA-2.5",
    "MPL-2.0-no-copyleft-exception": "MPL-2.0-no-copyleft-exception",
    "EUPL-1.1+": "EUPL-1.1+",
    "LicenseRef-Acme": "LicenseRef-Acme",
    "http://www.apache.org/licenses/LICENSE-2.0.txt": "Apache-2.0",
    "https://opensource.org/licenses/MIT": "MIT",
    "http://www.opensource.org/licenses/mit-license.php": "MIT",
    "https://www.eclipse.org/legal/epl-2.0/": "EPL-2.0",
    "https://www.mozilla.org/en-US/MPL/2.0/": "MPL-2.0",
}
UNCERTAIN = (
    "GPL-2+ with OpenSSL exception",
    "MIT with Bison exception",
    "BSD",
    "BSD License",
    "GPL",
    "Apache Software License",
    "Public Domain",
    "GPL-4",
    "MIT, BSD",
    "MIT OR",
    "OR MIT",
    "MIT OR (Zlib",
    "MIT) OR (Zlib",
    "MIT Zlib",
    "MIT OR proprietary",
    "Apache-2.0 WITH MIT",
    "LLVM-exception",
    "classpath",
    "CC BY",
    "MIT OR LLVM-exception",
    "GPLv2 with exceptions",
    "https://shop.example/licenses/MIT",
    "http://www.gnu.org/licenses/gpl-3.0.html",  # that one only, or later ones too: not said
    "",
)


@pytest.mark.parametrize(("text", "expected"), CERTAIN.items())
def test_certain(text: str, expected: str) -> None:
    assert spdx(text) == expected
    assert spdx(expected) == expected


@pytest.mark.parametrize("text", UNCERTAIN)
def test_uncertain(text: str) -> None:
    assert spdx(text) is None
    assert licence(text) == ((text,) if text else ())


def test_texts_and_placeholders_are_no_names() -> None:
    assert licence("UNKNOWN") == licence("x" * 200) == ()


@pytest.mark.parametrize(
    "text", ["(" * 400, "MIT OR " * 57, "/" * 400, "-" * 400, "lesser general " * 26, "GPL with " * 44, "x" * 10**6]
)
def test_hostile_names_end_soon(text: str) -> None:
    start = time.thread_time()
    spdx(text)
    assert time.thread_time() - start < 1
