"""What the checks are written with: who is judged for what, random cases, and comparisons that cannot be talked round.

A check is a plain pytest function with two arguments. `mine` is the student's step file, as a module; `case` makes
random inputs, which are others when an instructor grades. It calls the student's function through `call`, and compares
through `agree`, or it raises `Wrong`:

    @check("2.1", points=1)
    def test_channel_weights_average_over_space(mine, case):
        gradients = case.tensor(2, 5, 3, 4)
        weights = call(mine.channel_weights, gradients)
        agree(weights, by_hand, "the weights", reasons=[("this is the sum", gradients.sum((2, 3)))])

What a check expects comes from a calculation by hand, from autograd or from loops, never from the lesson files: a
mistake in them must not cost a student a point.
"""

import builtins
import inspect
import math
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from operator import is_
from types import ModuleType
from typing import Any, NamedTuple, TypeVar

import cv2
import numpy as np
import torch
from torch import Tensor, nn

Function = TypeVar("Function", bound=Callable[..., None])
Result = TypeVar("Result")
Reasons = Sequence[tuple[str, Any]]
"""Typical mistakes: a sentence, and the value that the mistake gives (or a function that computes it)."""


def check(task: str, points: int = 0) -> Callable[[Function], Function]:
    """Say which task a check judges and how many points of it hang on this check.

    Args:
        task: a task, such as "2.1"; or a step, such as "2", for the check of the student's own chain, end to end.
        points: a chain earns none: its tasks have earned them already.
    """

    def tag(function: Function) -> Function:
        function.task, function.points = task, points  # type: ignore[attr-defined]
        return function

    return tag


class Wrong(AssertionError):
    """A check that did not pass.

    Args:
        expected: what should have come, in a few words.
        got: what came.
        reason: what it most likely comes from, one sentence.
        picture: two arrays of one shape or two lists of boxes, `(yours, expected)`, worth drawing; or None.
    """

    def __init__(self, expected: str, got: str, reason: str, picture: tuple[Any, Any] | None = None) -> None:
        super().__init__(f"expected: {expected}\n     got: {got}\n  likely: {reason}")
        self.expected, self.got, self.reason, self.picture = expected, got, reason, picture


NO_CHANCE = "take the call out: nothing here needs chance"

REMEDIES = {
    "changed its input": (
        "work on a copy: clone() or copy(); `*=`, `+=`, an assignment to a part, and methods whose names end in an "
        "underscore change the very array that they are given"
    ),
    "left a hook": "remove it by its handle, also after an error: try ... finally",
    "left the model in another mode": "put the mode back afterwards, as `evaluating` does",
    "filled the .grad": (
        "torch.autograd.grad returns a gradient and fills nothing; backward() fills every .grad on its way"
    ),
    "switched the requires_grad": "let the feature map require the gradient, not the parameters",
    "changed the model's parameters": "run the model in eval mode, and assign nothing to it",
    "replaced": "give your own function another name",
    "changed torch's global random seed": NO_CHANCE,
    "changed numpy's global random seed": NO_CHANCE,
    "changed Python's global random seed": NO_CHANCE,
    "changed torch's default dtype": "take the call out, and convert a tensor where you need to",
    "switched gradients": "use a `with` block, such as torch.no_grad(), which puts it back",
}
"""What to do about code that changed something, by the beginning of the sentence that says so."""


class Misbehaved(Wrong):
    """The code changed something that is not its own."""

    def __init__(self, sentence: str) -> None:
        remedy = next(text for words, text in REMEDIES.items() if sentence.startswith(words))
        super().__init__("everything but the result is as it was", f"your code {sentence}", remedy)


def demand(fulfilled: bool, expected: str, got: str, reason: str) -> None:
    """Fail with these sentences unless the condition holds.

    Raises:
        Wrong: it does not.
    """
    if not fulfilled:
        raise Wrong(expected, got, reason)


# --- random cases ---


