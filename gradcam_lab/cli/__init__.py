"""The command line: one file for each group of commands. A command only hands its options on.

Whatever needs torch, matplotlib or weasyprint is imported inside the command that uses it, so that --help is quick.
A command of many options takes them all at once, as `flags = dict(locals())` in its first line, before other names are
there; the function that gets them has parameters of the same names.
"""

from gradcam_lab.cli.app import main

__all__ = ["main"]
