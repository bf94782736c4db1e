"""`gradcam-lab locate` as a user types it: what it writes and prints, how it goes on, and what it refuses."""

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import contents, lab, refused
from tests.explain.pictures import noise, save
from tests.interrupts import interrupted_at_beat

FEW = ("--no-pictures", "--no-page")


@pytest.fixture
def locate(weights, one_thread):
    def run(*words):
        return lab("locate", *words, "--model", weights, "--batch", 1)

    return run


def bytes_of(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def told(folder="located"):
    return json.loads((Path(folder) / "boxes.json").read_text(encoding="utf-8"))


def listed(monkeypatch, *lines):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("\n".join(lines).encode()), "utf-8"))


def test_a_folder_of_photos(photos, locate):
    done = locate(photos, "--class", "dog", "--class", "cat", "--format", "yolo", "--format", "coco")
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[0].startswith("embedded at layer ")
    assert lines[1] == "The heat is shared at layer2, which is finer."
    assert lines[2].startswith("Grad-CAM, earlier layer, threshold 0.2: ")
    assert lines[2].endswith(": the method's default, for val has chosen none for this network")
    assert "as a mirror shows" in lines[3]  # the padding moves the maps of all networks of random weights
    assert lines[4].startswith(f"{photos / 'img2.jpg'}: dog ")
    assert lines[-7:] == [
        str(Path("located", name))
        for name in (
            "boxes.json",
            "coco-images.json",
            "coco-results.json",
            "heatmaps.npz",
            "index.html",
            "pictures",
            "yolo",
        )
    ]
    assert [photo["file"] for photo in told()["photos"]] == [
        f"photos/{name}" for name in ("img2.jpg", "img10.png", "sub/größer.JPG", "sub/img2.jpg")
    ]
    assert [[one["name"] for one in photo["classes"]] for photo in told()["photos"]] == [["dog", "cat"]] * 4
    assert (told()["classes"], told()["top"]) == (["dog", "cat"], None)
    assert Path("located/pictures/sub/größer.jpg").is_file()
    assert not Path("located/.unfinished").exists()


def test_the_same_command_again_does_nothing(photos, locate):
    locate(photos, *FEW)
    before = contents(Path("located"))
    done = locate(photos, *FEW)
    assert done.code == 0
    assert "Unchanged: these photos were located before." in done.out
    assert contents(Path("located")) == before


HOLDS = """
import sys
from pathlib import Path
from gradcam_lab.explain.locate.own_folder import held

with held(Path("located")):
    print("inside", flush=True)
    sys.stdin.read()
"""


def test_a_folder_in_which_another_process_is_at_work_is_left_alone(photos, locate):
    root = Path(__file__).parents[3]
    other = subprocess.Popen(
        [sys.executable, "-c", HOLDS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    with other:
        assert other.stdout
        assert other.stdout.readline().strip() == b"inside"
        done = locate(photos, *FEW)
        refused(done, "Another process is at work on 'located': wait until it has ended, or give another folder by ")
        assert not Path("located/boxes.json").exists()
        other.kill()
    assert locate(photos, *FEW).code == 0  # a process that is killed leaves no lock


def cut(path):
    path.write_bytes(path.read_bytes()[:50])


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("boxes.json", cut),
        ("boxes.json", Path.unlink),
        ("coco-results.json", Path.unlink),
        ("heatmaps.npz", cut),
        ("yolo/classes.txt", Path.unlink),
        ("yolo", shutil.rmtree),
        ("pictures/img2.jpg", cut),
        ("index.html", lambda path: path.write_bytes(path.read_bytes().replace(b"e", b"a"))),
    ],
)
def test_a_damaged_output_is_made_again(photos, locate, name, damage):
    words = ("--format", "yolo", "--format", "coco")
    locate(photos / "img2.jpg", *words)
    before = bytes_of(Path("located"))
    damage(Path("located", name))
    done = locate(photos / "img2.jpg", *(words if name == "boxes.json" else ()))  # also where it is not asked for again
    assert done.code == 0, done.err
    assert "Unchanged" not in done.out
    assert bytes_of(Path("located")) == before
    assert "Unchanged" in locate(photos / "img2.jpg", *words).out


