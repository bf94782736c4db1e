"""Writing ToyVOC as a VOC devkit folder: whole or not at all, with a manifest of hashes that every use checks."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from gradcam_lab.console import progress, warn
from gradcam_lab.data.cache import VARIABLE, cache_folder
from gradcam_lab.data.toyvoc.scene import CLASSES, Scene, SceneObject, scene
from gradcam_lab.data.voc_classes import VOC_CLASSES, VOID, voc_palette
from gradcam_lab.errors import LabError
from gradcam_lab.files import digest, folder_moved_into_place, make_folder, read_json, sha256, write_json, write_text
from gradcam_lab.processes import in_processes

VERSION = "1"  # raise it whenever another picture comes out
SEED = 2007
COUNTS = {"train": 1600, "val": 300, "test": 400}
JPEG_QUALITY = 92
CHUNK = 20  # images drawn per task of a worker
MANIFEST = "manifest.json"
SUBFOLDERS = ("JPEGImages", "Annotations", "SegmentationClass", "ImageSets/Main", "ImageSets/Segmentation")


@dataclass(frozen=True)
class Job:
    """One image to draw; nothing else decides what is in it.

    Attributes:
        id: its file name without the extension.
        seed: `(seed, split, index)`.
    """

    id: str
    seed: tuple[int, int, int]


Objects = tuple[SceneObject, ...]
"""The annotated objects of one image."""


# ----------------------------------------------------------------------------------------------- using it


def toyvoc(folder: Path | None = None, *, seed: int = SEED, counts: Mapping[str, int] = COUNTS) -> Path:
    """Return the folder of ToyVOC (it holds `JPEGImages`, ...), made on first use and checked on every use.

    A damaged one is kept beside it under another name and made again.

    Args:
        folder: the cache folder to keep it in, instead of `cache_folder()`.
        seed: see `build`.
        counts: see `build`.

    Raises:
        LabError: the cache folder cannot be written.
    """
    root = (folder or cache_folder()) / f"toyvoc-{VERSION}"
    if root.exists():
        damage = find_damage(root, seed=seed, counts=counts)
        if damage is None:
            return root
        _move_aside(root, damage)
    build(root, seed=seed, counts=counts)
    return root


def is_drawn(image: Path) -> bool:
    """Say whether an image file is one of a ToyVOC, wherever that lies."""
    folder = image.resolve().parent
    return folder.name == "JPEGImages" and (folder.parent / MANIFEST).is_file()


def _move_aside(root: Path, damage: str) -> None:
    asides = (root.with_name(f"{root.name}-damaged-{number}") for number in count(1))
    aside = next(path for path in asides if not path.exists())
    warn(f"ToyVOC in '{root}' is damaged ({damage}): it is kept as '{aside.name}' and made again.")
    try:
        root.rename(aside)
    except OSError as error:
        raise LabError(f"Cannot move the damaged folder '{root}' aside ({error.strerror}): remove it.") from error


def _whole(seed: int, counts: Mapping[str, int], files: dict[str, str]) -> str:
    return digest(VERSION, seed, list(counts.items()), files)


def find_damage(root: Path, *, seed: int = SEED, counts: Mapping[str, int] = COUNTS) -> str | None:
    """Compare every file with the manifest.

    Returns:
        what is wrong, in a few words, or None where all is well.
    """
    try:
        manifest = read_json(root / MANIFEST)
        files: dict[str, str] = manifest["files"]
        if manifest["sha256"] != _whole(seed, counts, files):
            return f"{MANIFEST} is not what was written"
        for name, expected in files.items():
            if sha256(root / name) != expected:
                return f"{name} has changed"
    except FileNotFoundError as error:
        return f"{Path(error.filename).relative_to(root).as_posix()} is missing"
    except (LabError, OSError, KeyError, TypeError, AttributeError):
        return f"{MANIFEST} or a file of it cannot be read"
    return None


# ----------------------------------------------------------------------------------------------- making it


def build(folder: Path, *, seed: int = SEED, counts: Mapping[str, int] = COUNTS) -> None:
    """Draw a data set into a new folder; it appears only when it is whole.

    Args:
        folder: the folder to make; its parents are made too.
        seed: what all randomness comes from.
        counts: how many images each split has.

    Raises:
        LabError: the folder exists already or cannot be made.
    """
    if folder.exists():
        raise LabError(f"'{folder}' exists already: remove it or choose another name.")
    names = (f"{number:06d}" for number in count(1))  # numbered on from split to split
    jobs = {
        split: [Job(next(names), (seed, place, i)) for i in range(size)]
        for place, (split, size) in enumerate(counts.items())
    }
    try:
        with folder_moved_into_place(folder, replace=False) as temporary:
            for name in SUBFOLDERS:
                make_folder(temporary / name)
            written = _draw_all(temporary, [job for split in jobs.values() for job in split])
            for split, its in jobs.items():
                _write_lists(temporary, split, {job.id: written[job.id] for job in its})
            _write_manifest(temporary, seed, counts)
    except OSError as error:
        if folder.exists():
            return  # another process was faster: from the same seed, its folder is as good
        problem = f"Cannot write the data set '{folder}' ({error.strerror or error})"
        raise LabError(f"{problem}: choose another folder, or another cache by setting {VARIABLE}.") from error


def _draw_all(folder: Path, jobs: Sequence[Job]) -> dict[str, Objects]:
    """Draw and write all images, in as many processes as there are cores; return the objects of each."""
    chunks = [jobs[i : i + CHUNK] for i in range(0, len(jobs), CHUNK)]
    written: dict[str, Objects] = {}
    with progress("drawing ToyVOC", len(jobs)) as advance:
        for _, done in in_processes(partial(_draw_chunk, folder), chunks):
            written |= done
            advance(len(done))
    return written


def _draw_chunk(folder: Path, jobs: Sequence[Job]) -> dict[str, Objects]:
    return {job.id: _draw_image(folder, job) for job in jobs}


def _draw_image(folder: Path, job: Job) -> Objects:
    """Write the picture, its annotation and its mask."""
    drawn = scene(np.random.default_rng(job.seed))
    (folder / "JPEGImages" / f"{job.id}.jpg").write_bytes(jpeg(drawn.image))
    (folder / "Annotations" / f"{job.id}.xml").write_bytes(_annotation(job.id, drawn).encode())
    (folder / "SegmentationClass" / f"{job.id}.png").write_bytes(_segmentation(drawn))
    return drawn.objects


def jpeg(image: np.ndarray) -> bytes:
    """Encode a picture, RGB, as the data set keeps it."""
    done, content = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise RuntimeError("OpenCV could not encode a JPEG")
    return content.tobytes()


def _annotation(name: str, drawn: Scene) -> str:
    """The XML of one image, as the devkit writes it; `source/image` is the kind of place, such as `water`."""
    height, width = drawn.instances.shape
    objects = "".join(
        f"""\t<object>
