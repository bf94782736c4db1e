"""`locate`: many photos in, scored boxes of their classes out; no annotations are needed."""
