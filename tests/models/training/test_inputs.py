"""What training is fed with: pixels from memory or from files, and squashed as inference squashes them."""

import numpy as np
import pytest
import torch

from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.data.sample import Sample
from gradcam_lab.errors import LabError
from gradcam_lab.models.classifier import Preprocessing
from gradcam_lab.models.networks.architectures import ARCHITECTURES, Head, blank, build, features
from gradcam_lab.models.networks.toynet import ToyNet
from gradcam_lab.models.training import inputs as sources
from gradcam_lab.models.training import pixels
from gradcam_lab.models.training.dataset import box_labels, spread
from gradcam_lab.models.training.inputs import Features, Images
from gradcam_lab.models.training.pixels import FromFiles, InMemory, open_pixels
from gradcam_lab.models.training.recipe import Recipe

CPU = torch.device("cpu")
PLAIN = Recipe(zoom=(1, 1), shift=0, colour=0, hidden_images=0)


@pytest.fixture(scope="module")
def samples(toy):
    return read_split(toy, "val").samples[:7]


class TestPixels:
    BATCHES = (torch.tensor([3, 1]), torch.tensor([], dtype=torch.long), torch.tensor([6, 0, 2]))

    @pytest.mark.parametrize("workers", [0, 2])
    def test_files_give_what_memory_gives(self, samples, workers):
        kept, files = InMemory(samples, Preprocessing(48)), FromFiles(samples, Preprocessing(48), workers)
        for batches in (self.BATCHES, self.BATCHES[2:]):  # two epochs of different length
            ours, theirs = list(kept.read(batches)), list(files.read(batches))
            assert [len(x) for x in ours] == [len(batch) for batch in batches]
            assert all(x.dtype == torch.uint8 and x.shape[1:] == (3, 48, 48) for x in ours)
            assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))

    def test_many_pixels_are_not_kept(self, samples, monkeypatch):
        assert isinstance(open_pixels(samples, Preprocessing(48)), InMemory)
        monkeypatch.setattr(pixels, "MEMORY", 7 * 3 * 48 * 48 - 1)
        assert isinstance(open_pixels(samples, Preprocessing(48)), FromFiles)

    def test_an_image_that_has_gone_is_named_in_one_sentence(self, samples, tmp_path):
        gone = (*samples, Sample("gone", tmp_path / "gone.jpg", (9, 9)))
        with pytest.raises(LabError) as error:
            list(FromFiles(gone, Preprocessing(48), workers=1).read([torch.tensor([0, 7])]))
        assert str(error.value).startswith(f"Cannot read the image '{tmp_path / 'gone.jpg'}'")
        assert "Traceback" not in str(error.value)

    @pytest.mark.parametrize("size", [48, 400, 150])  # smaller than the images, larger, between their sides
    def test_training_and_inference_squash_in_the_same_way(self, samples, size):
        preprocessing = Preprocessing(size)
        inputs = torch.cat(list(Images(samples, preprocessing, PLAIN, CPU).plain()))
        assert torch.equal(inputs, torch.stack([preprocessing(sample.image) for sample in samples]))

    def test_the_squash_is_what_it_was(self):
        wide = np.zeros((2, 8, 3), np.uint8)
        wide[:, ::2] = 200
        assert Preprocessing(2).squash(wide).tolist() == np.full((2, 2, 3), 100).tolist()  # averaged, shrinking
        assert Preprocessing(4).squash(wide)[0, 0, 0] == 100  # one side grows: interpolated linearly


class TestSources:
    def test_training_images_are_standardised_and_follow_the_order(self, samples):
        images = Images(samples, Preprocessing(48), PLAIN, CPU)
        order = [torch.tensor([4, 2]), torch.tensor([0])]
        first, second = images.training(order, 48, torch.Generator().manual_seed(0))
        plain = torch.cat(list(images.plain()))
        for x, number in ((first[0], 4), (first[1], 2), (second[0], 0)):
            assert any(torch.allclose(x, picture, atol=1e-3) for picture in (plain[number], plain[number].flip(2)))

    def test_features_are_those_of_the_image_or_of_its_mirror_image(self, samples):
        torch.manual_seed(0)
        network = ToyNet(3, (8, 8, 8, 8)).eval()
        images = Images(samples, Preprocessing(48), PLAIN, CPU)
        kept = Features(images, network, "toynet")
        plain = torch.cat(list(images.plain()))
        with torch.no_grad():
            both = torch.stack([features(network, "toynet", x) for x in (plain, plain.flip(3))], dim=1)
            assert torch.allclose(Head(network, "toynet")(torch.cat(list(kept.plain()))), network(plain), atol=1e-6)
        order = torch.tensor([5, 5, 5, 5, 1, 1, 1, 1])
        (drawn,) = kept.training([order], 48, torch.Generator().manual_seed(1))
        which = [
            [torch.allclose(row, both[n, side], atol=1e-6) for side in (0, 1)]
            for row, n in zip(drawn, order, strict=True)
        ]
        assert all(any(sides) for sides in which)
        assert {tuple(sides) for sides in which} == {(True, False), (False, True)}

    def test_features_that_do_not_fit_are_refused(self, samples, monkeypatch):
        monkeypatch.setattr(sources, "FEATURES", 100)
        network = ToyNet(3, (8, 8, 8, 8)).eval()
        with pytest.raises(LabError, match=r"The features of 7 images need 0 GiB of memory: give --limit"):
            Features(Images(samples, Preprocessing(48), PLAIN, CPU), network, "toynet")

    @pytest.mark.parametrize("arch", ARCHITECTURES)
    def test_every_network_is_its_features_and_its_head(self, arch):
        network = blank(arch, 5).eval()
        x = torch.zeros(2, 3, 224, 224, device="meta")
        seen = features(network, arch, x)
        assert Head(network, arch)(seen).shape == network(x).shape == (2, 5)
        assert not network.get_submodule(ARCHITECTURES[arch].head)._forward_pre_hooks

    @pytest.mark.parametrize("residual", [False, True])
    def test_the_cam_network_ends_in_an_average_and_one_linear_layer(self, residual):
        torch.manual_seed(0)
        network = build("cam_net", 4, {"residual": residual, "widths": [8, 8, 16]}).eval()
        x = torch.rand(2, 3, 64, 64)
        maps = network.get_submodule("features")(x)
        weight, bias = network.get_parameter("fc.weight"), network.get_parameter("fc.bias")
        cam = torch.einsum("ck,nkhw->nchw", weight, maps)
        assert torch.allclose(cam.mean(dim=(2, 3)) + bias, network(x), atol=1e-5)
        assert maps.shape == (2, 16, 8, 8)


class TestLabels:
    def test_a_limit_is_spread_over_all_images(self):
        assert spread(10, 4) == [0, 2, 5, 7]
        assert spread(3, 5) == spread(3, None) == [0, 1, 2]

    def test_boxes_say_which_classes_there_are(self, samples):
        found = box_labels(samples, ("dog", "unicorn"))
        assert found.shape == (7, 2)
        assert (found[:, 1] == 0).all()
        for row, sample in zip(found, samples, strict=True):
            flags = [o.difficult for o in sample.objects if o.name == "dog"]
            assert row[0].isnan() if flags and all(flags) else row[0] == float(bool(flags))