class Case:
    """Random inputs from one seed; sizes are drawn too, so that no answer can be written for one size only."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.rng = np.random.default_rng(seed)

    def whole(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return int(self.rng.integers(low, high + 1))

    def sizes(self, count: int, low: int, high: int) -> list[int]:
        """`count` different whole numbers: no two axes of a tensor should have the same length."""
        return [int(n) for n in low + self.rng.permutation(high - low + 1)[:count]]

    def array(self, *shape: int) -> np.ndarray:
        """Normal noise, float64."""
        return self.rng.standard_normal(shape)

    def tensor(self, *shape: int) -> Tensor:
        """Normal noise, float32."""
        return torch.from_numpy(self.array(*shape).astype(np.float32))

    def boxes(self, count: int, width: int = 60, height: int = 40) -> np.ndarray:
        """Whole-numbered boxes inside an image of this size, shape (count, 4), float64."""
        first = np.stack([self.rng.integers(1, width, count), self.rng.integers(1, height, count)], axis=1)
        last = (
            [self.rng.integers(x, width + 1) for x in first[:, 0]],
            [self.rng.integers(y, height + 1) for y in first[:, 1]],
        )
        return np.column_stack([first, *last]).astype(float)


# --- nothing but the result may change ---

LIBRARIES: tuple[ModuleType | type, ...] = (
    torch,
    torch.Tensor,
    torch.autograd,
    torch.nn.functional,
    nn.Module,
    np,
    np.linalg,
    cv2,
    math,
    builtins,
)


@contextmanager
def unchanged(*things: Any) -> Iterator[None]:
    """Fail if, within the block, these things change, or anything that other code relies on.

    Args:
        things: tensors, arrays, networks, and tuples, lists and dictionaries of them.

    Raises:
        Misbehaved: something changed; what is global is put back first, so that the next check is not disturbed.
    """
    watches = [*_global_watches(), *(watch for thing in things for watch in _watches(thing))]
    try:
        yield
    except BaseException:
        for watch in watches:
            watch()
        raise
    complaints = [sentence for watch in watches if (sentence := watch())]
    if complaints:
        raise Misbehaved(complaints[0])


class Called(NamedTuple):
    """A call of the student's function; `returned` holds its result, and is empty where it did not return."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    returned: list[Any]

    @property
    def name(self) -> str:
        """The function's name, with its class where it is a method or an object that is called."""
        if inspect.isroutine(self.function):
            return str(getattr(self.function, "__qualname__", ""))
        return f"{type(self.function).__name__}.__call__"


last_call: list[Called] = []
"""The latest call of the check that runs, for what is said of it when it fails."""


