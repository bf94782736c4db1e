"""The exception for every error that the user can mend."""


class LabError(Exception):
    """Something the user can mend: the text names the file, what is wrong with it and what to do.

    The command line prints it as one sentence on stderr and exits with 2; nothing else is caught there, so a
    traceback always means a bug of ours.
    """
