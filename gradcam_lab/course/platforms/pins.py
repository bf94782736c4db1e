"""The packages that gradcam-lab needs on a machine without a GPU, at the versions with which it runs here."""

from importlib import metadata

from gradcam_lab.course.platforms.wheel import NAME

FOR_A_GPU = ("nvidia-", "cuda-", "triton")
"""Begin the names of what only torch's build for CUDA needs."""


def pinned() -> dict[str, str]:
    """The versions of all that is needed, and of nothing else, by the packages' names, in order.

    A version is public: torch's build for CPUs is 2.9.1 here, whatever its own index adds to that.
    """
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    found: dict[str, str] = {}
    waiting = [NAME]
    while waiting:
        for line in metadata.requires(waiting.pop()) or ():
            requirement = Requirement(line)
            name = canonicalize_name(requirement.name)
            if name in found or name.startswith(FOR_A_GPU):
                continue
            if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
                continue
            try:
                found[name] = metadata.version(name).partition("+")[0]
            except metadata.PackageNotFoundError:  # for another system
                continue
            waiting.append(name)
    return dict(sorted(found.items()))


def as_constraints() -> str:
    """The same as a file of constraints or requirements for pip."""
    return "".join(f"{name}=={version}\n" for name, version in pinned().items())
