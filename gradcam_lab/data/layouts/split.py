"""What the readers of all layouts share: a split, the check of its images, the report of what is bad, its hash.

What is wrong with a data set is found when it is read, once, and reported by name, so that no later stage meets a
broken image.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from pathlib import Path

from gradcam_lab import files
from gradcam_lab.console import tracked
from gradcam_lab.data.bit_depth import common_bits
from gradcam_lab.data.image_files import ProblemError
from gradcam_lab.data.layouts.repair import Repairs, repair_line
from gradcam_lab.data.sample import Sample
from gradcam_lab.errors import LabError

NAMED = 10
"""Names of classes in one line at most."""


@dataclass(frozen=True)
class Split:
    """The samples of one split, in the order of its list.

    Attributes:
        name: the split's name, such as `test`.
        root: the data set's folder; in VOC layout, the one that holds `JPEGImages`.
        samples: what was read.
        skipped: one sentence for every image that was left out.
        notes: one sentence for whatever else should be known.
        repairs: how often each fault of the annotations was mended, see `layouts.repair`.
        nameless: the objects that were left out because the network has no class of their name: a name's number.
    """

    name: str
    root: Path
    samples: tuple[Sample, ...]
    skipped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    repairs: Mapping[str, int] = field(default_factory=dict)
    nameless: Mapping[str, int] = field(default_factory=dict)


def notes_of(*splits: Split) -> list[str]:
    """Return what should be known of splits, a sentence each, and all that was repaired in one."""
    notes = dict.fromkeys(note for split in splits for note in split.notes)
    return [*notes, *filter(None, [repair_line(split.repairs for split in splits)])]


def nameless_line(*splits: Split) -> str:
    """Say how many objects of splits have no name in the network, and which; "" where all have one.

    Examples:
        >>> nameless_line(Split("val", Path("mine"), (), nameless={"kangaroo": 3, "emu": 1}))
        '4 objects have no name in the network and are left out: kangaroo (3), emu (1). --group maps names.'
    """
    count = sum(sum(split.nameless.values()) for split in splits)
    verb = "object has no name in the network and is" if count == 1 else "objects have no name in the network and are"
    return f"{count} {verb} left out: {nameless_names(*splits)}. --group maps names." if count else ""


def nameless_names(*splits: Split) -> str:
    """Return the names of these objects with their numbers, the most frequent ones first."""
    counts = sum((Counter(split.nameless) for split in splits), Counter[str]())
    names = [f"{name} ({count})" for name, count in counts.most_common()]
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")


@dataclass(frozen=True)
class ListedImage:
    """One image of a split's list.

    Attributes:
        id: its name.
        read: reads it, counting what it mends; raises a ProblemError where it is bad.
        twice: what is wrong where another image has this name, a clause.
    """

    id: str
    read: Callable[[Repairs], Sample]
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
        known: the names of the classifier's classes, whose objects alone are kept; None keeps all.
        skip_bad: leave out what is bad instead of raising an error; None where the command has no such option.

    Raises:
        LabError: something is bad and `skip_bad` is not set, or nothing is left.
    """
    samples: dict[str, Sample] = {}
    problems: list[str] = []
    repairs, nameless = Repairs(), Counter[str]()
    for image in tracked(images, f"reading {split}", len(images)):
        try:
            if image.id in samples:
                raise ProblemError(image.twice)
            mended = Repairs()
            samples[image.id] = _only_known(image.read(mended), known, nameless)
            repairs += mended
        except ProblemError as problem:
            problems.append(str(problem))
    if problems and not skip_bad:
        advice = "mend it" if skip_bad is None else "mend it, or go on without it by --skip-bad"
        raise LabError(f"{problems[0]}{_and_more(len(problems) - 1)}: {advice}.")
    if not samples:
        raise LabError(f"Nothing is left of the split '{split}' of '{root}' without what is bad, first: {problems[0]}.")
    bits, note = common_bits(sample.bits for sample in samples.values())
    alike = tuple(replace(sample, bits=sample.bits and bits) for sample in samples.values())
    skipped = tuple(f"{problem}." for problem in problems)
    return Split(split, root, alike, skipped, (note,) if note else (), repairs, nameless)


def _only_known(sample: Sample, known: Collection[str] | None, nameless: Counter[str]) -> Sample:
    """Leave out and count the objects whose class the classifier does not have; None has all."""
    unknown = [o.name for o in sample.objects if known is not None and o.name not in known]
    nameless.update(unknown)
    return replace(sample, objects=tuple(o for o in sample.objects if o.name not in unknown)) if unknown else sample


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


def objects_hash(split: Split) -> str:
    """Return one SHA-256 over the samples' ids, objects and images: which data a result was computed from.

    Raises:
        LabError: a file has vanished since the split was read.
    """
    return samples_hash(split.samples, lambda sample: files.digest([astuple(o) for o in sample.objects]))


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


def require_folder(folder: Path, *, or_file: bool = False) -> None:
    """Refuse a data set that is not there.

    Raises:
        LabError: there is no such folder, nor such a file where that would do.
    """
    if not (folder.exists() if or_file else folder.is_dir()):
        raise LabError(f"There is no data folder '{folder}': check the name given to --data.")


def only_root(folder: Path, inside: Iterable[Path], is_root: Callable[[Path], bool]) -> Path | None:
    """Return the data set in a folder: the folder itself, or else the only one inside; None where there is none.

    Args:
        folder: where to look.
        inside: the folders in it that may be data sets.
        is_root: whether a folder is a data set.

    Raises:
        LabError: there is no such folder, or it holds several data sets.
    """
    require_folder(folder)
    roots = [path for path in (folder, *inside) if is_root(path)]
    if len(roots) > 1 and roots[0] != folder:
        names = ", ".join(f"'{path}'" for path in roots)
        raise LabError(f"'{folder}' holds several data sets ({names}): give one of them.")
    return roots[0] if roots else None