def call(function: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
    """Call the student's function and see that it leaves its arguments, its model and the world as they were."""
    model = getattr(function, "model", None) or getattr(getattr(function, "__self__", None), "model", None)
    last_call[:] = [Called(function, args, kwargs, [])]
    with unchanged(args, kwargs, model):
        result = function(*args, **kwargs)
    last_call[0].returned.append(result)
    return result


def refuses(error: type[Exception], reason: str, function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    """Fail unless the call raises this error (and still leaves everything as it was).

    Args:
        error: the class of the error that the docstring promises.
        reason: the likely reason if the call returns something: what was overlooked, a colon, what to do.
        function: the student's.
        args: of the call.
        kwargs: of the call.

    Raises:
        Wrong: it returned something, or Python stopped it by an error of another class.
    """
    last_call[:] = [Called(function, args, kwargs, [])]
    with unchanged(args, kwargs, getattr(function, "model", None)):
        try:
            result = function(*args, **kwargs)
        except error:
            return
        except (LookupError, AttributeError, TypeError, ValueError, RuntimeError) as other:
            if isinstance(other, NotImplementedError):
                raise
            got = f"{type(other).__name__}: {other}".split("\n")[0]
            remedy = reason.rpartition(": ")[2]
            raise Wrong(error.__name__, got, f"an error is right, and {error.__name__} is the one: {remedy}") from other
    raise Wrong(error.__name__, f"no error, but {shown(result)}", reason)


Watch = Callable[[], str]
"""Returns a sentence if something changed ("" if not), after putting it back where that is possible."""


def _global_watches() -> list[Watch]:
    return [
        # The dtype comes first: setting it exchanges torch.Storage, which would look like a replaced function.
        _watch(torch.get_default_dtype, torch.set_default_dtype, "changed torch's default dtype"),
        _watch(torch.is_grad_enabled, torch.set_grad_enabled, "switched gradients on or off for everybody"),
        _watch(_torch_seed, _set_torch_seed, "changed torch's global random seed"),
        _watch(_numpy_seed, _set_numpy_seed, "changed numpy's global random seed"),
        _watch(random.getstate, random.setstate, "changed Python's global random seed"),
        *(_watch_library(library) for library in LIBRARIES),
    ]


def _watch(read: Callable[[], Any], write: Callable[[Any], Any], sentence: str) -> Watch:
    before = read()

    def watch() -> str:
        if read() == before:
            return ""
        write(before)
        return sentence

    return watch


def _torch_seed() -> bytes:
    return bytes(torch.get_rng_state().numpy())


def _set_torch_seed(state: bytes) -> None:
    torch.set_rng_state(torch.frombuffer(bytearray(state), dtype=torch.uint8))


def _numpy_seed() -> dict[str, Any]:
    state = np.random.get_state(legacy=False)  # noqa: NPY002
    return {**state, "state": {**state["state"], "key": state["state"]["key"].tobytes()}}


def _set_numpy_seed(state: dict[str, Any]) -> None:
    key = np.frombuffer(state["state"]["key"], dtype=np.uint32)
    np.random.set_state({**state, "state": {**state["state"], "key": key}})  # noqa: NPY002


_map = map  # the builtins are watched too: a student's code may have replaced this one


def _watch_library(library: ModuleType | type) -> Watch:
    """Remember the public functions of a library, and put back whatever was replaced.

    They have thousands of names, so that these are looked at one by one only where one of them has changed.
    """
    now = vars(library)
    before = dict(now)
    new_names_count = isinstance(library, type)  # modules load names when they are first used; classes do not

    def watch() -> str:
        if [*now] == [*before] and False not in _map(is_, now.values(), before.values()):
            return ""
        after = {name: value for name, value in now.items() if _is_public_function(name, value)}
        known = {name: value for name, value in before.items() if _is_public_function(name, value)}
        replaced = [
            name
            for name, value in known.items()
            if after.get(name) is not value and not wrapped_by_torch(after.get(name), value)
        ]
        added = [name for name in after if name not in known] if new_names_count else []
        for name in replaced:
            setattr(library, name, known[name])
        for name in added:
            delattr(library, name)
        names = replaced + added
        return f"replaced {library.__name__}.{names[0]}" if names else ""

    return watch


def wrapped_by_torch(new: object, old: object) -> bool:
    """Whether a function only has a wrapper of torch's around it now: torch does this when parts of it are loaded."""
    code = getattr(new, "__code__", None)
    folder = torch.__file__.removesuffix("__init__.py")
    return code is not None and getattr(new, "__wrapped__", None) is old and code.co_filename.startswith(folder)


def _is_public_function(name: str, value: object) -> bool:
    return name[0] != "_" and callable(value)


def _watches(thing: Any) -> list[Watch]:
    if isinstance(thing, nn.Module):
        state = _state_of(thing)
        return [lambda: _difference(state, _state_of(thing))]
    if isinstance(thing, Tensor):
        before = thing.detach().clone()
        flag = thing.requires_grad
        return [lambda: "" if _same(thing.detach(), before) and thing.requires_grad == flag else "changed its input"]
    if isinstance(thing, np.ndarray):
        copy = thing.copy()
        return [lambda: "" if thing.shape == copy.shape and _same(thing, copy) else "changed its input"]
    if isinstance(thing, dict):
        keys = list(thing)
        keep: Watch = lambda: "" if list(thing) == keys else "changed its input"  # noqa: E731
        return [keep, *(watch for value in thing.values() for watch in _watches(value))]
    if isinstance(thing, (tuple, list)):
        length = len(thing)
        keep = lambda: "" if len(thing) == length else "changed its input"  # noqa: E731
        return [keep, *(watch for value in thing for watch in _watches(value))]
    return []


def _same(a: Any, b: Any) -> bool:
    return bool(torch.equal(a, b) if isinstance(a, Tensor) else np.array_equal(a, b, equal_nan=a.dtype.kind == "f"))


HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


def _state_of(network: nn.Module) -> dict[str, Any]:
    """Everything of a network that an explanation must leave alone, by the sentence that says it did not."""
    parameters = list(network.parameters())
    return {
        "left a hook on the model": [sum(len(getattr(m, kind)) for kind in HOOKS) for m in network.modules()],
        "left the model in another mode (train or eval)": [m.training for m in network.modules()],
        "filled the .grad of the model's parameters": [None if p.grad is None else _bytes(p.grad) for p in parameters],
        "switched the requires_grad of the model's parameters": [p.requires_grad for p in parameters],
        "changed the model's parameters or buffers": {k: _bytes(v) for k, v in network.state_dict().items()},
    }


def _bytes(value: Tensor) -> bytes:
    """What a tensor holds; a list of its numbers would take seconds of a network of millions."""
    return value.detach().contiguous().numpy().tobytes()


def _difference(before: dict[str, Any], after: dict[str, Any]) -> str:
    return next((sentence for sentence in before if before[sentence] != after[sentence]), "")


# --- comparing ---


def agree(
    got: Any,
    expected: Any,
    what: str,
    *,
    reasons: Reasons = (),
    reason: str = "",
    rtol: float = 1e-4,
    atol: float = 1e-5,
    picture: bool = False,
) -> None:
    """Compare what the student's function returned with what it should have returned.

    Only plain values count: tensors and arrays that are finite, of the right shape and not of a class of the student's
    own; numbers, words, and lists and tuples of these. An object that claims to equal everything is refused.

    Args:
        got: what came.
        expected: what should have come; its kind (tensor, array, list, number, ...) is asked of `got` too. Integers,
            booleans and words have to be the same, real numbers to be close.
        what: a noun for the sentences: "the weights".
        reasons: typical mistakes, tried in order.
        reason: said where none of them fits.
        rtol: relative tolerance of real numbers.
        atol: absolute tolerance of real numbers.
        picture: both are maps (H, W), or both are lists of boxes (n, 4 or 5), and worth drawing.

    Raises:
        Wrong: they differ.
    """
    complaint = _foreign(got, expected)
    if complaint is None and _close(got, expected, rtol, atol):
        return
    for sentence, mistake in reasons:
        value = mistake() if callable(mistake) else mistake
        if _foreign(got, value) is None and _close(got, value, rtol, atol):
            complaint = sentence
            break
    drawn = (_plain(got), _plain(expected)) if picture and _drawable(got, expected) else None
    wanted, came = _places(got, expected, rtol, atol)
    raise Wrong(
        f"{what}: {wanted}", came, complaint or reason or "the numbers differ: calculate one of them by hand", drawn
    )


def agree_maps(got: Any, expected: Tensor, reasons: Reasons, reason: str = "", atol: float = 1e-5) -> None:
    """Compare maps (N, H, W), and have the one drawn that differs most.

    Raises:
        Wrong: they differ.
    """
    try:
        agree(got, expected, "the maps", reasons=reasons, reason=reason, atol=atol, picture=True)
    except Wrong as wrong:
        if wrong.picture:
            pairs = zip(*wrong.picture, strict=True)
            wrong.picture = max(pairs, key=lambda pair: abs(pair[0] - pair[1]).max())
        raise


def _foreign(got: Any, expected: Any) -> str | None:
    """Why `got` cannot be compared with `expected` at all, or None."""
    if isinstance(expected, Tensor):
        if type(got) not in (Tensor, nn.Parameter):
            return f"a Tensor was expected, and your function returned {_kind(got)}"
        return _odd_numbers(got.shape, expected.shape, bool(got.isfinite().all()), "NaN or infinity")
    if isinstance(expected, np.ndarray):
        if type(got) is not np.ndarray:
            return f"an array was expected, and your function returned {_kind(got)}"
        if got.dtype.kind not in "fiub":
            return f"numbers were expected, and your array holds {got.dtype}"
        if (got.dtype.kind == "b") != (expected.dtype.kind == "b"):
            return f"the array holds {got.dtype}, and {expected.dtype} was expected"
        return _odd_numbers(got.shape, expected.shape, bool(np.isfinite(got).all()), "NaN or infinity")
    if isinstance(expected, bool):
        return None if type(got) in (bool, np.bool_) else f"True or False was expected, and not {_kind(got)}"
    if isinstance(expected, int):
        return None if type(got) is int or isinstance(got, np.integer) else f"an integer was expected, not {_kind(got)}"
    if isinstance(expected, float):
        if type(got) not in (float, int) and not isinstance(got, np.floating):
            return f"a number was expected, and your function returned {_kind(got)}"
        return None if math.isnan(expected) or math.isfinite(got) else f"a finite number was expected, and not {got}"
    if isinstance(expected, (list, tuple)):
        kind = (list,) if isinstance(expected, list) else (tuple,)
        if type(got) not in kind and not (isinstance(expected, tuple) and hasattr(type(got), "_fields")):
            return f"{_kind(expected)} was expected, and your function returned {_kind(got)}"
        if len(got) != len(expected):
            return f"{len(expected)} entries were expected, and your function returned {len(got)}"
        return next((c for g, e in zip(got, expected, strict=True) if (c := _foreign(g, e))), None)
    return None if type(got) is type(expected) else f"{_kind(expected)} was expected, and not {_kind(got)}"


def _drawable(got: Any, expected: Any) -> bool:
    """Whether both are the same kind of thing; two lists of boxes may be of different lengths."""
    if _foreign(got, expected) is None:
        return True
    rows = isinstance(expected, np.ndarray) and type(got) is np.ndarray and got.ndim == expected.ndim == 2
    boxes = rows and got.shape[1] == expected.shape[1] in (4, 5)
    return bool(boxes and got.dtype.kind in "fiu" and np.isfinite(got).all())


def _odd_numbers(shape: Sequence[int], expected: Sequence[int], finite: bool, odd: str) -> str | None:
    if tuple(shape) != tuple(expected):
        return f"the shape is {tuple(shape)}, and {tuple(expected)} was expected"
    return None if finite else f"the result holds {odd}"


def _kind(value: Any) -> str:
    return "None (a `return` is missing?)" if value is None else f"a value of type {type(value).__name__}"


def _close(got: Any, expected: Any, rtol: float, atol: float) -> bool:
    """Compare two values that are of the same kind and shape."""
    if isinstance(expected, (list, tuple)):
        return all(_close(g, e, rtol, atol) for g, e in zip(got, expected, strict=True))
    if isinstance(expected, str):
        return str(got) == expected
    return not len(_differing(got, expected, rtol, atol))


def _plain(value: Any) -> np.ndarray:
    return value.detach().double().numpy() if isinstance(value, Tensor) else np.asarray(value, dtype=float)


def _differing(got: Any, expected: Any, rtol: float, atol: float) -> np.ndarray:
    """The indices of the entries that differ, (n, axes)."""
    a, b = _plain(got), _plain(expected)
    return np.argwhere(~np.isclose(a, b, rtol=rtol, atol=atol, equal_nan=True))


def _places(got: Any, expected: Any, rtol: float, atol: float) -> tuple[str, str]:
    """Both values in a few words: where they are arrays of one shape, at the first place at which they differ."""
    if not isinstance(expected, (Tensor, np.ndarray)) or _foreign(got, expected) is not None or expected.ndim == 0:
        return shown(expected), shown(got)
    differing = _differing(got, expected, rtol, atol)
    where = tuple(int(i) for i in differing[0])
    a, b = _plain(got)[where], _plain(expected)[where]
    at = ", ".join(map(str, where))
    return f"{b:.4g} at [{at}]", f"{a:.4g} at [{at}] ({len(differing)} of {_plain(expected).size} numbers differ)"


def shown(value: Any) -> str:
    """A value in a few words."""
    if isinstance(value, (Tensor, np.ndarray)):
        numbers = np.zeros(0) if value.dtype in (object, np.str_) else _plain(value).ravel()
        few = ", ".join(f"{n:.4g}" for n in numbers[:4]) + (", ..." if len(numbers) > 4 else "")
        return f"shape {tuple(value.shape)}: {few or 'no numbers'}"
    if isinstance(value, float):
        return f"{value:.5g}"
    if isinstance(value, (list, tuple)):
        few = ", ".join(shown(item) for item in value[:3]) + (", ..." if len(value) > 3 else "")
        return f"[{few}]" if isinstance(value, list) else f"({few})"
    if type(value) in (int, bool, str, type(None)):
        return repr(value)
    return f"a value of type {type(value).__name__}"  # its repr is the student's code too


# --- pixels ---


def islands(mask: np.ndarray, diagonals: bool = True) -> list[np.ndarray]:
    """The pixels of each island, (n, 2) rows and columns counted from 0, the largest first, by walking about."""
    left = {(int(row), int(column)) for row, column in np.argwhere(mask)}
    steps = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if diagonals or i == 0 or j == 0]
    found = []
    while left:
        island, front = [], [left.pop()]
        while front:
            row, column = front.pop()
            island.append((row, column))
            near = {(row + i, column + j) for i, j in steps} & left
            left -= near
            front += near
        found.append(np.array(island))
    return sorted(found, key=len, reverse=True)


def misplaced(boxes: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """The usual mistakes in counting a box's pixels: what one would hear, and what these boxes would be."""
    first, size = boxes[:, :2], boxes[:, 2:] - boxes[:, :2] + 1
    return [
        ("the boxes are counted from 0: VOC counts pixels from 1, so add 1 to all four", boxes - 1),
        (
            "xmin and ymin are counted from 0, xmax and ymax from 1: add 1 to xmin and ymin only",
            boxes - np.array([1, 1, 0, 0]),
        ),
        (
            "xmax and ymax are one too large: the last pixel is left + width - 1 counted from 0, "
            "so left + width counted from 1",
            boxes + np.array([0, 0, 1, 1]),
        ),
        (
            "the last two numbers are width and height: give xmax and ymax, the last pixels inside",
            np.hstack([first, size]),
        ),
    ]


def boxes_around(groups: Sequence[np.ndarray]) -> np.ndarray:
    """One box around each group of pixels, in VOC's pixels, in the order of the groups."""
    boxes = [[*(pixels.min(axis=0) + 1)[::-1], *(pixels.max(axis=0) + 1)[::-1]] for pixels in groups]
    return np.array(boxes, dtype=float).reshape(-1, 4)
