"""explain --method and --boxes: the comparison's methods on one image, and the boxes that each finds."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from gradcam_lab.errors import LabError
from gradcam_lab.explain import draw_maps
from gradcam_lab.explain.explain_image import ImageExplainer, Wish
from gradcam_lab.explain.targets import find_target
from gradcam_lab.files import read_json
from gradcam_lab.localise.experiment import Experiment
from gradcam_lab.localise.explainer import Explainer
from gradcam_lab.localise.methods import METHODS
from tests.explain.pictures import classifier, noise, save
from tests.networks import seeded

OTHER_MAPS = [name for name, method in METHODS.items() if name not in ("cam", "otsu", "watershed", "refined")]


@pytest.fixture
def explained(resnet, lessons, picture):
    """Explain a class of `picture` by a wish."""

    def explained(path=picture, **wish):
        (one,) = ImageExplainer(resnet, lessons, Wish(**{"classes": ["dog"], **wish}))(path)
        return one

    return explained


@pytest.mark.parametrize("method", OTHER_MAPS)
def test_the_map_is_the_comparisons(explained, resnet, lessons, photo, method):
    one, recipe = explained(method=method), METHODS[method].recipe
    batch = torch.cat([photo.inputs, photo.inputs.flip(-1)]).contiguous(memory_format=torch.channels_last)
    expected = Explainer(Experiment(resnet, lessons, "dog"), [recipe])(batch)[recipe].maps[0]
    np.testing.assert_allclose(one.maps[method], expected, rtol=1e-3, atol=1e-4 * expected.max())


def test_why_one_rather_than_the_other_by_another_method(explained, resnet, photo):
    one = explained(method="hirescam", classes=["dog"], against="eel")
    stored: list[torch.Tensor] = []

    def note(layer: nn.Module, given: object, output: torch.Tensor) -> torch.Tensor:
        stored.append(output.requires_grad_())
        return output

    with resnet.network.layer4.register_forward_hook(note):
        logits = resnet.network(photo.inputs)
    (slope,) = torch.autograd.grad(logits[0, 3] - logits[0, 5], stored[0])
    expected = (stored[0] * slope).sum(dim=1).relu()[0].detach().numpy()
    np.testing.assert_allclose(one.maps["hirescam"], expected, rtol=1e-3, atol=1e-5)
    assert one.target.title == "dog (3) rather than eel (5)"


@pytest.mark.parametrize("method", ["gradcam", "layercam", "all"])
def test_boxes_are_step_3s(explained, lessons, photo, method):
    one = explained(method=method, threshold=0.4)
    cam = one.maps["gradcam" if method == "all" else method]
    probability = photo.probability(find_target(photo.classifier, "dog"))
    expected = lessons.boxes.detect(cam, (60, 90), probability, threshold=0.4, iou=lessons.metrics.box_iou, min_area=30)
    assert len(expected)
    np.testing.assert_array_equal(one.boxes, expected)


def test_each_finder_finds_its_own(explained):
    found = {method: explained(method=method, boxes=True).boxes for method in ("gradcam", "otsu", "refined")}
    assert all(boxes.shape[1] == 5 for boxes in found.values())
    assert len({boxes.tobytes() for boxes in found.values()}) == 3
    assert explained().boxes is None


def test_boxes_lie_in_the_picture_as_it_is_displayed(explained, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # taken on its side: 90 x 60 in the file
    turned = save(tmp_path / "turned.png", noise(60, 90), exif=exif)
    upright = save(tmp_path / "upright.png", np.rot90(noise(60, 90), -1))
    one, same = explained(turned, boxes=True), explained(upright, boxes=True)
    assert one.photo.size == (60, 90)
    np.testing.assert_array_equal(one.boxes, same.boxes)


def test_drawn_boxes_surround_the_same_share_of_a_picture_of_any_size(explained, monkeypatch, tmp_path):
    drawn = []
    monkeypatch.setattr(draw_maps, "draw_sheet", lambda path, strips, **more: drawn.extend(strips))
    one = explained(save(tmp_path / "a.png", noise(600, 1500)), threshold=0.6)
    draw_maps.draw_class(tmp_path / "a.jpg", one)
    (tile,) = [tile for tile in drawn[0].tiles if tile.boxes]
    assert tile.image.shape[:2] == (400, 1000)
    assert tile.title.endswith(f"{len(one.boxes)} box{'es' * (len(one.boxes) > 1)} at threshold 0.6")
    for ((left, top, right, bottom), score), box in zip(tile.boxes, one.boxes, strict=True):
        np.testing.assert_allclose([left - 1, top - 1, right, bottom], (box[:4] - [1, 1, 0, 0]) / 1.5)
        assert score == box[4]


def test_a_box_is_drawn_however_unlikely_the_class(explained, tmp_path):
    one, orange = explained(boxes=True), []
    assert len(one.boxes)
    for boxes in (one.boxes * [1, 1, 1, 1, 0.001], one.boxes[:0]):
        draw_maps.draw_class(tmp_path / "a.jpg", replace(one, boxes=boxes))
        with Image.open(tmp_path / "a.jpg") as image:
            orange.append((np.abs(np.asarray(image).astype(int) - [213, 94, 0]).sum(axis=-1) < 60).sum())
    assert orange[0] > orange[1] + 2000


class Fixed(nn.Module):
    """A network that takes inputs of one size only, as a ViT does."""

    def __init__(self):
        super().__init__()
        self.features = nn.Conv2d(3, 8, 3, stride=8)
        self.fc = nn.Linear(8, 10)

    def forward(self, x):
        assert x.shape[2] == 96, "wrong image size"
        return self.fc(self.features(x).mean(dim=(2, 3)))


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ({"method": "nope"}, "'nope' does not exist: choose --method from cam, gradcam,.*, input-gradient, all"),
        (
            {"method": "1.15x+1"},
            r"'1\.15x\+1' does not suit this network \(its input has to be 96 x 96, and this method gives it 97 x 97\)"
            r": choose --method from cam, gradcam, gradcam\+\+, layercam, hirescam, otsu, watershed, refined, flip\.$",
        ),
        ({"method": "shared"}, r"'shared' does not suit this network \(no block before 'features' has a finer map\)"),
        ({"method": "otsu", "threshold": 0.5}, "'otsu' cuts no map at a --threshold of yours"),
        (
            {"threshold": 0.0},
            r"--threshold 0 is no fraction of a map's maximum: .* leave it out for the default, 0\.15",
        ),
        ({"method": "input-gradient", "boxes": True}, "--boxes needs a map with cells"),
        ({"classes": ["nothing"]}, "nothing"),
        ({"classes": ["dog"], "against": "dog"}, "overlap"),
    ],
)
def test_what_does_not_go_is_said_before_any_image_is_read(lessons, wish, says):
    model = classifier(seeded(Fixed()), "features")
    with pytest.raises(LabError, match=says):
        ImageExplainer(model, lessons, Wish(**wish))


def test_a_network_that_takes_any_size_is_given_every_view(resnet, lessons):
    for method in METHODS:
        ImageExplainer(resnet, lessons, Wish(method=method))


def test_what_is_written_and_said(resnet, lessons, picture, tmp_path, capsys):
    explainer = ImageExplainer(resnet, lessons, Wish(classes=["dog"], method="gradcam++", boxes=True))
    (one,) = explainer(picture)
    files = explainer.write([one], tmp_path)
    assert [file.name for file in files] == [
        f"ein Größenwahn [1]-gradcampp{end}" for end in ("-3-dog.jpg", "-3-dog.npz", ".json")
    ]
    record = read_json(files[-1])
    assert (record["threshold"], record["method"]) == (explainer.request.threshold, "gradcam++")
    assert "as it is displayed" in record["box"]
    assert record["classes"][0]["boxes"] == np.asarray(one.boxes).tolist()
    with np.load(files[1], allow_pickle=False) as arrays:
        assert list(arrays) == ["gradcam++"]
    assert "the map of Grad-CAM++ has 3 x 3 cells" in capsys.readouterr().out


def test_a_method_that_differs_in_its_boxes_only_says_so(resnet, lessons, picture, tmp_path, capsys):
    for boxes in (False, True):
        explainer = ImageExplainer(resnet, lessons, Wish(method="watershed", boxes=boxes))
        explainer.write(explainer(picture), tmp_path)
        assert ("watershed has the map of gradcam" in capsys.readouterr().out) is not boxes