\t\t<name>{o.name}</name>
\t\t<pose>{o.pose}</pose>
\t\t<truncated>{o.truncated:d}</truncated>
\t\t<difficult>{o.difficult:d}</difficult>
\t\t<bndbox>
\t\t\t<xmin>{o.box[0]}</xmin>
\t\t\t<ymin>{o.box[1]}</ymin>
\t\t\t<xmax>{o.box[2]}</xmax>
\t\t\t<ymax>{o.box[3]}</ymax>
\t\t</bndbox>
\t</object>
"""
        for o in drawn.objects
    )
    return f"""<annotation>
\t<folder>ToyVOC</folder>
\t<filename>{name}.jpg</filename>
\t<source>
\t\t<database>ToyVOC {VERSION}</database>
\t\t<annotation>drawn</annotation>
\t\t<image>{drawn.place}</image>
\t</source>
\t<size>
\t\t<width>{width}</width>
\t\t<height>{height}</height>
\t\t<depth>3</depth>
\t</size>
\t<segmented>1</segmented>
{objects}</annotation>
"""


def class_mask(drawn: Scene) -> np.ndarray:
    """The class of each pixel, void where objects meet the background or each other: uint8, shape (height, width)."""
    index = np.array([0, *(VOC_CLASSES.index(o.name) + 1 for o in drawn.objects)], np.uint8)
    classes = index[drawn.instances]
    square = np.ones((3, 3), np.uint8)
    classes[cv2.dilate(drawn.instances, square) != cv2.erode(drawn.instances, square)] = VOID
    return classes


def _segmentation(drawn: Scene) -> bytes:
    """The classes of the pixels as a palette PNG."""
    picture = Image.fromarray(class_mask(drawn))
    picture.putpalette(voc_palette().tobytes())
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()


def _write_lists(folder: Path, split: str, written: Mapping[str, Objects]) -> None:
    """The split's list of images, and for each class who has it: 1, -1, or 0 where only difficult objects have."""
    names = "".join(f"{image}\n" for image in written)
    write_text(folder / "ImageSets" / "Main" / f"{split}.txt", names)
    write_text(folder / "ImageSets" / "Segmentation" / f"{split}.txt", names)
    for name in CLASSES:
        lines = "".join(f"{image} {_presence(name, objects):2d}\n" for image, objects in written.items())
        write_text(folder / "ImageSets" / "Main" / f"{name}_{split}.txt", lines)


def _presence(name: str, objects: Objects) -> int:
    difficult = [o.difficult for o in objects if o.name == name]
    if not difficult:
        return -1
    return 0 if all(difficult) else 1


def _write_manifest(folder: Path, seed: int, counts: Mapping[str, int]) -> None:
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    files = {name: sha256(path) for name, path in sorted(paths.items())}
    whole = _whole(seed, counts, files)
    write_json(folder / MANIFEST, {"version": VERSION, "seed": seed, "counts": counts, "files": files, "sha256": whole})
