"""Networks of the user's own: a function in a file, and what may be wrong with it."""

import json
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from gradcam_lab.errors import LabError
from gradcam_lab.models import zoo
from gradcam_lab.models.classifier import Preprocessing
from tests.commands import lab, refused

SMALL = """
    import torch
    from torch import nn

    class Small(nn.Module):
        def __init__(self, outputs=3):
            super().__init__()
            self.body = nn.Sequential(nn.Conv2d(3, 8, 3, stride=8), nn.ReLU())
            self.head = nn.Linear(8, outputs)

        def forward(self, x):
            return self.head(self.body(x).mean(dim=(2, 3)))

    def build():
        torch.manual_seed(0)
        return Small()
"""


@pytest.fixture
def file(tmp_path):
    """Write a file of the network above, and more."""

    def write(more="", name="my net.py", body=SMALL):
        path = tmp_path / name
        path.write_text(textwrap.dedent(body) + textwrap.dedent(more), encoding="utf-8")
        return path

    return write


def test_a_network_without_a_word_about_itself(file, capsys):
    model = zoo.load(f"{file()}:build", size=64)
    assert (model.name, model.activation, model.layer) == ("my net.py:build", "softmax", "body")
    assert model.class_names == ("class 0", "class 1", "class 2")
    assert model.preprocessing == Preprocessing(64)
    assert "'my net.py:build' does not name its 3 classes, so they are numbered" in capsys.readouterr().err


def test_what_it_says_of_itself_and_what_the_user_says(file, capsys):
    path = file(
        """
        def said():
            network = build()
            network.input_size, network.classes, network.activation = (3, 96, 96), ["a", "b", "c"], "sigmoid"
            network.mean, network.std = (0.5, 0.5, 0.5), [0.25, 0.25, 1]
            return network

        def timms():
            network = build()
            network.pretrained_cfg = {"input_size": (3, 64, 64), "mean": (0.1, 0.2, 0.3), "std": (1, 1, 1)}
            return network

        def nonsense():
            network = build()
            network.input_size, network.classes, network.activation, network.mean = "big", {"a": 1}, print, 3
            return network
        """
    )
    said = zoo.load(f"{path}:said")
    assert said.preprocessing == Preprocessing(96, (0.5, 0.5, 0.5), (0.25, 0.25, 1.0))
    assert (said.class_names, said.activation) == (("a", "b", "c"), "sigmoid")
    given = zoo.load(f"{path}:said", classes="x,y,z", activation="softmax", size=32, mean="0,0,0", std="1,1,1")
    assert given.preprocessing == Preprocessing(32, (0, 0, 0), (1, 1, 1))
    assert (given.class_names, given.activation) == (("x", "y", "z"), "softmax")
    assert zoo.load(f"{path}:timms", classes="x,y,z").preprocessing == Preprocessing(64, (0.1, 0.2, 0.3), (1, 1, 1))
    assert capsys.readouterr().err == ""
    assert zoo.load(f"{path}:nonsense", size=32).preprocessing == Preprocessing(32)


def test_the_code_is_part_of_what_the_maps_depend_on(file):
    first = zoo.load(f"{file()}:build", classes="a,b,c", size=32)
    assert zoo.load(f"{file()}:build", classes="a,b,c", size=32).fingerprint == first.fingerprint
    assert zoo.load(f"{file('# changed')}:build", classes="a,b,c", size=32).fingerprint != first.fingerprint


def test_it_may_import_the_modules_beside_it(file, tmp_path):
    (tmp_path / "beside_it.py").write_text("OUTPUTS = 4", encoding="utf-8")
    path = file("def four():\n    from beside_it import OUTPUTS\n    return Small(OUTPUTS)")
    assert len(zoo.load(f"{path}:four", size=32).output_names) == 4
    assert str(tmp_path) not in sys.path


