"""VOC: XML annotations with or without `ImageSets`, and the devkit's text files of detections."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from gradcam_lab.data.box_conventions import to_voc
from gradcam_lab.data.box_files import comp4
from gradcam_lab.data.convert.image_boxes import BoxFiles, ImageBoxes, ImageFolders, Size, Source, Split, inside
from gradcam_lab.data.image_files import LONGEST_SIDE, ProblemError
from gradcam_lab.data.layouts.repair import SWAPPED, Repairs
from gradcam_lab.data.layouts.voc_files import Pair, pairs_in, xml_in
from gradcam_lab.data.layouts.voc_xml import Annotation, read_annotation
from gradcam_lab.data.photo_paths import natural
from gradcam_lab.errors import LabError
from gradcam_lab.files import read_text

LISTS = "ImageSets/Main"
CLASS_LIST = re.compile(r".+_(train|val|trainval|test)")
"""The devkit's lists of a single class, `dog_train.txt`."""


def open_voc(source: Source) -> BoxFiles:
    """Open XML annotations, or the devkit's detections.

    Raises:
        LabError: there are none of the two, or the boxes are declared as what corners are not.
    """
    if source.boxes in ("coco", "relative"):
        raise LabError(
            f"The boxes of '{source.path}' are corners, as always in VOC's files, and never --boxes {source.boxes}: "
            "give voc, which counts from 1, or zero-based."
        )
    found = _comp4_files(source.path)
    return _open_comp4(source, found) if found else _open_xml(source)


# ---------------------------------------------------------------------------------------------- annotations


def _open_xml(source: Source) -> BoxFiles:
    root = _root(source.path)
    pairs = {} if root else _pairs(source)
    folder = root / "Annotations" if root else source.path
    usual = [root / "JPEGImages"] if root else [folder, folder.parent / "images", folder.parent / "JPEGImages"]
    paths = {split: list(xml_in(its)) for split, (_, its) in pairs.items()} or _splits(source, root, folder)
    left_out: Counter[str] = Counter()
    if root and (unlisted := len(set(folder.glob("*.xml")).difference(*paths.values()))) and not source.split:
        left_out["annotations of images in no split"] = unlisted
    scan = _Scan(path for several in paths.values() for path in several)
    names = source.names or tuple(sorted(scan.names))
    splits, repairs = {}, Repairs()
    for name, several in paths.items():
        pictures, annotations = pairs.get(name, (None, folder))
        images = ImageFolders.of(source, "", [pictures] if pictures else usual)
        files = [images.named(_called(path, annotations), scan.endings[path]) for path in several]
        splits[name] = _xml_split(several, files, names, images, source, scan.scored, repairs)
    return BoxFiles(source.path, names, splits, scan.scored, left_out, repairs=repairs)


class _Scan:
    """What all annotations say together, which has to be known before any is converted.

    Attributes:
        names: of the classes.
        endings: of the images, by their annotations.
        scored: whether all objects have a score.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self.names: set[str] = set()
        self.endings: dict[Path, str] = {}
        scores = {False: 0, True: 0}
        for path in paths:
            annotation = _annotation(path, Repairs())
            self.names.update(annotation.names)
            self.endings[path] = Path(annotation.file).suffix or ".jpg"
            scores[annotation.scores is not None] += len(annotation.names)
        self.scored = bool(scores[True] and not scores[False])


def _called(path: Path, folder: Path) -> str:
    """Return the name of an image, that of its annotation: the one that stands in it is often another image's."""
    return path.relative_to(folder).with_suffix("").as_posix()


def _root(path: Path) -> Path | None:
    """Return the folder that holds `Annotations`; None where the path is a folder of annotations itself."""
    inner = [*sorted(path.glob("VOC20[0-9][0-9]")), *sorted(path.glob("VOCdevkit/VOC20[0-9][0-9]"))]
    roots = [place for place in (path, *inner) if (place / "Annotations").is_dir()]
    if len(roots) > 1 and roots[0] != path:
        names = ", ".join(f"'{place}'" for place in roots)
        raise LabError(f"'{path}' holds several data sets ({names}): give one of them.")
    return roots[0] if roots else None


def _pairs(source: Source) -> dict[str, Pair]:
    """Return the images and annotations of each split in two folders, as `--data` finds them; nothing where it cannot.

    XML alone can be converted too.
    """
    if source.images or not source.path.is_dir():
        return {}
    try:
        found = pairs_in(source.path)
    except LabError:
        return {}
    if list(found) == [""]:
        return {source.split or "train": found[""]}
    if source.split and source.split not in found:
        raise LabError(f"'{source.path}' has no split '{source.split}': it has {', '.join(found)}.")
    return {split: pair for split, pair in found.items() if source.split in (None, split)}


