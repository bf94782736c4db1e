"""Settings of the whole process, which a student's file may change at its top: they are put back, and named.

A seed, a default device or a filter of warnings is nobody's mistake; left behind, it would change what other files do.
"""

import copy
import decimal
import gc
import importlib
import locale
import logging
import os
import pickle
import random
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple


class Setting(NamedTuple):
    """One setting.

    Attributes:
        says: what to say of code that has changed it, as "changed numpy's global random seed".
        read: returns its value, which can be compared.
        write: sets it.
        words: it is named only where the student's text has one of these; libraries change it when they are imported.
    """

    says: str
    read: Callable[[], Any]
    write: Callable[[Any], Any]
    words: tuple[str, ...] = ()


class Settings:
    """The settings as they are now, to be put back later."""

    def __init__(self) -> None:
        self.kept = [(setting, setting.read()) for setting in (*_of_torch(), *_of_numpy_and_cv2(), *_of_python())]
        self.stuck = False

    def put_back(self, text: str) -> list[str]:
        """Put back what has changed, and say what it was; `stuck` then tells whether something could not be.

        Args:
            text: the student's, all files that may have run.
        """
        self.stuck = False
        said = []
        for setting, before in self.kept:
            if _is(setting, before):
                continue
            try:
                setting.write(before)
            except Exception:
                self.stuck = True
            self.stuck = self.stuck or not _is(setting, before)
            if not setting.words or any(word in text for word in setting.words):
                said.append(setting.says)
        return said


def _is(setting: Setting, value: Any) -> bool:
    try:
        return bool(setting.read() == value)
    except Exception:  # a library without its insides cannot even be asked
        return False


def _of_torch() -> list[Setting]:
    import torch

    def set_device(device: Any) -> None:
        torch.set_default_device(None if device.type == "cpu" else device)  # None costs no time, "cpu" does

    def set_deterministic(modes: tuple[bool, bool]) -> None:
        torch.use_deterministic_algorithms(modes[0], warn_only=modes[1])

    def deterministic() -> tuple[bool, bool]:
        return torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()

    def set_seed(state: bytes) -> None:
        torch.set_rng_state(torch.frombuffer(bytearray(state), dtype=torch.uint8))

    def set_cudnn(before: dict[str, bool]) -> None:
        for name, value in before.items():
            setattr(cudnn, name, value)

    mkldnn, cudnn = torch.backends.mkldnn, torch.backends.cudnn
    return [
        Setting("changed torch's default device", torch.get_default_device, set_device),  # all below is made on it
        Setting("changed torch's default dtype", torch.get_default_dtype, torch.set_default_dtype),
        Setting("switched gradients on or off for everybody", torch.is_grad_enabled, torch.set_grad_enabled),
        Setting("changed torch's global random seed", lambda: bytes(torch.get_rng_state().numpy()), set_seed),
        Setting("switched torch's deterministic algorithms", deterministic, set_deterministic),
        Setting("changed torch's number of threads", torch.get_num_threads, torch.set_num_threads),
        Setting("switched torch's search for anomalies", torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly),
        Setting(
            "switched torch's autocast",
            lambda: torch.is_autocast_enabled("cpu"),
            lambda value: torch.set_autocast_enabled("cpu", value),
        ),
        Setting(
            "changed torch's precision of matrix products",
            torch.get_float32_matmul_precision,
            torch.set_float32_matmul_precision,
        ),
        Setting("switched torch's flush_denormal", _denormals_flushed, torch.set_flush_denormal),
        Setting("switched torch.backends.mkldnn", lambda: mkldnn.enabled, lambda on: setattr(mkldnn, "enabled", on)),
        Setting(
            "switched torch.backends.cudnn",
            lambda: {name: getattr(cudnn, name) for name in ("enabled", "benchmark", "deterministic")},
            set_cudnn,
        ),
    ]


def _denormals_flushed() -> bool:
    """Whether the processor takes the smallest numbers for zero."""
    import numpy as np

    return bool(np.float32(1e-39) * np.float32(1) == 0)


def _of_numpy_and_cv2() -> list[Setting]:
    import cv2
    import numpy as np

    get_state, set_state = np.random.get_state, np.random.set_state
    return [
        Setting(
            "changed numpy's global random seed",
            lambda: pickle.dumps(get_state(legacy=False)),
            lambda state: set_state(pickle.loads(state)),
        ),
        Setting("changed numpy's handling of errors (np.seterr)", np.geterr, lambda value: np.seterr(**value)),
        Setting("changed numpy's handler of errors (np.seterrcall)", np.geterrcall, np.seterrcall),
        Setting("changed how numpy prints arrays", np.get_printoptions, lambda options: np.set_printoptions(**options)),
        Setting("changed OpenCV's number of threads", cv2.getNumThreads, cv2.setNumThreads),
        Setting("switched OpenCV's optimised code", cv2.useOptimized, cv2.setUseOptimized),
    ]


