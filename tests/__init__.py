"""The tests; `python -m tests.bench` measures the speed of Grad-CAM."""
