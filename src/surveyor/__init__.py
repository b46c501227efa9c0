"""Surveyor: one self-hosted scan platform for web pages and artifacts."""

__version__ = "0.1.0"
