"""Progress as it happens: one listening connection per process, any number of readers."""
