"""The exception for every error that the user can mend, and what to say where the memory does not suffice."""


class LabError(Exception):
    """Something the user can mend: the text names the file, what is wrong with it and what to do.

    The command line prints it as one sentence on stderr and exits with 2; nothing else is caught there, so a
    traceback always means a bug of ours.

    Examples:
        >>> import gradcam_lab as lab
        >>> try:
        ...     lab.load("resnet51")
        ... except lab.LabError as error:
        ...     print(error)
        There is no model 'resnet51': did you mean resnet50 or resnet18 or resnet152?
    """

    def __init__(self, text: str) -> None:
        super().__init__(one_line(text))


def one_line(text: str) -> str:
    r"""Write what cannot be seen as its escape, for names in it come from files and may hold anything.

    A line break would make two sentences of one, a terminal's control sequence could hide it, and an invisible letter
    would make two names look alike.

    Examples:
        >>> print(one_line("no class 'traffic\nlight'"))
        no class 'traffic\nlight'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


OUT_OF_MEMORY = ("out of memory", "not enough memory", "alloc_failed")
"""What torch says on a GPU, what it says on a CPU, and what cuDNN and cuBLAS say."""


def is_out_of_memory(error: BaseException) -> bool:
    """Say whether an error of torch means that the memory does not suffice; torch need not be imported for it."""
    return isinstance(error, RuntimeError) and any(words in str(error).lower() for words in OUT_OF_MEMORY)


def memory_advice(error: BaseException, batch: str = "") -> str:
    """Say in one sentence what to do where the memory does not suffice.

    Args:
        error: torch's.
        batch: which option makes the batch smaller; a batch whose size does not matter was halved already.
    """
    first = str(error).strip().splitlines()[0].rstrip(".")
    smaller = f"give {batch}" if batch else "even one image at a time was too much: take a smaller network"
    return (
        f"The memory does not suffice ({first}): {smaller}, end other programs that use the GPU, or set the "
        "environment variable CUDA_VISIBLE_DEVICES to nothing, which computes on the CPU."
    )
