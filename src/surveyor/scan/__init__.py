"""The scanner: synchronous, no database, no web framework, no LLM; usable alone."""
