"""Makes at once what is made late elsewhere: a fork server imports this last, so that no child makes it for itself."""

from __future__ import annotations

from surveyor.scan import patterns, values
from surveyor.scan.catalog import fingerprints
from surveyor.scan.engine.concern import wishes
from surveyor.scan.engine.wanted import is_nested, wanted
from surveyor.scan.formats.licence import spdx

for _system in (True, False):
    wanted(system=_system)
    is_nested(b"", system=_system)
wishes(b"")
fingerprints.definition()
fingerprints.owners(b"")
fingerprints.bare()
fingerprints.named()
spdx("")
patterns.compile_all()
values.make_all()