def _of_python() -> list[Setting]:
    return [
        Setting("changed Python's global random seed", random.getstate, random.setstate),
        Setting("changed the current folder", Path.cwd, os.chdir),
        Setting("changed the environment (os.environ)", os.environ.copy, _set_environ, ("environ", "putenv")),
        Setting("changed the filters of warnings", lambda: list(warnings.filters), _set_filters, ("warnings",)),
        Setting("changed Python's recursion limit", sys.getrecursionlimit, sys.setrecursionlimit),
        Setting("changed sys.path", lambda: list(sys.path), _in_place(sys.path), ("sys.path",)),
        Setting("changed sys.meta_path", _finders, _set_finders, ("meta_path",)),
        Setting("changed sys.path_hooks", lambda: list(sys.path_hooks), _in_place(sys.path_hooks), ("path_hooks",)),
        Setting("left a trace or a profile function", _traces, _set_traces),
        Setting("changed sys.excepthook", lambda: sys.excepthook, lambda hook: setattr(sys, "excepthook", hook)),
        Setting("changed sys.argv", lambda: list(sys.argv), lambda argv: sys.argv.__setitem__(slice(None), argv)),
        Setting("switched the garbage collector", gc.isenabled, lambda on: gc.enable() if on else gc.disable()),
        Setting("changed the garbage collector's thresholds", gc.get_threshold, lambda value: gc.set_threshold(*value)),
        Setting("changed Python's switch interval", sys.getswitchinterval, sys.setswitchinterval),
        Setting("changed the locale", lambda: locale.setlocale(locale.LC_ALL), _set_locale, ("locale",)),
        Setting("changed the context of decimal numbers", _decimal, _set_decimal),
        Setting("changed Python's logging", _logging, _set_logging, ("logging",)),
        Setting("changed the rights of new files (os.umask)", _umask, os.umask),
        Setting("changed what happens at a signal", _handlers, _set_handlers, ("signal",)),
        *([_timer()] if hasattr(signal, "getitimer") else []),
        *_limits(),
    ]


def _in_place(values: list[Any]) -> Callable[[list[Any]], None]:
    def write(before: list[Any]) -> None:
        values[:] = before

    return write


def _set_environ(before: Mapping[str, str]) -> None:
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    os.environ.update(before)


def _set_filters(before: list[Any]) -> None:
    warnings.resetwarnings()  # which tells the warnings that were given once
    warnings.filters[:] = before  # type: ignore[index]


OWN_FINDER = "gradcam_lab.own_modules"


def _finders() -> list[Any]:
    """What finds modules, without ours: it is another one for each file."""
    return [finder for finder in sys.meta_path if type(finder).__module__ != OWN_FINDER]


def _set_finders(before: list[Any]) -> None:
    ours = [finder for finder in sys.meta_path if type(finder).__module__ == OWN_FINDER]
    sys.meta_path[:] = [*ours, *before]
    importlib.invalidate_caches()


def _traces() -> tuple[Any, ...]:
    return sys.gettrace(), sys.getprofile(), threading.gettrace(), threading.getprofile()


def _set_traces(before: tuple[Any, ...]) -> None:
    sys.settrace(before[0])
    sys.setprofile(before[1])
    threading.settrace(before[2])
    threading.setprofile(before[3])


def _set_locale(before: str) -> None:
    locale.setlocale(locale.LC_ALL, before)


def _decimal() -> tuple[Any, ...]:
    context = decimal.getcontext()
    return context.prec, context.rounding, context.Emin, context.Emax, dict(context.traps)


def _set_decimal(before: tuple[Any, ...]) -> None:
    context = copy.copy(decimal.getcontext())
    context.prec, context.rounding, context.Emin, context.Emax = before[:4]
    context.traps.update(before[4])
    decimal.setcontext(context)


def _logging() -> tuple[Any, ...]:
    root = logging.getLogger()
    return root.level, root.disabled, root.manager.disable, list(root.handlers)


def _set_logging(before: tuple[Any, ...]) -> None:
    root = logging.getLogger()
    root.setLevel(before[0])
    root.disabled, root.manager.disable = before[1:3]
    root.handlers[:] = before[3]


def _umask() -> int:
    mask = os.umask(0o22)
    os.umask(mask)
    return mask


SIGNALS = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGALRM", "SIGCHLD", "SIGHUP", "SIGPIPE", "SIGUSR1", "SIGABRT")
    if hasattr(signal, name)
)


def _handlers() -> dict[int, Any]:
    return {number: signal.getsignal(number) for number in SIGNALS}


def _set_handlers(before: dict[int, Any]) -> None:
    for number, handler in before.items():
        if signal.getsignal(number) is not handler and handler is not None:
            signal.signal(number, handler)


def _timer() -> Setting:
    """An alarm that would end a later check."""
    return Setting(
        "left an alarm running",
        lambda: signal.getitimer(signal.ITIMER_REAL)[0] > 0,
        lambda before: signal.setitimer(signal.ITIMER_REAL, 0),
    )


def _limits() -> list[Setting]:
    """The limits of the process, as `RLIMIT_NOFILE`; Windows has none."""
    try:
        import resource
    except ImportError:
        return []
    names = [name for name in dir(resource) if name.startswith("RLIMIT_")]
    unique = {getattr(resource, name): name for name in reversed(names)}  # RLIMIT_NOFILE is called RLIMIT_OFILE too

    def setting(number: int, name: str) -> Setting:
        def write(before: tuple[int, int]) -> None:
            try:
                resource.setrlimit(number, before)
            except ValueError:  # only root may raise the upper one again: then as far as it goes
                resource.setrlimit(number, (min(before[0], resource.getrlimit(number)[1]), before[1]))

        return Setting(f"changed a limit of the process ({name})", lambda: resource.getrlimit(number), write)

    return [setting(number, name) for number, name in unique.items()]
