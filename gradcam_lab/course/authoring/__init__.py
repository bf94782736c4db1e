"""The tasks as their authors write them: manifest, markers, stubs."""
