"""Two results of one function beside each other, yours and the reference's, and the difference."""
