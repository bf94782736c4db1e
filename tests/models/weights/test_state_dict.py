"""Files of weights that are damaged, of another kind, or hold code: refused with a reason, and no code runs."""

import pickle

import pytest
import torch

from gradcam_lab.errors import LabError
from gradcam_lab.models import zoo
from gradcam_lab.models.weights.state_dict import read_weights
from tests.model_files import RunsCode


class TestDamagedFiles:
    def test_a_missing_file(self, tmp_path):
        with pytest.raises(LabError, match=r"no weights file '.*nowhere\.pth'"):
            zoo.load("resnet18", str(tmp_path / "nowhere.pth"))

    @pytest.mark.parametrize("legacy", [False, True])
    @pytest.mark.parametrize("share", [0.0001, 0.5, 0.9999])
    def test_a_truncated_file(self, squeezenet, tmp_path, share, legacy):
        path = tmp_path / "cut.pth"
        torch.save(squeezenet, path, _use_new_zipfile_serialization=not legacy)
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
        with pytest.raises(LabError, match=r"cut\.pth' is truncated or not a weights file"):
            zoo.load("squeezenet1_1", str(path))

    @pytest.mark.parametrize("content", [b"hello, world\n", bytes(500), b"\x80\x04hello", b"PK\x03\x04 nothing"])
    def test_another_kind_of_file(self, tmp_path, content):
        (tmp_path / "text.pth").write_bytes(content)
        with pytest.raises(LabError, match=r"text\.pth' is truncated or not a weights file"):
            zoo.load("squeezenet1_1", str(tmp_path / "text.pth"))

    @pytest.mark.parametrize(
        ("value", "message"),
        [
            ({"epoch": 3, "state_dict": {}}, r"but a dict of 2 entries \('epoch', 'state_dict'\) without any tensor"),
            ([1, 2], "no state dict, a dict of names and tensors, but an object of type 'list'"),
            (torch.zeros(3), "no state dict, a dict of names and tensors, but an object of type 'Tensor'"),
        ],
    )
    def test_something_else_than_a_state_dict(self, tmp_path, value, message):
        torch.save(value, tmp_path / "other.pth")
        with pytest.raises(LabError, match=message):
            zoo.load("squeezenet1_1", str(tmp_path / "other.pth"))


class TestCodeInPickles:
    MESSAGE = r"evil\.pth' holds more than tensors \(a pickle with code in it(: \w+\.mkdir)?\) and was not loaded"

    @pytest.mark.parametrize("legacy", [False, True])
    def test_is_refused_and_never_run(self, tmp_path, legacy):
        trace = tmp_path / "the code ran"
        torch.save({"a": RunsCode(trace)}, tmp_path / "evil.pth", _use_new_zipfile_serialization=not legacy)
        with pytest.raises(LabError, match=self.MESSAGE):
            zoo.load("squeezenet1_1", str(tmp_path / "evil.pth"))
        assert not trace.exists()

    @pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
    def test_is_refused_and_never_run_also_in_a_plain_pickle(self, tmp_path, protocol):
        trace = tmp_path / "the code ran"
        (tmp_path / "evil.pth").write_bytes(pickle.dumps({"a": RunsCode(trace)}, protocol))
        with pytest.raises(LabError, match=self.MESSAGE):
            zoo.load("squeezenet1_1", str(tmp_path / "evil.pth"))
        assert not trace.exists()

    def test_would_have_run_in_a_careless_reader(self, tmp_path):
        trace = tmp_path / "the code ran"
        torch.save({"features.0.weight": RunsCode(trace)}, tmp_path / "evil.pth")
        torch.load(tmp_path / "evil.pth", weights_only=False)
        assert trace.exists()

    def test_a_whole_model_is_refused(self, tmp_path):
        torch.save(torch.nn.Linear(2, 2), tmp_path / "model.pth")
        with pytest.raises(
            LabError,
            match=r"model\.pth' holds more than tensors.*linear\.Linear\).*save the model's state_dict\(\) alone\.",
        ):
            read_weights(tmp_path / "model.pth")
