"""Images and VOC's XML in any two folders, or in one, without `ImageSets`: as labelImg and its like leave them.

An annotation belongs to the image of its own name. The folder may hold `train`, `valid` and `test`, each with images
and annotations; else its images are split by a seed, see `shares`.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from gradcam_lab.data.box_conventions import Convention
from gradcam_lab.data.image_files import check_image, find_image, is_image
from gradcam_lab.data.layouts.listed import Lists
from gradcam_lab.data.layouts.places import subfolders
from gradcam_lab.data.layouts.reading import Reading
from gradcam_lab.data.layouts.repair import Repairs
from gradcam_lab.data.layouts.shares import WORDS
from gradcam_lab.data.layouts.split import ListedImage, OtherLayoutError, require_folder
from gradcam_lab.data.layouts.voc_xml import read_objects, require_corners
from gradcam_lab.data.photo_paths import natural
from gradcam_lab.data.sample import Sample
from gradcam_lab.errors import LabError

Pair = tuple[Path, Path]
"""The folder of images, and that of their annotations."""


def find_root(folder: Path) -> Path:
    """Return the folder itself, where there are images and XML in it or in the folders in it.

    Raises:
        OtherLayoutError: there is no XML.
        LabError: there is no such folder, or it is not clear which images belong to the XML.
    """
    require_folder(folder)
    if not pairs_in(folder):
        raise OtherLayoutError(f"'{folder}' holds no XML, in its own folder or in one inside.", 0)
    return folder


def lists_of(root: Path, reading: Reading) -> Lists:
    """List the images of each split that the folder has; one without a name where it has none.

    Raises:
        LabError: there is no XML, it is not clear which images belong to it, or `--boxes` are no corners.
    """
    boxes = require_corners(reading.boxes or "voc")
    pairs = {"": (root, reading.annotations)} if reading.annotations else pairs_in(root)
    for images, annotations in pairs.values():
        for place in (images, annotations):
            if not place.is_dir():
                raise LabError(f"There is no folder '{place}': check the names given to --images and --annotations.")
    lists = {split: [_listed(pair, path, boxes) for path in xml_in(pair[1])] for split, pair in pairs.items()}
    if not any(lists.values()):
        raise LabError(f"There is no XML in '{next(iter(pairs.values()))[1]}': give the folder of the annotations.")
    left_out = sum(_images_without(pair) for pair in pairs.values())
    note = f"{left_out} image{'s' if left_out > 1 else ''} of '{root}' without an XML of the same name: left out."
    return Lists(lists, (note,) if left_out else ())


def pairs_in(folder: Path) -> dict[str, Pair]:
    """Find the images and annotations of each split; of none, under the name "", where the folder is not split.

    Raises:
        LabError: there is XML, and it is not clear which images belong to it.
    """
    splits = {WORDS[path.name.lower()]: path for path in subfolders(folder) if path.name.lower() in WORDS}
    found = {split: pair for split, path in splits.items() if (pair := _pair_in(path))}
    pair = None if found else _pair_in(folder)
    return {"": pair} if pair else found


def _pair_in(folder: Path) -> Pair | None:
    """Find the one folder with XML, this one or one inside, and the one with the images of these names."""
    places = [folder, *subfolders(folder)]
    with_xml = [place for place in places if any(place.glob("*.xml"))]
    if not with_xml:
        return None
    advice = "say which by --images and --annotations"
    if len(with_xml) > 1:
        raise LabError(f"'{folder}' has several folders of XML ({_listed_names(with_xml)}): {advice}.")
    (annotations,) = with_xml
    first = next(xml_in(annotations)).stem
    with_images = [place for place in places if any(map(is_image, place.iterdir()))]
    fitting = [place for place in with_images if find_image(place, first).is_file()] or with_images
    if annotations in fitting:
        fitting = [annotations]
    if len(fitting) != 1:
        problem = f"several folders of images ({_listed_names(fitting)})" if fitting else "XML and no images"
        raise LabError(f"'{folder}' has {problem}: {advice}.")
    return fitting[0], annotations


def _listed_names(folders: Iterable[Path]) -> str:
    return ", ".join(f"'{folder}'" for folder in folders)


def xml_in(folder: Path) -> Iterator[Path]:
    """The XML files in a folder and in those below it, in natural order."""
    paths = (path for path in folder.rglob("*.xml") if not path.name.startswith("."))
    yield from sorted(paths, key=lambda path: natural(path.relative_to(folder).as_posix()))


def _images_without(pair: Pair) -> int:
    """Count the images that no XML annotates."""
    images, annotations = pair
    names = {path.relative_to(annotations).with_suffix("") for path in xml_in(annotations)}
    found = {path.relative_to(images).with_suffix("") for path in images.rglob("*") if is_image(path)}
    return len(found - names)


def _listed(pair: Pair, xml: Path, boxes: Convention) -> ListedImage:
    images, annotations = pair
    name = xml.relative_to(annotations).with_suffix("")
    read = lambda repairs: _read_sample(images / name.parent, xml, name.as_posix(), repairs, boxes)  # noqa: E731
    return ListedImage(name.as_posix(), read, f"'{xml}' has the name of another annotation")


def _read_sample(images: Path, xml: Path, name: str, repairs: Repairs, boxes: Convention) -> Sample:
    path = find_image(images, xml.stem)
    image = check_image(path)
    objects = read_objects(xml, path, image.size, repairs, boxes)
    return Sample(name, path, image.size, objects, image.bits)
