"""`locate`: find classes and their boxes in the user's photos, and write them into one folder.

- `boxes.json`: the network, its layer and why, the threshold and where it came from; then a line a photo;
- `heatmaps.npz`: the raw maps; `pictures`: the photos with their boxes; and the formats that are asked for;
- `index.html`: all photos on one page, whose threshold can be moved;
- `request.json`: whose folder it is.

Of more than 10,000 photos `boxes.json` names shards of so many each, `boxes-00000.json` and so on.
"""

import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from gradcam_lab.console import progress, say, tracked
from gradcam_lab.data.photo_paths import STDIN, photo_paths
from gradcam_lab.errors import LabError
from gradcam_lab.explain.locate.about import about, headlines, line_of
from gradcam_lab.explain.locate.found import Found
from gradcam_lab.explain.locate.locator import Located, Locator
from gradcam_lab.explain.locate.outputs.output import About
from gradcam_lab.explain.locate.outputs.write import write_outputs
from gradcam_lab.explain.locate.own_folder import OwnFolder, held, outside
from gradcam_lab.explain.locate.parts import Parts
from gradcam_lab.explain.locate.request import Request, settled
from gradcam_lab.explain.locate.work import Work, hash_of
from gradcam_lab.lesson_modules import load_lessons
from gradcam_lab.models import distributed, zoo
from gradcam_lab.models.model_choice import ModelChoice

FORMATS = ("coco", "yolo", "voc", "csv")
"""What can be written beside `boxes.json`."""

FEW, MANY = 100, 1000
"""Of so many photos at most, pictures and the page are made without being asked for."""

SHOWN = 20
"""Of so many photos at most, what was found in each is printed."""


@dataclass(frozen=True)
class Wanted:
    """What is to be written, and where.

    Attributes:
        out: the folder.
        formats: beside `boxes.json`, some of `FORMATS`.
        heatmaps: whether the raw maps are written.
        pictures: whether the photos are drawn with their boxes; None for `FEW` photos at most.
        page: whether `index.html` shows all photos; None for `MANY` photos at most.

    Raises:
        LabError: there is no such format.
    """

    out: Path
    formats: tuple[str, ...] = ()
    heatmaps: bool = True
    pictures: bool | None = None
    page: bool | None = None

    def __post_init__(self) -> None:
        for name in self.formats:
            if name not in FORMATS:
                raise LabError(f"There is no format '{name}': choose --format from {', '.join(FORMATS)}.")

    def kinds(self, count: int = 0) -> tuple[str, ...]:
        """The outputs by name, of so many photos."""
        shown = {
            "heatmaps": self.heatmaps,
            "pictures": count <= FEW if self.pictures is None else self.pictures,
            "page": count <= MANY if self.page is None else self.page,
        }
        return ("json", *dict.fromkeys(self.formats), *(name for name, wanted in shown.items() if wanted))


def locate(
    words: Sequence[str],
    *,
    choice: ModelChoice,
    request: Request,
    wanted: Wanted,
    run: Path | None = None,
    json: bool = False,
) -> None:
    """Find classes and their boxes in photos, and write what was found; the same command goes on after Ctrl-C.

    Args:
        words: files, folders, patterns, or `-` for a list on standard input; see `photo_paths`.
        choice: which network.
        request: which classes, how.
        wanted: which files.
        run: a finished run whose threshold is taken, see `settled`.
        json: print `boxes.json` and nothing else.

    Raises:
        LabError: something cannot be used; or, when all is written, there are photos that could not be.
    """
    with distributed.session():
        paths = outside(photo_paths(words), wanted.out) if distributed.leads() else None
        with distributed.leader_first():
            classifier = zoo.load_chosen(choice)
        lessons = load_lessons()
        locator = Locator(classifier, lessons, settled(request, classifier, run))
        if paths is None:
            _help(locator, wanted.out)
            return
        with held(wanted.out):
            folder = OwnFolder(wanted.out, _asked(words, locator), wanted.kinds())
            _lead(words, paths, locator, folder, wanted, json)


def _lead(
    words: Sequence[str], paths: Iterator[Path], locator: Locator, folder: OwnFolder, wanted: Wanted, json: bool
) -> None:
    """Do the first process's share, and write the outputs."""
    if not json:
        for line in headlines(locator):
            say(line)
    unchanged = _unchanged(words, locator, folder, wanted)
    distributed.gather([unchanged])
    if not unchanged:
        _make(words, paths, locator, folder, wanted, not json)
    elif not json:
        say("Unchanged: these photos were located before.")
    _print(folder, json)
    count, bad = folder.record["photos"], folder.record["skipped"]
    if bad:
        raise LabError(
            f"{bad} of {count} photos could not be used and were left out: '{folder.folder / 'boxes.json'}' says why."
        )


def _help(locator: Locator, out: Path) -> None:
    """Do another process's share."""
    if not distributed.gather([])[0]:
        Work(locator, Parts(out / OwnFolder.UNFINISHED)).do(None, lambda steps=1: None)


