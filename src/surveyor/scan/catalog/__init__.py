"""Tree → package records: one file per ecosystem, registered here by one line."""

from __future__ import annotations

from surveyor.scan.catalog import (
    apk,
    composer,
    conda,
    cran,
    debian_copyright,
    dpkg,
    gem,
    jar,
    julia,
    npm,
    opkg,
    pacman,
    pnp,
    python,
    rpm,
    rpmfile,
)

CATALOGERS = (
    apk.CATALOGER,
    composer.CATALOGER,
    conda.CATALOGER,
    cran.CATALOGER,
    debian_copyright.CATALOGER,
    dpkg.CATALOGER,
    gem.CATALOGER,
    jar.CATALOGER,
    julia.CATALOGER,
    npm.CATALOGER,
    opkg.CATALOGER,
    pacman.CATALOGER,
    pnp.CATALOGER,
    python.CATALOGER,
    rpm.CATALOGER,
    rpmfile.CATALOGER,
)
