"""Boxes, classes, masks and maps to numbers: arrays in, arrays out."""
