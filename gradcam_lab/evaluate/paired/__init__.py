"""Two methods on the same images: the differences of their scores, and the images on which they differ most."""
