"""The course as its authors write it: the tasks of each step, solution markers, stubs."""
