"""gradcam-lab: a network trained only to say *whether* an image holds a dog is made to say *where*."""

__version__: str


def __getattr__(name: str) -> str:
    """Look the version up when it is asked for: that takes 10 ms, which most commands can do without."""
    if name != "__version__":
        raise AttributeError(f"module 'gradcam_lab' has no attribute '{name}'")
    from importlib.metadata import version

    return version("gradcam-lab")
