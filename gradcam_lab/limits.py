"""The largest whole numbers that a user may give, on the command line, in a file or from Python.

What is larger is a slip of the finger, and would end in an error of whatever counts with it.
"""

MAX_COUNT = 10**9
MAX_BATCH = 2**16
MAX_SAMPLES = 10**6
"""Of a bootstrap, and of SmoothGrad's noisy copies."""

MAX_JOBS = 2**10
MAX_SEED = 2**63 - 1
"""Both torch and numpy take it."""
