"""gradcam-lab: a network trained only to say *whether* an image holds a dog is made to say *where*.

    import gradcam_lab as lab

    net = lab.load("resnet50", weights="imagenet")
    found = lab.locate("photo.jpg", net, classes=["dog"])
    print(found.boxes)

Every name is imported when it is first used, because torch alone takes seconds; `__init__.pyi` tells type checkers
which names there are.
"""

import sys
from importlib import import_module
from types import ModuleType

WHERE = {
    "load": "gradcam_lab.api.load",
    "locate": "gradcam_lab.api.locate",
    "Found": "gradcam_lab.api.locate",
    "explain": "gradcam_lab.api.explain",
    "Explained": "gradcam_lab.api.explain",
    "evaluate": "gradcam_lab.api.evaluate",
    "open_data": "gradcam_lab.api.open_data",
    "run_all": "gradcam_lab.api.run_all",
    "Classifier": "gradcam_lab.models.classifier",
    "LabError": "gradcam_lab.errors",
}
"""The module of each public name, in the order in which one reads of them; `__init__.pyi` has the same."""

__all__ = list(WHERE)


def __getattr__(name: str) -> object:
    if name == "__version__":  # looking it up takes 10 ms
        from importlib.metadata import version

        return version("gradcam-lab")
    if name not in WHERE:
        raise AttributeError(f"module 'gradcam_lab' has no attribute '{name}'")
    globals()[name] = value = getattr(import_module(WHERE[name]), name)
    return value


def __dir__() -> list[str]:
    return ["__version__", *WHERE]


class _Package(ModuleType):
    def __setattr__(self, name: str, value: object) -> None:
        """Keep `lab.explain` the function, also when Python sets the folder `explain` that it has imported."""
        if not (name in WHERE and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
