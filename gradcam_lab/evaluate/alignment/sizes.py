"""Other sizes of the network's input, at which the padding may be even and the shift smaller.

With TensorFlow's padding that is the case at multiples of the stride plus 1 (Alsallakh et al., *Mind the Pad*, ICLR
2021).
"""

from collections.abc import Callable, Iterator, Sequence

from gradcam_lab.console import tracked
from gradcam_lab.evaluate.alignment.mirror import ACROSS, HasImage, measure
from gradcam_lab.evaluate.alignment.records import MeasuredShift, TriedSize
from gradcam_lab.localise.experiment import Experiment
from gradcam_lab.localise.test_time_augmentation import runs_on
from gradcam_lab.models.classifier import Classifier

LEAST = 32
"""Pixels of the smallest input that is tried."""


def try_sizes(
    at: Callable[[int], Experiment], size: int, measured: MeasuredShift, pictures: Sequence[HasImage]
) -> list[TriedSize]:
    """Measure the shift to the right at sizes near the usual one; nothing where it is not large there.

    Args:
        at: the experiment with an input of another size.
        size: the usual one.
        measured: the shift of plain Grad-CAM there.
        pictures: the images.

    Returns:
        The sizes that the network takes, from the smallest.
    """
    if not measured["right"]["large"]:
        return []
    sizes = [other for other in nearby(size, at(size).classifier.grid[1]) if accepts(at(other).classifier)]
    return [
        {"size": other, "right": measure(at(other), pictures, axes=[ACROSS])["right"]}
        for other in tracked(sizes, "other input sizes", len(sizes))
    ]


def nearby(size: int, cells: int) -> Iterator[int]:
    """Yield multiples of the stride plus 1, and those of half of it between, up to one cell from the usual size.

    Examples:
        >>> list(nearby(224, 7))
        [193, 209, 225, 241, 257]
    """
    stride = round(size / cells)
    middle = round(size / stride) * stride + 1
    for halves in range(-2, 3):
        other = middle + halves * stride // 2
        if other >= LEAST and other != size:
            yield other


def accepts(classifier: Classifier) -> bool:
    """Say whether a network takes images of its size; many with positions for a fixed grid do not."""
    size, parameter = classifier.preprocessing.size, next(classifier.network.parameters())
    return runs_on(classifier.network, parameter.new_zeros(1, 3, size, size))


def best_size(sizes: Sequence[TriedSize]) -> TriedSize | None:
    """Return the size with the smallest shift, counted in cells, if that is not large; None where there is none."""
    known = [tried for tried in sizes if tried["right"]["cells"] is not None and not tried["right"]["large"]]
    return min(known, key=lambda tried: abs(tried["right"]["cells"] or 0.0), default=None)
