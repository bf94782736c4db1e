"""The stages of a run, one file each: what it reads, what it depends on, and the function that writes its artifact."""
