"""Settings from flags and a YAML file: flags win, errors are named, and each way of training has its recipe."""

import pytest

from gradcam_lab.errors import LabError
from gradcam_lab.models.training.config_file import settings_of
from gradcam_lab.models.training.recipe import Recipe


@pytest.fixture
def config(tmp_path):
    """A training as a YAML file."""
    path = tmp_path / "cam.yaml"
    path.write_text(
        "model: {name: cam_net, input_shape: [3, 160, 160]}\n"
        "training: {learning_rate: 1e-3, batch_size: 64, num_epochs: 25, early_stopping_patience: 7, optimizer: sgd,\n"
        "           scheduler: plateau}\n",
        encoding="utf-8",
    )
    return path


class TestFlagsAndFile:
    def test_it_becomes_a_recipe(self, config):
        recipe = settings_of({}, config).recipe()
        assert (recipe.epochs, recipe.batch, recipe.patience) == (((160, 25),), 64, 7)
        assert (recipe.optimizer, recipe.scheduler, recipe.learning_rate) == ("sgd", "plateau", 0.001)

    def test_flags_win_and_those_that_were_not_given_do_not(self, config):
        settings = settings_of({"epochs": 3, "optimizer": "adam", "batch": None, "seed": 4}, config)
        assert (settings.epochs, settings.optimizer, settings.batch, settings.seed) == (3, "adam", 64, 4)


class TestFlags:
    @pytest.mark.parametrize(
        ("flags", "message"),
        [
            ({"learning_rate": -1}, r"--learning-rate is '-1', but should be greater than 0\."),
            ({"arch": "resnet5"}, r"--arch is 'resnet5', but should be one of .*did you mean 'resnet50'\."),
            ({"precision": "int8"}, r"--precision is 'int8', but should be 'float32', 'bf16' or 'fp16'\."),
            ({"val_size": 1.5}, r"--val-size is '1\.5', but should be a share below 1 or a whole number of images\."),
            (
                {"residual": True, "arch": "vgg16"},
                "residual is true, but vgg16 is not residual: leave it out, or take cam_net",
            ),
            ({"residual": False, "arch": "resnet18"}, "residual is false, but resnet18 is residual: leave it out"),
            ({"freeze_features": True}, "--freeze-features needs features"),
        ],
    )
    def test_what_is_wrong_is_named(self, flags, message):
        with pytest.raises(LabError, match=message):
            settings_of(flags)


class TestRecipes:
    def test_nothing_asked_for_is_the_recipe_of_the_shipped_network(self):
        assert settings_of({}).recipe() == Recipe()
        assert settings_of({"epochs": 12, "seed": 3}).recipe() == Recipe(epochs=((112, 10), (224, 2)), seed=3)

    def test_each_way_of_starting_has_its_own(self):
        fine = settings_of({"arch": "resnet18", "weights": "imagenet", "epochs": 4}).recipe()
        head = settings_of({"arch": "resnet18", "weights": "imagenet", "freeze_features": True}).recipe()
        assert (fine.epochs, fine.freeze_features) == (((224, 4),), False)
        assert head.freeze_features
        assert fine.learning_rate < head.learning_rate

    def test_the_input_size_scales_all_sizes(self):
        assert settings_of({"img_size": 64}).recipe().epochs == ((32, 30), (64, 6))