def test_weights_of_a_file_go_into_it(file, tmp_path):
    path = file()
    network = zoo.load(f"{path}:build", size=32).network
    state = {f"module.{name}": torch.ones_like(value).half() for name, value in network.state_dict().items()}
    torch.save({"epoch": 3, "ema": state}, tmp_path / "w.pth")
    loaded = zoo.load(f"{path}:build", str(tmp_path / "w.pth"), size=32)
    assert all(
        bool((value == 1).all()) and value.dtype == torch.float32 for value in loaded.network.state_dict().values()
    )
    assert loaded.metadata["weights"] == "w.pth"
    torch.save({"other.weight": torch.zeros(2), "b": torch.zeros(1), "c": torch.zeros(1)}, tmp_path / "o.pth")
    with pytest.raises(
        LabError, match=r"o\.pth' does not hold the weights of build\(\) .*: it lacks 'body\.0\.weight'"
    ):
        zoo.load(f"{path}:build", str(tmp_path / "o.pth"), size=32)


@pytest.mark.parametrize(
    ("function", "says"),
    [
        ("lacking", r"has no function 'lacking': it has .*build"),
        ("number", r"number\(\) of '.*my net\.py' returns an object of type 'int' and no network"),
        ("nothing", r"returns None and no network: let it return a torch\.nn\.Module"),
        ("itself", r"returns the class 'Small' itself and no network"),
        ("raises", r"cannot be used, raises\(\) raises ValueError: boo in line 19: mend it"),
        ("exits", r"cannot be used, exits\(\) raises SystemExit: 3 in line 22"),
        ("takes", r"takes\(\) raises TypeError: takes\(\) missing 1 required positional argument"),
        ("flat", r"flat' takes no images of shape \(2, 3, 32, 32\), it raises RuntimeError: .*by --size"),
        ("pooled", r"returns a tensor of shape \(2, 8, 3, 3\) for 2 images, and logits of shape \(N, classes\) are"),
        ("texts", r"returns an object of type 'str', and logits"),
        ("placeless", r"No layer of the network has a place in its output"),
    ],
)
def test_what_is_wrong_is_one_sentence(file, function, says):
    path = file(
        """
        def raises():
            raise ValueError("boo")

        def exits():
            raise SystemExit(3)

        number, nothing, itself = (lambda: 3), (lambda: None), (lambda: Small)
        def takes(x): return build()
        def flat(): return nn.Linear(3, 4)
        def pooled(): return nn.Sequential(nn.Conv2d(3, 8, 3, stride=12))
        def placeless(): return nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 2))
        class Text(Small):
            def forward(self, x): return "dog"
        def texts(): return Text()
        """
    )
    with pytest.raises(LabError, match=says):
        zoo.load(f"{path}:{function}", size=32)


def test_a_file_that_cannot_run(file, tmp_path):
    with pytest.raises(LabError, match=r"its import raises SyntaxError: .* in line 1: mend it"):
        zoo.load(f"{file(body='def build(:')}:build")
    with pytest.raises(LabError, match=r"its import raises ModuleNotFoundError: No module named 'nowhere' in line 1"):
        zoo.load(f"{file(body='import nowhere')}:build")
    with pytest.raises(LabError, match=r"There is no file '.*none\.py': check the name given to --model"):
        zoo.load(f"{tmp_path / 'none.py'}:build")
    with pytest.raises(LabError, match=r"is a file: say which function of it builds the network, .*:FUNCTION; it has"):
        zoo.load(str(file()))
    with pytest.raises(LabError, match="is a function of yours, which has no weights of ImageNet"):
        zoo.load(f"{file()}:build", "imagenet")


class Answer(nn.Module):
    """Returns its logits in something."""

    def __init__(self, pack):
        super().__init__()
        self.conv, self.fc, self.pack = nn.Conv2d(3, 4, 3, stride=8), nn.Linear(4, 2), pack

    def forward(self, x):
        return self.pack(self.fc(self.conv(x).mean(dim=(2, 3))))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_a_network_of_another_precision_runs_in_float32(dtype):
    network = Answer(lambda z: z)
    model = zoo.load(Answer(lambda z: z).to(dtype), classes=["a", "b"], size=32)
    assert {parameter.dtype for parameter in model.network.parameters()} == {torch.float32}
    assert model.network(torch.zeros(1, 3, 32, 32)).shape == (1, 2)
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}


def lazy():
    return nn.Sequential(nn.Conv2d(3, 4, 3, stride=8), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LazyLinear(2))


