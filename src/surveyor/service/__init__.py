"""The only room that knows PostgreSQL, HTTP and HTML; it never parses hostile bytes."""
