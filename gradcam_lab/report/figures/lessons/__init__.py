"""The figures of the lessons, one module each: `draw(path)` writes an SVG; a lesson names it by its module's name."""
