"""What people and vendors decided about findings: read from their documents, applied to a report, written as VEX."""
