"""Every command of README.md and of the pages runs as it stands there, beside files of the names that it types.

What would be downloaded has a small stand-in: a ToyNet for a network, drawings for a data set. `run-all` says what it
would do, and `train` learns for one epoch with a small network: what they make is tested elsewhere.
"""

import shlex
import shutil
from contextlib import nullcontext
from pathlib import Path

import pytest

from gradcam_lab.course.workspace import check
from tests.commands import Done, lab
from tests.courses import write_course
from tests.documents import DOCUMENTS, ROOT, commands, read

EVERY = list(dict.fromkeys(command for document in DOCUMENTS for command in commands(read(document))))

MENTIONED = {
    *(
        "align",
        "classroom",
        "compare",
        "evaluate",
        "evaluate-classifier",
        "explain",
        "fetch",
        "grade",
        "hint",
        "predict",
    ),
    *("course", "show", "start", "sweep"),
}
"""Commands of which a sentence speaks by their name alone, and which need more words than that."""

FROZEN = (
    "gradcam-lab train --data pets-mini --arch mobilenet_v2 --weights mobilenet_v2-imagenet.pth --freeze-features "
    "--out pets/head"
)
ELSEWHERE = {
    "gradcam-lab check [STEP or TASK ...]": "tests/course/workspace/test_check.py",
    "gradcam-lab compare RUN RUN...": "tests/pipeline/compare/test_compare_runs.py",
    "gradcam-lab diff 2.3": "tests/course/workspace/test_diff.py",
    "gradcam-lab doctor": "tests/test_doctor.py",
    "gradcam-lab explain photo.jpg --impl mine": "tests/course/workspace/test_explain_mine.py",
    "gradcam-lab fetch imagenette": "tests/data/download/test_official.py",
    "gradcam-lab look 2.3": "tests/course/workspace/test_look.py",
    "gradcam-lab read --all --out site": "tests/course/workspace/test_read.py",
    "gradcam-lab report --run DIR": "tests/pipeline/test_rendering.py",
    FROZEN: "tests/models/training/test_train.py",
    "gradcam-lab train --resume": "tests/models/training/test_train_resume.py",
    "gradcam-lab verify": "Makefile",
    "gradcam-lab upgrade --course my-course": "tests/course/workspace/test_teachers_course.py",
    "gradcam-lab verify --course my-course": "tests/course/workspace/test_teachers_course.py",
    "gradcam-lab verify --course my-course --mutants": "tests/course/workspace/test_teachers_course.py",
    "gradcam-lab verify --mutants": "tests/course/judging/test_try_mutants.py",
}
"""Commands that need the network, half a minute or a state of their own, and the file that runs what they do."""

NETWORK = "toy.safetensors"
VOC = "VOCdevkit/VOC2007"
STAND_INS = {
    **dict.fromkeys(("resnet18", "resnet50", "vgg19", "mobilenet_v2", "own.py:build"), NETWORK),
    **dict.fromkeys(("model_at_epoch_019.pth.tar", "model_at_epoch_019_compatible.pt"), NETWORK),
    **dict.fromkeys(("resnet_cam.pth", "checkpoints/resnet_cam.pth", "checkpoints/best.safetensors"), NETWORK),
    **dict.fromkeys(("voc/best.safetensors", "flowers-net/best.safetensors", "pets/fine/best.safetensors"), NETWORK),
    **dict.fromkeys(("voc2007", "voc2007-segmentation", "pets", "pets-mini"), VOC),
    **{"383": "1", "743": "2", "536": "3", "wheelbarrow": "boat", "church": "boat", "42": "4", "7": "5", "10": "2"},
    **{
        "D": "D.json",
        "G": "G.json",
        "IMAGE": "photo.jpg",
        "RUN": "report/toyvoc",
        "FILE": NETWORK,
        "NAME": "numbers",
        "N": "2",
    },
}
"""What stands for a word: for networks and data that are downloaded or trained, for indices, for names in capitals."""

SMALL: dict[str, dict[str, str | None]] = {
    "train": {"--arch": "cam_net", "--weights": "random", "--epochs": "1", "--val-size": "5"},
    "run-all": {"--plan": None},  # all is read, and nothing computed
    "read": {"--no-open": None},
}
"""Options by which a command takes no time, in the place of those that are typed."""

GIVEN = {
    "align": {"--model": NETWORK},
    "evaluate-classifier": {"--data": VOC},
    "explain": {"--model": NETWORK, "--out": "explained"},
    "locate": {"--model": NETWORK, "--out": "photos of"},
    "predict": {"--model": NETWORK},
    "run-all": {"--out": "run"},
    "train": {"--out": "trained"},
}
"""Options that a command gets where they are not typed; `--out` with a number, so that each has a folder of its own."""

WORKSPACE = ("check", "contract", "hint", "look", "reset", "status", "upgrade")


