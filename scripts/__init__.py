"""What the Makefile calls and needs nothing but Python: not part of the package."""
