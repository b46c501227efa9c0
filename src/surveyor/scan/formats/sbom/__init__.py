"""Bills of materials as others write them: CycloneDX, SPDX and Syft's own, each format in a file of its own."""
