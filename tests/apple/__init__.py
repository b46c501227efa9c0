"""Writers of Apple's formats, for tests: disk images, volumes, compressed bytes, installer packages."""
