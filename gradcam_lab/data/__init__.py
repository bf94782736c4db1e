"""Data sets and files of boxes: downloaded, drawn or the user's own, read as `Sample`s and arrays."""
