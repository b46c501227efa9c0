"""Model providers, prompts and typed answers; no database."""
