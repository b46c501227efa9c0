"""Report formats: one file each, from a report to text."""