@pytest.fixture(scope="module")
def place(toy, weights, finished, fresh, tmp_path_factory):
    """A folder with all that the commands name."""
    root = tmp_path_factory.mktemp("pages")
    voc = shutil.copytree(toy, root / VOC)
    shutil.copytree(voc / "JPEGImages", root / "kangaroo" / "images")
    shutil.copytree(voc / "Annotations", root / "kangaroo" / "annots")
    for source, kind, out in ((VOC, "voc", "coco"), ("coco", "coco", "yolo")):
        words = (root / source, "--from", kind, "--to", out, "--out", root / out, "--copy-images")
        assert lab("convert", *words).code == 0
    shutil.copy(root / "coco" / "annotations" / "instances_test.json", root / "instances.json")
    images = sorted((voc / "JPEGImages").iterdir())
    for image in images:
        copy(image, root / "photos of all" / image.name)
    for number, image in enumerate(images[:12]):
        copy(image, root / "flowers" / f"class {number % 2}" / image.name)
    for image in images[:2]:
        copy(image, root / "photos" / image.name)
    for split in ("train", "val"):
        for name, image in zip(IMAGENETTE, images, strict=False):
            copy(image, root / "data" / "imagenette2-160" / split / name / image.name)
    for name in ("photo.jpg", "cat.jpg", "boat.jpg", "chelsea.png"):
        shutil.copy(images[0], root / name)
    shutil.copy(weights, root / NETWORK)
    shutil.copytree(finished, root / "report" / "toyvoc")
    for name in ("D.json", "report/toyvoc/boxes_val_0.02.json"):
        shutil.copy(finished / "detections.json", root / name)
    for name in ("G.json", "report/toyvoc/ground_truth_val.json"):
        shutil.copy(finished / "ground_truth.json", root / name)
    shutil.copytree(fresh, root / "submissions" / "ada")
    shutil.copytree(fresh, root / "lab")
    for name in ("gradebook.csv", "worksheet.csv"):
        (root / name).write_text("Student,ID\nada,3001\n", encoding="utf-8")
    write_course(root / "my-course")
    return root


IMAGENETTE = (
    *("n01440764", "n02102040", "n02979186", "n03000684", "n03028079"),
    *("n03394916", "n03417042", "n03425413", "n03445777", "n03888257"),
)


def copy(source: Path, target: Path) -> None:
    """Copy a file to where there may be no folder yet."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)


def stand_in(command: str, number: int) -> list[str]:
    """The words of a command as they can be run here, without `gradcam-lab`."""
    name, *words = [STAND_INS.get(word, word) for word in shlex.split(command)[1:] if word != "..."]
    for option, value in SMALL.get(name, {}).items():
        if option in words and value is not None:
            words[words.index(option) + 1] = value
        elif option not in words:
            words += [option] if value is None else [option, value]
    for option, value in GIVEN.get(name, {}).items():
        if option not in words:
            words += [option, f"{value} {number}" if option == "--out" else value]
    if name == "run-all":
        words = ["photos of all" if word == "photos" else word for word in words]
        words += [] if {"--data", "--images"} & {*words} else ["--data", VOC]
    if name == "train" and "imagenette" in words:
        words += ["--data-root", "data"]
    if name == "train" and ("imagenette" in words or "--data" not in words):
        words += ["--limit", "2"]  # two classes: each has one image
    elif name == "train":
        words += ["--limit", "6"]
    if name in ("course", "start"):
        words[0] += f" {number}"  # each makes a folder of its own
    if name == "show" and "--model" in words and "--image" not in words:
        words += ["--data", VOC]
    return [name, *words]


def shown(name: str) -> list[str]:
    """The commands of this name that can be run here; `--write-config` writes the file that others read."""
    found = [command for command in EVERY if command.split()[1] == name and command not in ELSEWHERE]
    found = [command for command in found if command.removeprefix("gradcam-lab ") not in MENTIONED]
    return sorted(found, key=lambda command: "--write-config" not in command)


NAMES = [name for name in dict.fromkeys(command.split()[1] for command in EVERY) if name != "convert" and shown(name)]
"""The names of the commands; all that `convert` is shown to do is run by `test_convert.py`."""


@pytest.mark.parametrize("name", NAMES)
def test_every_command_that_a_document_shows_runs(name, place, judge, monkeypatch):
    monkeypatch.chdir(place / "lab" if name in WORKSPACE else place)
    monkeypatch.setattr(check, "Judge", lambda: nullcontext(judge))
    failed: dict[str, Done] = {}
    for number, command in enumerate(shown(name)):
        done = lab(*stand_in(command, number))
        if done.code != (1 if name == "check" else 0):  # in a workspace without a line of one's own nothing passes
            failed[command] = done
    assert failed == {}


def test_what_is_run_elsewhere_is_shown_and_is_there():
    assert set(ELSEWHERE) <= set(EVERY)
    assert [file for file in ELSEWHERE.values() if not (ROOT / file).is_file()] == []