def test_a_file_of_the_users_among_the_pictures_is_no_damage(photos, locate):
    locate(photos, "--no-page")
    Path("located/pictures/notes.txt").write_text("mine", encoding="utf-8")
    assert "Unchanged" in locate(photos, "--no-page").out


def test_another_format_joins_the_files_and_another_photo_replaces_them(photos, locate):
    locate(photos, *FEW, "--format", "csv")
    locate(photos, *FEW, "--format", "yolo")
    assert Path("located/boxes.csv").is_file()
    save(photos / "new.jpg", noise(30, 30))
    assert locate(photos, *FEW, "--format", "yolo").code == 0
    assert len(told()["photos"]) == 5
    assert not Path("located/boxes.csv").exists()  # of the four photos


@pytest.mark.parametrize("beat", [4, 6, 8])
def test_interrupted_it_goes_on_to_the_same_bytes(photos, locate, beat):
    for number in range(6):
        save(photos / f"more{number}.jpg", noise(30, 30 + number))
    words = (photos, *FEW, "--top", 2, "--format", "voc", "--format", "csv")
    assert locate(*words, "--out", "whole").code == 0
    with interrupted_at_beat(beat):
        done = locate(*words)
    assert (done.code, done.err) == (130, "Interrupted. The same command goes on from here.\n")
    assert locate(*words).code == 0
    assert bytes_of(Path("located")) == bytes_of(Path("whole"))


def test_work_that_is_done_is_not_done_again_unless_a_photo_has_changed(photos, locate):
    for number in range(6):
        save(photos / f"more{number}.jpg", noise(30, 30 + number))
    with interrupted_at_beat(5):
        locate(photos, *FEW)
    part = min(Path("located/.unfinished").glob("part-*.npz"))
    time = part.stat().st_mtime_ns
    with interrupted_at_beat(6):
        locate(photos, *FEW)
    assert part.stat().st_mtime_ns == time
    save(photos / "img2.jpg", noise(44, 44))  # the first photo of this part
    assert locate(photos, *FEW).code == 0
    assert told()["photos"][0]["size"] == [44, 44]


def test_a_bad_photo_is_named_and_the_others_go_on(photos, locate):
    (photos / "bad.jpg").write_bytes(b"nothing")
    for _ in range(2):  # also where nothing is new
        done = locate(photos, *FEW)
        assert done.code == 2
        last = done.err.splitlines()[-1]
        assert last == (
            f"gradcam-lab: 1 of 5 photos could not be used and were left out: '{Path('located/boxes.json')}' says why."
        )
    assert len(told()["photos"]) == 4
    assert [row["file"] for row in told()["skipped"]] == ["photos/bad.jpg"]
    assert told()["grid"] == [14, 14]  # of the maps, although the first photo has none


def test_json_is_boxes_json_and_nothing_else(photos, locate):
    done = locate(photos, *FEW, "--json")
    assert done.code == 0
    assert json.loads(done.out) == told()


def test_the_embedded_network_says_that_it_knows_drawings_only(photos):
    done = lab("locate", photos / "img2.jpg", *FEW, "--model", "embedded")
    assert (done.code, done.err.count("This network has seen ToyVOC's drawings only")) == (0, 1)


def test_a_list_on_stdin(photos, locate, monkeypatch):
    listed(monkeypatch, "photos/img2.jpg", "", "photos/missing.jpg", "photos/sub/img2.jpg")
    done = locate("-", *FEW, "--format", "yolo")
    assert done.code == 2
    assert "'photos/missing.jpg' is missing" in done.err
    labels = {path.relative_to("located/yolo/labels").as_posix() for path in Path("located/yolo/labels").rglob("*.txt")}
    assert labels == {"photos/img2.txt", "photos/sub/img2.txt"}
    listed(monkeypatch, "photos/img10.png")
    before = contents(Path("located"))
    refused(locate("-", *FEW), "holds what was found in a list on standard input")
    assert contents(Path("located")) == before


