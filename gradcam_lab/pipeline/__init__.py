"""The stages between images and a report, each a function from inputs to one artifact on disk."""
