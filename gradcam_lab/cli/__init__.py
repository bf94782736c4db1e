"""The command line: one file for each group of commands. A command only hands its options on.

Whatever needs torch, matplotlib or weasyprint is imported inside the command that uses it, so that --help is quick.
"""

from gradcam_lab.cli.app import main

__all__ = ["main"]
