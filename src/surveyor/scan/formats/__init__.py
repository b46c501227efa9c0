"""Pure readers of byte formats that several units need: on memoryviews, knowing no tree and no package."""
