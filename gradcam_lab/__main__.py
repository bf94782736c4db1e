"""`python -m gradcam_lab` is `gradcam-lab`."""

from gradcam_lab.cli import main

main()