def _unchanged(words: Sequence[str], locator: Locator, folder: OwnFolder, wanted: Wanted) -> bool:
    if not folder.finished:
        return False
    photos = hash_of(outside(photo_paths(words), wanted.out), locator.batch)
    return folder.holds(photos, wanted.kinds(folder.record.get("photos", 0)))


def _make(
    words: Sequence[str], paths: Iterator[Path], locator: Locator, folder: OwnFolder, wanted: Wanted, tell: bool
) -> None:
    head = list(islice(paths, 1))
    for path in head:
        zoo.warn_of_photos(locator.classifier, path)
    folder.begin()
    work = Work(locator, Parts(folder.unfinished))
    with progress("photos", _total(words, wanted.out)) as advance:
        work.do(chain(head, paths), advance)
    if not work.count:
        raise LabError(f"All photos lie in '{wanted.out}', into which their boxes go: give another folder by --out.")
    photos = work.photos_sha256()
    kinds = tuple(dict.fromkeys([*wanted.kinds(work.count), *folder.damaged(photos)]))
    counts = write_into(
        *(folder, work.found(), kinds),
        count=work.count,
        told=about(locator, _first(work.found())),
        words=words,
        photos_sha256=photos,
        tell=tell and work.count <= SHOWN,
    )
    if tell:
        say(f"{counts['boxes']} boxes in {work.count - counts['skipped']} photos")
        if wanted.pictures is None and "pictures" not in kinds:
            say(f"No pictures are drawn of more than {FEW} photos, unless --pictures asks for them.")


def save(located: Sequence[Located], words: Sequence[str], locator: Locator, wanted: Wanted) -> list[Path]:
    """Write what was found in a few photos, as `locate` does.

    Args:
        located: what came of each photo.
        words: what the photos are called; see `photo_paths`.
        locator: which has found it.
        wanted: which files.

    Returns:
        The files and folders.

    Raises:
        LabError: they cannot be written, or the folder is another request's.
    """
    with held(wanted.out):
        folder = OwnFolder(wanted.out, _asked(words, locator), wanted.kinds())
        folder.begin()
        sources = [photo.source if isinstance(photo, Found) else photo.path for photo in located]
        photos = hash_of(iter(sources), locator.batch)
        write_into(
            *(folder, located, tuple(dict.fromkeys([*wanted.kinds(len(located)), *folder.damaged(photos)]))),
            count=len(located),
            told=about(locator, _first(located)),
            words=words,
            photos_sha256=photos,
        )
    return [folder.folder / name for name in folder.files]


def write_into(
    folder: OwnFolder,
    located: Iterable[Located],
    kinds: tuple[str, ...],
    *,
    count: int,
    told: About,
    words: Sequence[str],
    photos_sha256: str,
    tell: bool = False,
) -> dict[str, int]:
    """Write the outputs of some photos into a folder whose work has begun, all or none of them.

    Args:
        folder: whose files they become.
        located: what came of each photo.
        kinds: see `Wanted.kinds`.
        count: of the photos.
        told: what the files say beside.
        words: what the user named.
        photos_sha256: see `hash_of`.
        tell: print what was found in each photo.

    Returns:
        The counts of `photos`, of `skipped` ones, and of `boxes`.
    """
    counts = {"photos": count, "skipped": 0, "boxes": 0}
    outputs = folder.fresh()
    title = "drawing" if "pictures" in kinds else "writing"
    found = tracked(_counted(located, counts, tell), title, count)
    write_outputs(outputs, found, count, kinds, replace(told, folder=folder.folder), words)
    folder.end(outputs, photos=photos_sha256, counts=counts)
    return counts


def _total(words: Sequence[str], out: Path) -> int | None:
    """Count the photos for the bar, if there is one; None where nobody knows how many come."""
    if STDIN in words or not sys.stderr.isatty():
        return None
    return sum(1 for _ in outside(photo_paths(words), out))


def _first(located: Iterable[Located]) -> Found | None:
    """The first photo that could be used."""
    return next((photo for photo in located if isinstance(photo, Found)), None)


def _counted(located: Iterable[Located], counts: dict[str, int], tell: bool) -> Iterator[Located]:
    for photo in located:
        if isinstance(photo, Found):
            counts["boxes"] += sum(len(one.boxes) for one in photo.classes)
            if tell:
                say(line_of(photo))
        else:
            counts["skipped"] += 1
        yield photo


def _asked(words: Sequence[str], locator: Locator) -> dict[str, Any]:
    """Return all that the numbers depend on beside the photos' content, as `request.json` has it."""
    classifier, lessons = locator.classifier, locator.lessons
    return {
        "photos": [word if word == STDIN else str(Path(word).absolute()) for word in words],
        "network": classifier.name,
        **locator.request.described,
        "layer": classifier.layer_name,
        "batch": locator.batch,
        "network_sha256": classifier.fingerprint,
        "lessons_sha256": dict(lessons.code_sha256),
    }


def _print(folder: OwnFolder, json: bool) -> None:
    """Print the files; or, as JSON, what is in the first of them."""
    if not json:
        for name in folder.files:
            print(folder.folder / name)
        return
    with (folder.folder / "boxes.json").open(encoding="utf-8") as file:
        shutil.copyfileobj(file, sys.stdout)
