"""Packages to vulnerabilities: advisory feeds, the snapshot they are kept in, version orders, and the match."""
