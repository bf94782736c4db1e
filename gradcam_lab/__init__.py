"""gradcam-lab: a network trained only to say *whether* an image holds a dog is made to say *where*."""

from importlib.metadata import version

__version__ = version("gradcam-lab")
