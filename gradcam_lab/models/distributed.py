"""Data-parallel processes: `torchrun --nproc-per-node 2 -m gradcam_lab train ...`.

Without torchrun there is one process of rank 0: its share is everything, and sums and waits do nothing.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch import distributed as group

from gradcam_lab.console import say

T = TypeVar("T")

TIMEOUT = timedelta(hours=12)
"""The longest wait for another process, which may be downloading a data set."""


@contextmanager
def session() -> Iterator[None]:
    """Initialise the group of processes that torchrun has started, with NCCL on GPUs and gloo on CPUs."""
    if not launched() or group.is_initialized():
        yield
        return
    on_gpus = torch.cuda.is_available()
    if on_gpus:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    # Imported after the initialisation, as torchvision does, this module keeps the group in the defaults of its
    # functions: gloo's threads would outlive it, and one that releases a tensor while Python ends aborts the process.
    import_module("torch.distributed.nn.functional")
    group.init_process_group("nccl" if on_gpus else "gloo", timeout=TIMEOUT)
    try:
        yield
    finally:
        group.destroy_process_group()


def launched() -> bool:
    """Say whether torchrun has started several processes."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def world() -> int:
    """Return the number of processes."""
    return group.get_world_size() if group.is_initialized() else 1


def rank() -> int:
    """Return the rank of this process, from 0."""
    return group.get_rank() if group.is_initialized() else 0


def leads() -> bool:
    """Say whether this is the process of rank 0, which writes and prints; also before and after the session."""
    if group.is_torchelastic_launched():
        return os.environ["RANK"] == "0"
    return rank() == 0


def say_once(text: str) -> None:
    """Print a line, in the process of rank 0 only."""
    if leads():
        say(text)


def share(count: int) -> slice:
    """Return this process's share of so many items: consecutive, and of the others' size give or take one.

    Examples:
        >>> share(5)  # of a single process
        slice(0, 5, None)
    """
    return slice(rank() * count // world(), (rank() + 1) * count // world())


def shard(items: Sequence[T]) -> Sequence[T]:
    """Return this process's share of some items, in order."""
    return items[share(len(items))]


def gather(items: Sequence[T]) -> list[T]:
    """Join the results of all processes, in order: the inverse of `shard`.

    Every process must call it, and each gets all results.
    """
    if world() == 1:
        return list(items)
    parts: list[list[T]] = [[] for _ in range(world())]
    group.all_gather_object(parts, list(items))
    return [item for part in parts for item in part]


def total(value: Tensor) -> Tensor:
    """Sum a tensor over all processes, in place."""
    if world() > 1:
        group.all_reduce(value)
    return value


def differentiable_total(value: Tensor) -> Tensor:
    """Sum a tensor over all processes, not in place and with a gradient."""
    return _Total.apply(value) if world() > 1 else value


class _Total(torch.autograd.Function):
    """Every process's value is part of every process's sum, so the gradients are summed as well."""

    @staticmethod
    def forward(context: Any, value: Tensor) -> Tensor:
        return total(value.clone())

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:
        return total(gradient.clone())


def wait() -> None:
    """Wait until every process has called this."""
    if world() > 1:
        group.barrier()


@contextmanager
def leader_first() -> Iterator[None]:
    """Run a block in the process of rank 0 first, then in the others, which find its result, such as a download."""
    if not leads():
        wait()
    yield
    if leads():
        wait()


def parallel(network: nn.Module) -> nn.Module:
    """Wrap a network so that a backward pass gives every process the mean of all gradients."""
    if world() == 1:
        return network
    return nn.parallel.DistributedDataParallel(network)
