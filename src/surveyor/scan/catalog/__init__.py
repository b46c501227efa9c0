"""Tree → package records: one file per ecosystem, registered here by one line."""

from __future__ import annotations

from surveyor.scan.catalog import apk, dpkg, jar, npm, python, rpm

CATALOGERS = (apk.CATALOGER, dpkg.CATALOGER, jar.CATALOGER, npm.CATALOGER, python.CATALOGER, rpm.CATALOGER)
