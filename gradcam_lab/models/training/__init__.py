"""Training a classifier, and scoring it."""