def test_photos_in_the_output_folder_are_not_located(photos, locate):
    locate(".", "--no-page")
    assert Path("located/pictures").is_dir()
    assert "Unchanged" in locate(".", "--no-page").out
    assert len(told()["photos"]) == 4


def test_the_threshold_of_a_run(photos, locate, invented_copy, weights):
    from gradcam_lab.files import read_json, write_json
    from gradcam_lab.models import zoo

    results = read_json(invented_copy / "results.json")
    refused(
        locate(photos, *FEW, "--threshold-of", invented_copy),
        "is of another network's weights: give a run of 'embedded'",
    )
    results["provenance"]["weights_sha256"] = zoo.load(weights).sha256
    write_json(invented_copy / "results.json", results)
    done = locate(photos, *FEW, "--threshold-of", invented_copy)
    assert done.code == 0, done.err
    assert told()["threshold"] == results["threshold"]["chosen"]
    assert told()["threshold_from"] == f"chosen on val by the run in '{invented_copy}'"
    both = locate(photos, *FEW, "--threshold-of", invented_copy, "--threshold", 0.3, "--out", "other")
    refused(both, "--threshold and --threshold-of both say where maps are cut")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--top", 2), "(top: 1; here: 2): give another folder by --out, or remove that one."),
        (("--threshold", 0.7), "(threshold: 0."),
        (("--class", "dog"), "(classes: none; here: dog)"),
        (("photos/img2.jpg",), "(photos: "),
    ],
)
def test_a_folder_of_another_request_is_left_alone(photos, locate, words, says):
    locate(photos, *FEW)
    before = contents(Path("located"))
    refused(locate(photos, *FEW, *words), "'located' is of another request", says)
    assert contents(Path("located")) == before


@pytest.mark.parametrize("name", ["boxes.json", "index.html", "yolo/labels/a.txt"])
def test_files_of_somebody_else_are_left_alone(photos, locate, name):
    path = Path("located") / name
    path.parent.mkdir(parents=True)
    path.write_text("mine", encoding="utf-8")
    refused(locate(photos, "--format", "yolo"), "is there already and not of gradcam-lab locate")
    assert path.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nowhere.jpg",), "There is no file or folder 'nowhere.jpg': check the name."),
        (("photos/*.bmp",), "The pattern 'photos/*.bmp' matches no image"),
        (("empty",), "The folder 'empty' has no image"),
        (("photos", "--class", "dog", "--top", 2), "--class names the classes and --top takes the most probable ones"),
        (("photos", "--format", "pascal"), "There is no format 'pascal': choose --format from coco, yolo, voc, csv."),
        (("photos", "--method", "gradcan"), "The method 'gradcan' does not exist: choose --method from cam, gradcam"),
        (("photos", "--threshold-of", "nowhere"), "nowhere"),
        (("photos", "--threshold", 0), "--threshold 0 is no fraction of a map's maximum"),
        (("photos", "--threshold", "nan"), "--threshold nan is no fraction of a map's maximum"),
        (("photos", "--out", "photos/img2.jpg"), "photos/img2.jpg"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence_and_leaves_nothing(photos, locate, words, says):
    Path("empty").mkdir()
    refused(locate(*words), says)
    assert not Path("located").exists()


def test_a_class_that_there_is_not_proposes_the_nearest(photos, locate):
    done = locate(photos, "--class", "dgo")
    assert (done.code, done.err) == (
        2,
        "gradcam-lab: The classifier 'embedded' has no class 'dgo': did you mean dog?\n",
    )
    assert not Path("located").exists()


def test_an_empty_list_is_refused(photos, locate, monkeypatch):
    listed(monkeypatch, "")
    refused(locate("-"), "The list of photos on standard input is empty")
