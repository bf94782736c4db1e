"""Classifiers: the zoo, training, and the embedded ToyVOC network."""
