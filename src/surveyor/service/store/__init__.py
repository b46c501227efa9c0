"""Tables and their queries, one file per aggregate; every query takes the caller's session and commits nothing."""
