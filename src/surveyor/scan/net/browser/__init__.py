"""A Chromium of this machine that loads a page through our own guard: its process, its protocol, its proxy."""
