"""The corpus: real files of every format, built from the package registries by their own clients."""
