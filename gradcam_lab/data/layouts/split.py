"""What the readers of all layouts share: a split, the check of its images, the report of what is bad, its hash.

What is wrong with a data set is found when it is read, once, and reported by name, so that no later stage meets a
broken image.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gradcam_lab import files
from gradcam_lab.console import tracked
from gradcam_lab.data.bit_depth import common_bits
from gradcam_lab.data.image_files import ProblemError
from gradcam_lab.data.sample import Sample
from gradcam_lab.errors import LabError


@dataclass(frozen=True)
class Split:
    """The samples of one split, in the order of its list.

    Attributes:
        name: the split's name, such as `test`.
        root: the data set's folder; in VOC layout, the one that holds `JPEGImages`.
        samples: what was read.
        skipped: one sentence for every image or object that was left out.
        notes: one sentence for whatever else should be known.
    """

    name: str
    root: Path
    samples: tuple[Sample, ...]
    skipped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ListedImage:
    """One image of a split's list.

    Attributes:
        id: its name.
        read: reads it; raises a ProblemError where it is bad.
        annotation: the file that annotates it, for messages.
        twice: what is wrong where another image has this name, a clause.
    """

    id: str
    read: Callable[[], Sample]
    annotation: Path
    twice: str


def read_images(
    split: str,
    root: Path,
    images: Sequence[ListedImage],
    *,
    known: Collection[str] | None = None,
    skip_bad: bool | None,
) -> Split:
    """Read and check every image of a split.

    Args:
        split: its name.
        root: the data set's folder.
        images: the images of its list.
        known: the names of the classifier's classes; None accepts every name.
        skip_bad: leave out what is bad instead of raising an error; None where the command has no such option.

    Raises:
        LabError: something is bad and `skip_bad` is not set, or nothing is left.
    """
    samples: dict[str, Sample] = {}
    problems: list[str] = []
    for image in tracked(images, f"reading {split}", len(images)):
        try:
            if image.id in samples:
                raise ProblemError(image.twice)
            samples[image.id], unknown = _only_known(image.read(), known, image.annotation)
            problems += unknown
        except ProblemError as problem:
            problems.append(str(problem))
    if problems and not skip_bad:
        advice = "mend it" if skip_bad is None else "mend it, or go on without it by --skip-bad"
        raise LabError(f"{problems[0]}{_and_more(len(problems) - 1)}: {advice}.")
    if not samples:
        raise LabError(f"Nothing is left of the split '{split}' of '{root}' without what is bad, first: {problems[0]}.")
    bits, note = common_bits(sample.bits for sample in samples.values())
    alike = tuple(replace(sample, bits=sample.bits and bits) for sample in samples.values())
    return Split(split, root, alike, tuple(f"{problem}." for problem in problems), (note,) if note else ())


def _only_known(sample: Sample, known: Collection[str] | None, annotation: Path) -> tuple[Sample, list[str]]:
    """Leave out the objects whose class the classifier does not have (None has all), with a problem for each."""
    unknown = [o.name for o in sample.objects if known is not None and o.name not in known]
    problems = [f"'{annotation}' has an object '{name}', a class the classifier does not know" for name in unknown]
    return replace(sample, objects=tuple(o for o in sample.objects if o.name not in unknown)), problems


def _and_more(count: int) -> str:
    if count == 0:
        return ""
    return f" (and there {'is 1 more problem' if count == 1 else f'are {count} more problems'})"


def samples_hash(samples: Iterable[Sample], annotation: Callable[[Sample], str]) -> str:
    """Return one SHA-256 over the samples' ids, annotations and images.

    Args:
        samples: the images, in their order.
        annotation: what stands for a sample's annotation, such as the hash of its file.

    Raises:
        LabError: a file has vanished since the samples were read.
    """
    total = hashlib.sha256()
    for sample in samples:
        try:
            parts = (sample.id, annotation(sample), files.sha256(sample.path))
        except OSError as error:
            raise LabError(f"Cannot read '{error.filename}' ({error.strerror}): start again.") from error
        total.update("\n".join((*parts, "")).encode())
    return total.hexdigest()


# ----------------------------------------------------------------------------------------------- folders


class OtherLayoutError(LabError):
    """A folder is not in a layout.

    Args:
        text: the sentence.
        likeness: the share of the layout that is there, 0 to 1: the sentence of the nearest layout helps most.
    """

    def __init__(self, text: str, likeness: float) -> None:
        super().__init__(text)
        self.likeness = likeness


def only_root(folder: Path, inside: Iterable[Path], is_root: Callable[[Path], bool]) -> Path | None:
    """Return the data set in a folder: the folder itself, or else the only one inside; None where there is none.

    Args:
        folder: where to look.
        inside: the folders in it that may be data sets.
        is_root: whether a folder is a data set.

    Raises:
        LabError: there is no such folder, or it holds several data sets.
    """
    if not folder.is_dir():
        raise LabError(f"There is no data folder '{folder}': check the name given to --data.")
    roots = [path for path in (folder, *inside) if is_root(path)]
    if len(roots) > 1 and roots[0] != folder:
        names = ", ".join(f"'{path}'" for path in roots)
        raise LabError(f"'{folder}' holds several data sets ({names}): give one of them.")
    return roots[0] if roots else None
