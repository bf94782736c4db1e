"""The trial of one network, in a process of its own: what it needs is imported once, before that process is forked."""

import sys
from multiprocessing.connection import Connection

import torch

from gradcam_lab.models.sources.timm_models import timm
from tests.models.layers.builds import build, enliven, family
from tests.models.layers.trial import try_network

timm()

MEMORY_GB = 16


def one(name: str, answer: Connection) -> None:
    """Try a network, and send the cells of its row that are known; what goes wrong is one of them."""
    _limit_memory()
    torch.set_num_threads(1)
    row = {"family": family(name)}
    try:
        network, size = build(name)
        row |= {"size": str(size), "parameters": str(sum(weight.numel() for weight in network.parameters()))}
        enliven(network, size)
        found = try_network(network, size)
        row |= {"layer": found.name, "form": found.form, "grid": str(found.grid[0])}
        row |= {"channels": str(found.channels), "prefix": str(found.prefix), "result": "ok"}
    except Exception as error:  # whatever a network raises is its result
        row["result"] = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"[:200]
    answer.send(row)


def _limit_memory() -> None:
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_GB * 2**30, MEMORY_GB * 2**30))
