"""Archives of every kind in which students hand in, read under limits; nothing is unpacked by its own path."""
