"""Settings from a YAML file: every key is understood, and an error names its line."""

from pathlib import Path

import pytest

from gradcam_lab.errors import LabError
from gradcam_lab.models.training.config_file import read_config, settings_of
from gradcam_lab.models.training.settings import TrainingSettings

EFEO = """\
# as in the EFEO exercise
model:
  name: cam_net
  input_shape: [3, 160, 160]
  num_classes: 10
  residual: true

training:
  learning_rate: 1e-3
  batch_size: 64
  num_epochs: 25
  weight_decay: 0.0001
  checkpoint_dir: ./check points
  log_every: 50
  save_every: 2
  early_stopping_patience: 7
  optimizer: sgd
  scheduler: reduce_lr

dataset:
  name: imagenette
  data_dir: ./data
  img_size: 160
  val_size: 0.15
"""


@pytest.fixture
def write(tmp_path):
    def write(text: str) -> Path:
        path = tmp_path / "Ordner für cam.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


class TestGood:
    def test_every_key_of_the_efeo_exercise_is_understood(self, write):
        assert settings_of({}, write(EFEO)) == TrainingSettings(
            data="imagenette",
            data_root=Path("data"),
            out=Path("check points"),
            arch="cam_net",
            residual=True,
            epochs=25,
            batch=64,
            learning_rate=0.001,
            weight_decay=0.0001,
            optimizer="sgd",
            scheduler="plateau",
            patience=7,
            img_size=160,
            val_size=0.15,
            num_classes=10,
            log_every=50,
            save_every=2,
        )

    def test_everything_may_be_left_out(self, write):
        assert read_config(write("training: {num_epochs: 2}\n")) == {"epochs": 2}
        assert settings_of({"arch": "resnet18"}, write("model: {}")).arch == "resnet18"

    def test_the_size_may_stand_in_either_place(self, write):
        assert read_config(write("model: {input_shape: [3, 64, 64]}")) == {"img_size": 64}
        assert read_config(write("dataset: {img_size: 64}")) == {"img_size": 64}

    @pytest.mark.parametrize("scheduler", ["cosine", "step", "onecycle", "constant", "plateau"])
    def test_the_schedules_of_the_flags_will_do_too(self, write, scheduler):
        assert read_config(write(f"training: {{scheduler: {scheduler}}}")) == {"scheduler": scheduler}


BAD = {
    "training:\n  num_epoch: 3": r"line 2: there is no key 'num_epoch' in 'training': did you mean 'num_epochs'\?",
    "model:\n  name: cam_net\n\n  xyz: 3": r"line 4: there is no key 'xyz' in 'model': choose one of name, input_shape",
    "model:\n  batch_size: 3": r"line 2: there is no key 'batch_size' in 'model': it belongs to 'training'\.",
    "\ntrainig:\n  num_epochs: 3": r"line 2: there is no key 'trainig': did you mean 'training'\?",
    "training:\n  learning_rate: -1": r"line 2: training\.learning_rate is -1, but should be greater than 0\.",
    "training:\n  learning_rate: .inf": r"line 2: training\.learning_rate is inf, but should be a finite number\.",
    "training:\n  learning_rate: fast": r"line 2: training\.learning_rate is 'fast', but should be a valid number",
    "training:\n  batch_size: 2.5": r"line 2: training\.batch_size is 2\.5, but should be a valid integer",
    "training:\n  num_epochs: true": r"line 2: training\.num_epochs is True, but should be a number\.",
    "training:\n  num_epochs: 0": r"line 2: training\.num_epochs is 0, but should be greater than 0\.",
    "training:\n  optimizer: rmsprop": r"line 2: training\.optimizer is 'rmsprop', but should be 'adam', 'adamw'",
    "training:\n  scheduler: linear": r"line 2: training\.scheduler is 'linear', but should be 'onecycle', 'step'",
    "model:\n  name: resnet5": r"line 2: model\.name is 'resnet5', but should be one of .*; did you mean 'resnet50'\.",
    "model:\n  residual: perhaps": r"line 2: model\.residual is 'perhaps', but should be a valid boolean",
    "model:\n  input_shape: [1, 64, 64]": r"line 2: model\.input_shape is .*, but should be \[3, S, S\]",
    "model:\n  input_shape: [3, 64, 32]": r"line 2: model\.input_shape is .*, but should be \[3, S, S\]",
    "model:\n  input_shape: [3, 64]": r"line 2: model\.input_shape is",
    "model:\n  input_shape: [3, 64, x]": r"line 2: model\.input_shape is 'x', but should be a valid integer",
    "dataset:\n  val_size: 1.5": r"line 2: dataset\.val_size is 1\.5, but should be less than 1\.",
    "dataset:\n  img_size: 8": r"line 2: dataset\.img_size is 8, but should be greater than or equal to 32\.",
    "model: {input_shape: [3, 64, 64]}\ndataset:\n  img_size: 96": r"line 3: dataset\.img_size is 96, but "
    r"model\.input_shape in line 1 says 64: give both the same\.",
    "training: 3": r"line 1: the section 'training' should hold keys, such as learning_rate,",
    "training:\n": r"line 1: the section 'training' should hold keys",
    "training:\n  num_epochs: 3\n  num_epochs: 4": r"line 3: the key 'num_epochs' stands here for the second time\.",
    "model: [1, 2": r"line 1, is not valid YAML: expected ',' or '\]'",
    "model:\n  name: !!python/object/apply:os.getcwd []": "line 2, is not valid YAML: could not determine",
    "- 1\n- 2": "should hold the sections model, training, dataset",
    "": "should hold the sections model, training, dataset",
    "? [1, 2]\n: 3": "is not valid YAML: found unhashable key",
    "model:\n  name: 2024-99-99": "is not valid YAML",
    "model: " + 1200 * "[": "is not valid YAML",
    "5: {a: 1}": r"line 1: there is no key '5'",
}


class TestBad:
    @pytest.mark.parametrize(("text", "message"), BAD.items(), ids=[text.replace("\n", "|")[:60] for text in BAD])
    def test_the_line_is_named(self, write, text, message):
        with pytest.raises(LabError, match=rf"cam\.yaml'.*{message}"):
            read_config(write(text))

    def test_the_first_line_of_several_is_named(self, write):
        with pytest.raises(LabError, match="line 2: there is no key 'x'"):
            read_config(write("dataset:\n  x: 1\ntraining:\n  num_epochs: -1\n"))

    def test_no_such_file(self, tmp_path):
        with pytest.raises(LabError, match=r"Cannot read the configuration '.*none\.yaml'"):
            read_config(tmp_path / "none.yaml")

    def test_no_text(self, tmp_path):
        (tmp_path / "a.yaml").write_bytes(b"\xff\xfe\x00")
        with pytest.raises(LabError, match=r"Cannot read the configuration '.*a\.yaml'"):
            read_config(tmp_path / "a.yaml")
