"""What a scan of pages saw, kept in a file: written when it ends, and judged again without any network."""