def _splits(source: Source, root: Path | None, folder: Path) -> dict[str, list[Path]]:
    """Return the annotations of each split, of which there is one where no list says more."""
    lists = {} if root is None else {path.stem: path for path in sorted((root / LISTS).glob("*.txt"))}
    lists = {name: path for name, path in lists.items() if not CLASS_LIST.fullmatch(name) or name == source.split}
    if not lists:
        if not folder.is_dir():
            raise LabError(f"There is no folder '{folder}': check the name.")
        found = [path for path in folder.rglob("*.xml") if not path.name.startswith(".")]
        if not found:
            raise LabError(f"'{folder}' holds neither annotations (.xml) nor detections (comp4_det_SPLIT_CLASS.txt).")
        return {source.split or "train": sorted(found, key=lambda path: natural(path.relative_to(folder).as_posix()))}
    if source.split:
        if source.split not in lists:
            raise LabError(f"'{source.path}' has no split '{source.split}': it has {', '.join(lists)}.")
        lists = {source.split: lists[source.split]}
    elif {"train", "val"} <= set(lists):
        lists.pop("trainval", None)  # the two together
    return {name: _in_list(path, folder) for name, path in lists.items()}


def _in_list(path: Path, folder: Path) -> list[Path]:
    lines = read_text(path, "a text file of image names").splitlines()
    names = [inside(line.split()[0], path) for line in lines if line.strip()]
    if twice := next((name for name, count in Counter(names).items() if count > 1), None):
        raise LabError(f"'{path}' names '{twice}' twice: remove one.")
    return [folder / f"{name}.xml" for name in names]


def _xml_split(
    paths: Sequence[Path],
    files: Sequence[str],
    names: Sequence[str],
    images: ImageFolders,
    source: Source,
    scored: bool,
    repairs: Repairs,
) -> Split:
    places = {name: index for index, name in enumerate(names)}

    def read() -> Iterator[ImageBoxes]:
        for path, file in zip(paths, files, strict=True):
            yield _read_xml(path, file, places, source, scored, repairs)

    return Split(files, read, images, stated=True)


def _read_xml(
    path: Path, file: str, places: Mapping[str, int], source: Source, scored: bool, repairs: Repairs
) -> ImageBoxes:
    annotation = _annotation(path, repairs)
    if stranger := next((name for name in annotation.names if name not in places), None):
        raise LabError(f"'{path}' has an object '{stranger}', which is none of --classes: add it there.")
    classes = np.array([places[name] for name in annotation.names], int)
    first, last = np.hsplit(annotation.boxes, 2)
    repairs[SWAPPED] += int((first > last).any(axis=1).sum())
    boxes = to_voc(np.hstack([np.minimum(first, last), np.maximum(first, last)]), source.boxes or "voc")
    scores = (annotation.scores if len(classes) else np.zeros(0)) if scored else None
    return ImageBoxes(file, _size(annotation), classes, boxes, scores, annotation.flags, path)


def _annotation(path: Path, repairs: Repairs) -> Annotation:
    try:
        return read_annotation(path, repairs)
    except ProblemError as problem:
        raise LabError(f"{problem}: mend it.") from problem


def _size(annotation: Annotation) -> Size | None:
    """Return the size as it is stated, where an image can have it: some programs write 0."""
    if annotation.size is None or not all(1 <= side <= LONGEST_SIDE and side % 1 == 0 for side in annotation.size):
        return None
    width, height = annotation.size
    return int(width), int(height)


# ----------------------------------------------------------------------------------------------- detections


def _comp4_files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(file for file in path.glob("comp*_det_*.txt") if comp4.NAME.fullmatch(file.name))
    if not path.is_file():
        raise LabError(f"There is no file or folder '{path}': check the name.")
    if not comp4.NAME.fullmatch(path.name):
        raise LabError(
            f"'{path}' does not say its class by its name: call it comp4_det_SPLIT_CLASS.txt, or give a folder."
        )
    return [path]


def _open_comp4(source: Source, paths: Sequence[Path]) -> BoxFiles:
    """Open the detections of all classes, a file each."""
    reference, images = source.reference, ImageFolders.of(source, "", ())
    known = source.names or (tuple(reference.names.values()) if reference else ())
    by_class = {_class_of(path, known): comp4.read_comp4(path) for path in paths}
    names = known or tuple(sorted(by_class))
    if stranger := next((name for name in by_class if name not in names), None):
        raise LabError(f"'{source.path}' has detections of '{stranger}', which is none of the classes: add it to them.")
    found = dict.fromkeys(image for rows in by_class.values() for image in rows)
    files = {
        image: (reference and reference.file_of(image)) or images.named(inside(image, source.path)) for image in found
    }

    def read() -> Iterator[ImageBoxes]:
        for image, file in files.items():
            parts = [(names.index(name), rows[image]) for name, rows in by_class.items() if image in rows]
            classes = np.repeat([index for index, _ in parts], [len(part) for _, part in parts])
            rows = np.concatenate([part for _, part in parts])
            size = images.size_of(file, reference.sizes.get(file) if reference else None, source.path)
            boxes = to_voc(rows[:, :4], source.boxes or "voc")
            yield ImageBoxes(file, size, classes, boxes, rows[:, 4], source=source.path)

    return BoxFiles(
        source.path, names, {source.split or _split_of(paths[0]): Split(list(files.values()), read, images)}, True
    )


def _class_of(path: Path, known: Sequence[str]) -> str:
    name = comp4.class_of(path, None, known)
    assert name is not None  # the names of all files were matched
    return name


def _split_of(path: Path) -> str:
    match = comp4.NAME.fullmatch(path.name)
    return match["split"] if match else "test"
