"""All outputs of some photos at once: the table of formats, shards, and the names of each photo's own files."""

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

from gradcam_lab.errors import LabError
from gradcam_lab.explain.locate.locator import Located
from gradcam_lab.explain.locate.outputs.boxes_csv import BoxesCsv
from gradcam_lab.explain.locate.outputs.boxes_json import BoxesJson
from gradcam_lab.explain.locate.outputs.coco import Coco
from gradcam_lab.explain.locate.outputs.heatmaps import Heatmaps
from gradcam_lab.explain.locate.outputs.names import Names
from gradcam_lab.explain.locate.outputs.output import About, Numbered, Output
from gradcam_lab.explain.locate.outputs.page import Page
from gradcam_lab.explain.locate.outputs.pictures import Pictures
from gradcam_lab.explain.locate.outputs.voc import Voc
from gradcam_lab.explain.locate.outputs.yolo import Yolo
from gradcam_lab.explain.locate.read_ahead import BadPhoto

SHARD = 10_000
"""Number of photos of a shard: of more photos, each file that cannot grow without end becomes several."""

Make = Callable[[Path, str, About], Output]
"""Makes an output in a folder; the text is what the names of a shard's files end in."""

SHARDED: dict[str, Make] = {"json": BoxesJson, "coco": Coco, "heatmaps": Heatmaps}
WHOLE: dict[str, Make] = {"csv": BoxesCsv, "yolo": Yolo, "voc": Voc, "pictures": Pictures, "page": Page}
"""Every output by its name: those that come in shards, and those that take a photo and forget it."""

MADE = {
    "json": ("boxes.json",),
    "coco": ("coco-images.json", "coco-results.json"),
    "heatmaps": ("heatmaps.npz",),
    "csv": ("boxes.csv",),
    "yolo": ("yolo",),
    "voc": ("voc",),
    "pictures": ("pictures",),
    "page": ("index.html",),
}
"""What each output makes in the folder where there are no shards."""


def write_outputs(
    folder: Path, located: Iterable[Located], count: int, kinds: Sequence[str], about: About, words: Sequence[str] = ()
) -> None:
    """Write what was found in some photos; of more than `SHARD`, `boxes.json` names the shards.

    Args:
        folder: empty.
        located: what came of each photo; it is asked for one photo at a time.
        count: of the photos.
        kinds: the outputs, keys of `MADE`.
        about: what the files say beside.
        words: what the user named; photos in a folder among them are called by their place in it.

    Raises:
        LabError: a file cannot be written.
    """
    shards, names = count > SHARD, Names(folder, kinds, words)
    marks: list[str] = []
    try:
        with ExitStack() as ends:
            whole = [_open(ends, WHOLE[kind], folder, "", about) for kind in kinds if kind in WHOLE]
            shard, ending = list[Output](), ExitStack()
            for number, photo in enumerate(located):
                if number % SHARD == 0:
                    ending.close()
                    marks.append(f"-{number // SHARD:05d}" if shards else "")
                    shard = [_open(ending, SHARDED[k], folder, marks[-1], about) for k in kinds if k in SHARDED]
                if isinstance(photo, BadPhoto):
                    for output in [*shard, *whole]:
                        output.skip(photo)
                    continue
                named = Numbered(number, names.of(photo.path), photo)
                for output in [*shard, *whole]:
                    output.add(named)
            ending.close()
        if shards and "json" in kinds:
            facts = {**about.facts, "count": count, "shards": [f"boxes{mark}.json" for mark in marks]}
            (folder / "boxes.json").write_text(
                json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n"
            )
    except BrokenPipeError:  # of the photos' own lines: whoever read them has gone, and the disk is not full
        raise
    except OSError as error:
        raise LabError(f"Cannot write in '{folder}' ({error.strerror}): make room, or choose another --out.") from error


def _open(ends: ExitStack, make: Make, folder: Path, mark: str, about: About) -> Output:
    output = make(folder, mark, about)
    ends.callback(output.close)
    return output
