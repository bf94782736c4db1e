"""What `--help` says of every command, and what it imports to say it."""

import ast
import inspect
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer

from gradcam_lab import cli
from gradcam_lab.cli.app import app
from gradcam_lab.cli.groups import GROUPS, MODULES
from gradcam_lab.data.download.official import DATA_SETS, describe
from gradcam_lab.data.registry import DATA_SET_NAMES
from gradcam_lab.models.networks.architectures import ARCHITECTURES
from tests.commands import lab, process, refused

ROOT: Any = typer.main.get_command(app)
SLOW = {"torch", "torchvision", "numpy", "matplotlib", "weasyprint", "sklearn", "cv2", "jinja2", "pytest"}
PANELS = ("Learn", "Teach", "Run", "Explain", "Locate", "Train", "Data and machine")


PARAMETERS = [
    pytest.param(param, id=f"{name} {param.name}")
    for name, command in [("gradcam-lab", ROOT), *ROOT.commands.items()]
    for param in command.params
]
"""Every argument and option of every command, and of the root."""


@pytest.mark.parametrize("param", PARAMETERS)
def test_the_help_of_a_parameter_is_a_plain_phrase(param):
    assert param.help
    assert param.help[0].isupper()
    assert param.help.endswith(".")
    assert "so many" not in param.help.lower()
    assert "[" not in param.help  # rich takes it for markup and leaves it out


WHOLE_NUMBERS = [
    pytest.param(name, param, id=f"{name} {param.name}")
    for name, command in ROOT.commands.items()
    for param in command.params
    if param.type_descriptor.annotation is int and not param.hidden
]


@pytest.mark.parametrize(("name", "param"), WHOLE_NUMBERS)
def test_a_whole_number_that_is_too_large_for_whatever_counts_is_refused(name, param):
    arguments = [one.name for one in ROOT.commands[name].params if one.param_type_name == "argument"]
    done = lab(name, *arguments, param.opts[0], 10**23)
    assert (done.code, "Traceback" in done.err) == (2, False)
    assert "Input should be less than or equal to" in " ".join(done.err.replace("│", " ").split())


@pytest.mark.parametrize("name", MODULES)
def test_a_command_is_documented_and_takes_its_parameters_by_name(name):
    command = ROOT.commands[name]
    assert command.name == name
    assert command.help.splitlines()[0].endswith(".")
    kinds = {parameter.kind for parameter in inspect.signature(command.callback).parameters.values()}
    assert kinds <= {inspect.Parameter.POSITIONAL_OR_KEYWORD}
    assert set(inspect.signature(command.callback).parameters) == {param.name for param in command.params}


@pytest.mark.parametrize(("module", "names"), GROUPS.values())
def test_the_table_names_every_command_of_a_module_in_order(module, names):
    group: Any = typer.main.get_command(import_module(f"gradcam_lab.cli.{module}").app)
    assert tuple(group.commands) == names


@pytest.mark.parametrize("path", sorted(Path(cli.__file__).parent.glob("*.py")), ids=lambda path: path.name)
def test_a_command_hands_on_at_most_four_positional_arguments(path):
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    assert [call.lineno for call in calls if len(call.args) > 4] == []


def help_of(command, option):
    return next(param.help for param in ROOT.commands[command].params if param.name == option)


def names_in(text):
    return set(re.findall(r"[\w-]+", text))


NETWORK = ("model", "weights", "classes", "group", "activation", "size", "mean", "std", "layer", "device", "batch")


@pytest.mark.parametrize("command", ["predict", "explain", "show", "locate", "run-all", "evaluate-classifier"])
def test_every_command_that_needs_a_network_has_the_same_options_of_it(command):
    params = {param.name: param for param in ROOT.commands[command].params}
    assert set(NETWORK) <= set(params)
    assert {params[name].rich_help_panel for name in NETWORK} == {"Network"}
    assert all(kind in params["model"].help for kind in ("embedded", "torchvision", "timm:NAME", "FILE.py:FUNCTION"))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("predict", "a.jpg", "--classifier", "vgg16"), "--classifier is --model now: give --model vgg16."),
        (("run-all", "--checkpoint", "a b.pth"), "--checkpoint is --model now: give --model a b.pth."),
        (("show", "--model", "a.pth", "--img-size", "96"), "--img-size is --size now: give --size 96."),
        (("show", "--weights", "a.pth"), "--weights says more of a network, and none is named: give --model too."),
    ],
)
def test_an_option_of_before_says_what_it_is_now(words, says):
    refused(lab(*words), says)


def test_the_help_names_every_architecture_that_can_be_trained():
    assert {*ARCHITECTURES, "resnet_cam"} <= names_in(help_of("train", "arch"))


@pytest.mark.parametrize(
    ("command", "option"), [("run-all", "data"), ("train", "data"), ("evaluate-classifier", "data"), ("fetch", "data")]
)
def test_the_help_names_every_data_set_that_a_command_takes(command, option):
    taken = set(DATA_SET_NAMES)
    if command == "run-all":
        taken -= {name for name in DATA_SETS if describe(name).layout == "imagenette"}  # it has no boxes
    if command == "fetch":
        taken -= {"toyvoc"}  # it is drawn
    assert taken <= names_in(help_of(command, option))


def test_help_groups_the_commands_by_what_people_do():
    text = lab("--help").out
    places = [text.index(f" {panel} ─") for panel in PANELS]
    assert places == sorted(places)
    for name in MODULES:
        assert f"│ {name} " in text


@pytest.mark.parametrize("columns", [80, 120])
def test_help_says_each_command_in_full_at_any_width(monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    done = lab("--help")
    assert {len(line) for line in done.out.splitlines() if line} == {columns}
    said = " ".join(done.out.replace("│", " ").split())
    for name in MODULES:
        assert f"{name} {' '.join(ROOT.commands[name].help.split())}" in said


@pytest.mark.parametrize(
    ("words", "slow"),
    [
        (["--help"], {*SLOW, "pydantic"}),
        (["run-all", "--help"], SLOW),  # typer itself imports pydantic, to check numbers
        (["--version"], {*SLOW, "pydantic"}),
    ],
)
def test_help_comes_without_anything_slow(words, slow):
    code = f"""
import sys
sys.argv = ["gradcam-lab", *{words}]
from gradcam_lab.cli import main
try:
    main()
finally:
    print("slow:", *sorted({slow} & set(sys.modules)), file=sys.stderr)
"""
    done = process("-c", code)
    assert (done.returncode, done.stderr) == (0, "slow:\n")
    assert done.stdout


def test_a_command_imports_its_own_group_only():
    code = """
import sys
sys.argv = ["gradcam-lab", "fetch", "--help"]
from gradcam_lab.cli import main
try:
    main()
finally:
    print(*sorted(name for name in sys.modules if name.startswith("gradcam_lab")), file=sys.stderr)
"""
    groups = {f"gradcam_lab.cli.{module}" for module, _ in GROUPS.values()}
    assert groups & set(process("-c", code).stderr.split()) == {"gradcam_lab.cli.machine"}
