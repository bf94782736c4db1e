"""An image to its map, and the map to boxes: arrays in, arrays out."""
