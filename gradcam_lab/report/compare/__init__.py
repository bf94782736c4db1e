"""The page and the table of `compare`."""
