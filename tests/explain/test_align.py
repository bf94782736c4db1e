"""align, and what explain and locate know of a network's shift without any photos of their own."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from torch import nn

from gradcam_lab.data.cache import VARIABLE
from gradcam_lab.errors import LabError
from gradcam_lab.evaluate.alignment.mirror import NO_SHIFT, measure, shift_of
from gradcam_lab.explain import known_shift as knowing
from gradcam_lab.explain.align import Sized, align, most_probable
from gradcam_lab.explain.explain_image import ImageExplainer, Wish
from gradcam_lab.explain.known_shift import known_shift
from gradcam_lab.files import read_json
from gradcam_lab.models import zoo
from gradcam_lab.models.model_choice import ModelChoice
from tests.evaluate.alignment.networks import CELL, SIDE, SPOTS, rolled

SHARED = Path(__file__).parents[3] / "shared"


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "Fotos & mehr"
    folder.mkdir()
    for number, spot in enumerate(SPOTS):
        Image.fromarray(spot.image).resize((60, 90), Image.Resampling.NEAREST).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def asked(monkeypatch, photos, capsys):
    """Ask a network of the tests, by the words of the command line; return what was printed."""

    def ask(classifier, *words, json=False, **more):
        monkeypatch.setattr(zoo, "load_chosen", lambda choice: classifier)
        wanted = {"name": None, "limit": 100, "seed": 0, **more}
        align([*words] or [str(photos)], choice=ModelChoice(), json=json, **wanted)
        return capsys.readouterr().out

    return ask


def test_a_shift_is_told_in_pixels_and_in_cells_with_what_helps(asked):
    out = asked(rolled(1)).splitlines()[2:]  # which network, and of how many photos
    assert re.match(rf"Left and right swapped: heat 4\.\d of {SIDE} pixels too far right \(95% interval ", out[0])
    assert out[0].endswith(" of a cell")
    assert out[1].startswith("Top and bottom swapped: heat 0.")
    assert [line.split(":")[0] for line in out[2:-1]] == ["With --size 33", "With --size 35", "With --size 37"]
    assert "more than a quarter of a cell: explain, locate and run-all show them moved back, and --size 3" in out[-1]


def test_a_network_without_a_shift_is_told_to_have_none(asked):
    out = asked(rolled(0), name="dog").splitlines()[2:]
    assert len(out) == 3
    assert out[-1].endswith("the maps lie where they should.")


def test_as_json_it_is_numbers_alone(asked):
    told = json.loads(asked(rolled(-1), json=True))
    assert told["right"]["cells"] == pytest.approx(-1, abs=0.1)
    assert (told["network"], told["input_size"], told["grid"], told["images"]) == ("rolled", SIDE, [8, 8], len(SPOTS))
    assert [tried["size"] for tried in told["sizes"]] == [33, 35, 37]


def test_of_many_photos_some_are_taken_and_of_few_nothing_follows(asked):
    assert json.loads(asked(rolled(1), json=True, limit=3))["images"] == 3
    assert "So few photos decide nothing: give 5 at least" in asked(rolled(1), limit=3)


def test_a_bad_photo_is_named_and_the_others_are_measured(asked, photos, capsys):
    (photos / "broken.png").write_bytes(b"no image")
    with pytest.raises(LabError, match="1 of 7 photos could not be used"):
        asked(rolled(1), json=True)
    said = capsys.readouterr()
    assert json.loads(said.out)["images"] == len(SPOTS)
    assert "broken.png" in said.err


@pytest.fixture
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache" / "shifts"


@pytest.fixture
def spots(monkeypatch):
    """Spots in place of the drawn animals, of which this network understands nothing."""
    monkeypatch.setattr(knowing, "pictures", lambda: tuple(SPOTS))


class TestKnown:
    def test_the_shift_is_measured_once_and_kept(self, own_cache, spots, lessons, monkeypatch):
        first = known_shift(rolled(1), lessons)
        assert first.shift == pytest.approx((1 / 8, 0))
        assert len(list(own_cache.iterdir())) == 1
        monkeypatch.setattr(knowing, "measure", None)  # it would fail
        assert known_shift(rolled(1), lessons) == first

    def test_the_same_weights_in_another_network_are_measured_anew(self, own_cache, spots, lessons):
        known_shift(rolled(1), lessons)
        other = replace(rolled(0), sha256=rolled(1).sha256)
        other.network.add_module("3", nn.Identity())  # its text differs
        assert known_shift(other, lessons).shift == NO_SHIFT
        assert len(list(own_cache.iterdir())) == 2

    def test_a_damaged_file_is_measured_anew(self, own_cache, spots, lessons):
        first = known_shift(rolled(1), lessons)
        (file,) = own_cache.iterdir()
        file.write_text("{}", encoding="utf-8")
        assert known_shift(rolled(1), lessons) == first

    @pytest.mark.parametrize(("name", "shifted"), [("mobilenet_v2", True), ("squeezenet1_1", False)])
    def test_drawings_tell_which_network_of_photos_has_a_shift(self, name, shifted, lessons):
        weights = SHARED / "weights" / f"{name}-imagenet.pth"
        if not weights.is_file():
            pytest.skip(f"{weights} is missing")
        model = zoo.load_chosen(ModelChoice(name, str(weights)))
        found = shift_of(measure(Sized(model, lessons, most_probable())(224), knowing.pictures()), 224)
        assert (found.right > 0.04, found.down > 0.04) == (shifted, shifted)
        assert (found == NO_SHIFT) is not shifted


class TestExplain:
    @pytest.fixture
    def seen(self, own_cache, spots, lessons, photos, tmp_path, capsys):
        def explain(classifier, **wish):
            explainer = ImageExplainer(classifier, lessons, Wish(classes=["dog"], **wish))
            files = explainer.write(explainer(photos / "0.png"), tmp_path / "out")
            return read_json(files[-1]), np.load(files[1])["gradcam"], capsys.readouterr().out

        return explain

    def test_the_picture_shows_the_map_moved_back_and_a_sentence_says_so(self, seen):
        told, cam, said = seen(rolled(1))
        row, column = np.unravel_index(cam.argmax(), cam.shape)
        x, _ = told["classes"][0]["maps"]["gradcam"]["hottest_point"]
        assert (row, column) == (3, 4)  # the raw map is kept as it is
        assert x * 8 / 60 == pytest.approx(3.5, abs=0.6)
        assert "as a mirror shows; that is more than a quarter of a cell: pictures show them moved back" in said
        assert told["alignment"]["taken_out"]["right"] == pytest.approx(1 / 8)
        assert told["alignment"]["measured"]["right"]["value"] == pytest.approx(CELL)

    def test_off_leaves_it_and_says_nothing(self, seen):
        told, _, said = seen(rolled(1), align="off")
        assert told["classes"][0]["maps"]["gradcam"]["hottest_point"][0] * 8 / 60 == pytest.approx(4.5, abs=0.1)
        assert told["alignment"] is None
        assert "mirror" not in said

    def test_a_network_without_a_shift_is_left_alone(self, seen):
        told, _, said = seen(rolled(0))
        off, _, _ = seen(rolled(0), align="off")
        assert told["classes"][0]["maps"] == off["classes"][0]["maps"]
        assert told["alignment"]["taken_out"] == {"right": 0, "down": 0}
        assert "mirror" not in said