@pytest.mark.parametrize(
    ("network", "says"),
    [
        (lambda: Answer(lambda z: z).to("meta"), "has weights on the device meta, which have no values"),
        (lambda: Answer(lambda z: z.to(torch.complex64)), "returns numbers of torch.complex64, and logits are real"),
        (lambda: Answer(lambda z: z * torch.tensor([float("nan"), 1])), "returns numbers that are not finite"),
        (lambda: Answer(lambda z: z - z.mean(dim=0)), "does not say the same of an image alone and beside another"),
        (lambda: Answer(lambda z: z.squeeze()), "does not say the same of an image alone"),
        (lazy, "is no network that can be explained|cannot be copied|takes no images"),
        (lambda: torch.jit.script(nn.Conv2d(3, 4, 3)), "is no network that can be explained|cannot be copied"),
        (lambda: {"a": torch.zeros(1)}, "A network is given by its name, its file or itself"),
    ],
)
def test_what_is_no_network_to_explain(network, says):
    with pytest.raises(LabError, match=says):
        zoo.load(network(), classes=["a", "b"], size=32)


@pytest.mark.parametrize("names", [["a", ""], ["a", None], ["a", "b\nc"], ["a", 1]])
def test_names_that_are_none(names):
    with pytest.raises(LabError, match="classes names a class that is no name"):
        zoo.load(Answer(lambda z: z), classes=names, size=32)


def test_names_that_two_outputs_have_are_told_apart():
    network = Answer(lambda z: z)
    network.classes = ["crane", "crane"]  # type: ignore[assignment]
    assert zoo.load(network, size=32).output_names == ("crane (0)", "crane (1)")


def test_a_module_beside_the_file_is_part_of_its_code(file, tmp_path):
    (tmp_path / "helper_of_it.py").write_text("SCALE = 1", encoding="utf-8")
    path = file("def scaled():\n    import helper_of_it\n    return build()")
    words: dict[str, Any] = {"classes": "a,b,c", "size": 32}
    first = zoo.load(f"{path}:scaled", **words).fingerprint
    (tmp_path / "helper_of_it.py").write_text("SCALE = 2", encoding="utf-8")
    assert zoo.load(f"{path}:scaled", **words).fingerprint != first


@pytest.mark.parametrize(
    "pack",
    [
        lambda z: {"logits": z, "hidden": None},
        lambda z: (z, z[:, :1]),
        lambda z: [z],
        lambda z: z[:, :, None, None],
        lambda z: type("Output", (), {"logits": z, "loss": None})(),
    ],
)
def test_logits_are_found_in_what_a_network_returns(pack):
    model = zoo.load(Answer(pack), classes=["a", "b"], size=32)
    assert model.network(torch.zeros(2, 3, 32, 32)).shape == (2, 2)
    assert model.layer == "network.conv"
    assert zoo.load(Answer(pack), classes=["a", "b"], size=32, layer="conv").layer == "network.conv"


def test_a_module_of_the_users_is_left_as_it_is():
    network = Answer(lambda z: z).train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    model = zoo.load(network, classes=["a", "b"], size=32)
    assert network.training
    assert all(parameter.requires_grad for parameter in network.parameters())
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert model.network is not network


def test_one_output_is_a_yes_or_no():
    network = nn.Sequential(nn.Conv2d(3, 4, 3, stride=8), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 1))
    assert zoo.load(network, classes=["dog"], size=32).activation == "sigmoid"


def test_on_the_command_line(file, tmp_path):
    photo = Path(tmp_path / "a.png")
    from PIL import Image

    Image.new("RGB", (40, 30), "red").save(photo)
    path = file("print('loading')")
    done = lab("predict", photo, "--model", f"{path}:build", "--classes", "a,b,c", "--size", 32, "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["classifier"] == "my net.py:build"
    assert done.err == "loading\n"
    wrong = lab("predict", photo, "--model", f"{path}:build", "--classes", "a,b", "--size", 32)
    assert (wrong.code, wrong.out) == (2, "")
    refused(lab("predict", photo, "--model", "embedded", "--mean", "1,2"), "--mean 1,2 should be three numbers")
    refused(lab("predict", photo, "--model", "embedded", "--std", "1,2,0"), "three numbers above 0, of R, G and B")
