"""The processes in which students' code runs: starting them, their limits, the wall around them, talking to them."""
