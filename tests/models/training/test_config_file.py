"""Settings from a YAML file: every key is understood, and an error names its line."""

import json
from pathlib import Path

import pytest

from gradcam_lab.errors import LabError
from gradcam_lab.models.training.config_file import SHIPPED, read_config, settings_for, settings_of, write_config
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
            data_dir=Path("data"),
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


FILE = json.dumps(__file__)

BAD = {
    "training:\n  num_epoch: 3": r"line 2: there is no key 'num_epoch' in 'training': did you mean 'num_epochs'\?",
    "model:\n  name: cam_net\n\n  xyz: 3": r"line 4: there is no key 'xyz' in 'model': choose one of name, input_shape",
    "model:\n  batch_size: 3": r"line 2: there is no key 'batch_size' in 'model': it belongs to 'training'\.",
    "\ntrainig:\n  num_epochs: 3": r"line 2: there is no key 'trainig': did you mean 'training'\?",
    "training:\n  learning_rate: -1": r"line 2: training\.learning_rate is -1, but should be greater than 0\.",
    "training:\n  learning_rate: .inf": r"line 2: training\.learning_rate is inf, but should be a finite number\.",
    "training:\n  learning_rate: fast": r"line 2: training\.learning_rate is 'fast', but should be a valid number",
    "training:\n  batch_size: 2.5": r"line 2: training\.batch_size is 2\.5, but should be a valid integer",
    "training:\n  num_epochs: true": r"line 2: training\.num_epochs is true, but should be a number\.",
    "training:\n  num_epochs: 0": r"line 2: training\.num_epochs is 0, but should be greater than 0\.",
    "training:\n  learning_rate: x": r"line 2: training\.learning_rate is 'x', but should be a valid number\.",
    "training:\n  scheduler: foo": r"line 2: training\.scheduler is 'foo', but .*'plateau' \(or 'reduce_lr'\)",
    f"training:\n  checkpoint_dir: {FILE}": r"line 2: training\.checkpoint_dir is '.*', but this is a file",
    f"dataset:\n  name: pets\n  data_dir: {FILE}": r"line 3: dataset\.data_dir is '.*', but this is a file",
    "model:\n  weights: nowhere.pth": r"line 2: model\.weights is 'nowhere\.pth', but this is not there: give imagenet",
    "training:\n  optimizer: rmsprop": r"line 2: training\.optimizer is 'rmsprop', but should be 'adam', 'adamw'",
    "training:\n  scheduler: linear": r"line 2: training\.scheduler is 'linear', but should be 'onecycle', 'step'",
    "model:\n  name: resnet5": r"line 2: model\.name is 'resnet5', but should be one of .*; did you mean 'resnet50'\.",
    "model:\n  weights: 3": r"line 2: model\.weights is 3, but should be a valid string",
    "model:\n  name: resnet_kam": r"line 2: model\.name is 'resnet_kam', but .*; did you mean 'resnet_cam'\.",
    "dataset:\n  val_size: 0": r"line 2: dataset\.val_size is 0, but should be greater than 0\.",
    "model:\n  residual: perhaps": r"line 2: model\.residual is 'perhaps', but should be a valid boolean",
    "model:\n  input_shape: [1, 64, 64]": r"line 2: model\.input_shape is .*, but should be \[3, S, S\]",
    "model:\n  input_shape: [3, 64, 32]": r"line 2: model\.input_shape is .*, but should be \[3, S, S\]",
    "model:\n  input_shape: [3, 64]": r"line 2: model\.input_shape is",
    "model:\n  input_shape: [3, 64, x]": r"line 2: model\.input_shape is 'x', but should be a valid integer",
    "dataset:\n  val_size: 1.5": r"line 2: dataset\.val_size is 1\.5, but should be a share below 1 or a whole number",
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


EXERCISE = """\
model:
  name: resnet_cam
  input_shape: [3, 160, 160] # [channels, height, width] for Imagenette (160x160)
  num_classes: 10
  residual: true

training:
  learning_rate: 0.001
  batch_size: 64
  num_epochs: 50
  weight_decay: 0.0001
  checkpoint_dir: checkpoints/
  log_every: 10
  save_every: 2
  early_stopping_patience: 5
  optimizer: adam # [adam, sgd]
  scheduler: reduce_lr # [reduce_lr, cosine]

dataset:
  name: imagenette
  data_dir: data/
  img_size: 160 # Imagenette image resolution
  val_size: 1000 # Validation set size
"""
"""The Imagenette exercise's own file."""


class TestTheExercisesFile:
    def test_it_is_understood_as_it_is(self, write):
        settings = settings_of({}, write(EXERCISE))
        assert settings == TrainingSettings(
            data="imagenette",
            data_dir=Path("data"),
            out=Path("checkpoints"),
            arch="resnet18",
            weights="imagenet",
            residual=True,
            epochs=50,
            batch=64,
            learning_rate=0.001,
            weight_decay=0.0001,
            optimizer="adam",
            scheduler="plateau",
            patience=5,
            img_size=160,
            val_size=1000,
            num_classes=10,
            log_every=10,
            save_every=2,
        )
        recipe = settings.recipe()
        assert (recipe.epochs, recipe.batch, recipe.scheduler, recipe.patience) == (((160, 50),), 64, "plateau", 5)

    def test_the_packages_own_says_the_same_and_explains_every_key(self, write):
        text = SHIPPED.read_text(encoding="utf-8")
        keys = [line for line in text.splitlines() if line.startswith("  ")]
        assert all(" # " in line for line in keys)
        bare = [line.split(" # ")[0] for line in keys]
        exercise = [line.split(" # ")[0] for line in EXERCISE.splitlines() if line.startswith("  ")]
        assert [line for line in bare if line != "  weights: imagenet"] == exercise
        assert settings_of({}, SHIPPED) == settings_of({}, write(EXERCISE))

    def test_weights_may_be_random_or_a_file(self, write, tmp_path):
        (tmp_path / "a.pth").touch()
        file = (tmp_path / "a.pth").as_posix()
        for word, weights in (("random", None), (file, file), ("imagenet", "imagenet")):
            settings = settings_of({}, write(EXERCISE.replace("  residual", f"  weights: {word}\n  residual")))
            assert (settings.arch, settings.weights) == ("resnet18", weights)
        assert settings_of({"weights": "random"}, SHIPPED).weights is None

    def test_a_flag_for_another_network_or_other_data_leaves_out_what_the_file_says_of_its_own(self):
        settings = settings_of({"arch": "vgg16", "data": "pets"}, SHIPPED)
        assert (settings.weights, settings.residual, settings.data_dir, settings.num_classes) == (None,) * 4
        assert settings_of({"arch": "resnet_cam", "data": "imagenette"}, SHIPPED) == settings_of({}, SHIPPED)

    def test_residual_is_true_of_a_resnet(self, write):
        path = write(EXERCISE.replace("residual: true", "residual: false"))
        with pytest.raises(
            LabError, match=r"cam\.yaml', line 5: residual is false, but resnet18 is residual: leave it"
        ):
            settings_of({}, path)

    def test_it_is_written_once(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        assert write_config() == Path("cam_config.yaml")
        assert read_config(Path("cam_config.yaml")) == read_config(SHIPPED)
        Path("cam_config.yaml").write_text("mine", encoding="utf-8")
        with pytest.raises(LabError, match=r"'cam_config\.yaml' exists already and was left as it is"):
            write_config()
        assert Path("cam_config.yaml").read_text(encoding="utf-8") == "mine"
        assert write_config(tmp_path / "other.yaml").is_file()


class TestDefault:
    """Which file is taken where none is named: it is said in one line."""

    @pytest.fixture(autouse=True)
    def _here(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)

    def test_the_packages_own(self, capsys):
        assert settings_for({"epochs": 2}, None).epochs == 2
        assert capsys.readouterr().out.startswith(f"configuration: {SHIPPED} (the package's own; --write-config")

    def test_the_one_in_the_current_folder(self, capsys):
        Path("cam_config.yaml").write_text("training: {num_epochs: 7}", encoding="utf-8")
        assert settings_for({}, None).epochs == 7
        assert capsys.readouterr().out == "configuration: cam_config.yaml (your own)\n"

    def test_none_where_the_data_or_a_file_is_named(self, capsys, write):
        Path("cam_config.yaml").write_text("training: {num_epochs: 7}", encoding="utf-8")
        assert settings_for({"data": "toyvoc"}, None) == TrainingSettings()
        assert settings_for({}, write("training: {num_epochs: 3}")).epochs == 3
        assert capsys.readouterr().out == ""


class TestBad:
    @pytest.mark.parametrize(("text", "message"), BAD.items(), ids=[text.replace("\n", "|")[:60] for text in BAD])
    def test_the_line_is_named(self, write, text, message):
        with pytest.raises(LabError, match=rf"cam\.yaml'.*{message}"):
            read_config(write(text))

    def test_the_first_line_of_several_is_named(self, write):
        with pytest.raises(LabError, match="line 2: there is no key 'x'"):
            read_config(write("dataset:\n  x: 1\ntraining:\n  num_epochs: -1\n"))

    def test_no_such_file(self, tmp_path):
        with pytest.raises(LabError, match=r"There is no file '.*none\.yaml'"):
            read_config(tmp_path / "none.yaml")

    def test_no_text(self, tmp_path):
        (tmp_path / "a.yaml").write_bytes(b"\xff\xfe\x00")
        with pytest.raises(LabError, match=r"a\.yaml' is not UTF-8 text: it should be a YAML file"):
            read_config(tmp_path / "a.yaml")
