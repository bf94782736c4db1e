"""A memory that does not suffice: batches are halved, and where that is no help one sentence says what to do."""

from functools import partial
from itertools import chain

import pytest
import torch

from gradcam_lab.errors import is_out_of_memory
from gradcam_lab.models import memory
from gradcam_lab.models.memory import in_parts
from gradcam_lab.models.networks.cam_net import CamNet
from gradcam_lab.models.networks.toynet import ToyNet
from tests.commands import contents, lab, refused, run_all
from tests.trainings import draw_labelled

GPU = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nGPU 0 has 1.00 GiB.")


def holding(limit, function):
    """The function, for so many images at most; torch runs out of memory at more."""

    def bounded(self, images):
        if len(images) > limit:
            raise GPU
        return function(self, images)

    return bounded


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    root = tmp_path_factory.mktemp("labelled")
    draw_labelled(root)
    return root


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 8])
def test_a_batch_is_halved_until_it_fits(limit):
    def double(batch):
        if len(batch) > limit:
            raise GPU
        return 2 * batch

    parts = in_parts(double, torch.arange(5))
    assert torch.equal(torch.cat(parts), 2 * torch.arange(5))
    assert (len(parts) == 1) is (limit >= 5)


@pytest.mark.parametrize(("error", "calls"), [(GPU, 4), (RuntimeError("shapes differ"), 1), (ValueError("x"), 1)])
def test_what_no_smaller_batch_mends_is_raised(error, calls):
    asked = []

    def fails(batch):
        asked.append(len(batch))
        raise error

    with pytest.raises(type(error)):
        in_parts(fails, [0] * 8)
    assert len(asked) == calls


@pytest.mark.parametrize(
    ("text", "is_it"),
    [
        ("CUDA out of memory.", True),
        ("[enforce fail at alloc_cpu.cpp:114] DefaultCPUAllocator: not enough memory: you tried to allocate", True),
        ("cuDNN error: CUDNN_STATUS_ALLOC_FAILED", True),
        ("mat1 and mat2 shapes cannot be multiplied", False),
    ],
)
def test_what_it_is_recognised_by(text, is_it):
    assert is_out_of_memory(RuntimeError(text)) is is_it
    assert not is_out_of_memory(ValueError(text))


def test_what_works_is_said_once_and_not_what_failed_on_the_way(capsys, monkeypatch):
    monkeypatch.setattr(memory, "_smallest", None)
    function = partial(holding(3, lambda self, batch: batch), None)
    for _ in range(2):
        assert [*chain(*in_parts(function, list(range(12))))] == list(range(12))
    assert capsys.readouterr().err.splitlines() == [
        "The memory does not hold 6 images at once: going on with 3. --batch 3 begins with that."
    ]


class TestCommands:
    def train(self, labelled, out):
        size = ("--batch", 8, "--epochs", 1)
        return lab("train", "--data", labelled, "--arch", "cam_net", "--out", out, *size)

    def test_train_names_the_option_and_the_key(self, labelled, tmp_path, monkeypatch):
        monkeypatch.setattr(CamNet, "forward", holding(4, CamNet.forward))
        done = self.train(labelled, tmp_path / "a")
        refused(done, "CUDA out of memory", "give a smaller --batch (batch_size in the configuration) than 8")
        assert "GPU 0 has" not in done.err

    def test_evaluate_classifier_halves_its_batches(self, labelled, tmp_path, monkeypatch):
        assert self.train(labelled, tmp_path / "a").code == 0
        words = ("evaluate-classifier", "--model", tmp_path / "a" / "best.safetensors", "--data", labelled, "--json")
        whole = lab(*words)
        forward = CamNet.forward
        monkeypatch.setattr(CamNet, "forward", holding(3, forward))
        halved = lab(*words)
        assert (halved.code, halved.out) == (0, whole.out)
        monkeypatch.setattr(CamNet, "forward", holding(0, forward))
        refused(lab(*words), "CUDA out of memory", "even one image at a time was too much: take a smaller network")

    def test_run_all_halves_its_batches(self, toy, weights, quick_run, tmp_path, monkeypatch):
        forward = ToyNet.forward
        monkeypatch.setattr(ToyNet, "forward", holding(2, forward))
        assert run_all(toy, weights, tmp_path / "halved", "--limit", 8).code == 0
        name = "detections.json"
        assert (quick_run / name).read_text() == (tmp_path / "halved" / name).read_text()
        monkeypatch.setattr(ToyNet, "forward", holding(0, forward))
        refused(run_all(toy, weights, tmp_path / "none", "--limit", 8), "CUDA out of memory", "take a smaller network")
        assert not any(path.suffix == ".html" for path in contents(tmp_path / "none"))

    def test_explain_and_show(self, toy, weights, tmp_path, monkeypatch):
        monkeypatch.setattr(ToyNet, "forward", holding(0, ToyNet.forward))
        photo = next((toy / "JPEGImages").iterdir())
        for words in (
            ("explain", photo, "--model", weights),
            ("predict", photo, "--model", weights),
            ("show", "--model", weights, "--image", photo),
        ):
            out = () if words[0] == "predict" else ("--out", tmp_path / "out")
            refused(lab(*words, *out), "CUDA out of memory", "CUDA_VISIBLE_DEVICES")
