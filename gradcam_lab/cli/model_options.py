"""The options that name a network, the same in every command that needs one."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, Literal

from typer import Option

from gradcam_lab.errors import LabError
from gradcam_lab.limits import MAX_BATCH
from gradcam_lab.models.model_choice import EMBEDDED, PHOTOS, ModelChoice

PANEL = "Network"
"""The panel of --help that these options stand in."""

MODEL_HELP = (
    "Network: embedded, a classification model of torchvision, timm:NAME, FILE.py:FUNCTION, or a file of gradcam-lab "
    "train, of the EFEO exercise or of a state dict."
)
OPTIONS: dict[str, Any] = {
    "weights": Annotated[
        str | None,
        Option(
            rich_help_panel=PANEL,
            metavar="imagenet|FILE",
            help="Weights of the network.",
            show_default="the network's own",
        ),
    ],
    "classes": Annotated[
        str | None,
        Option(
            rich_help_panel=PANEL,
            metavar="FILE|A,B,...",
            help="Names of the outputs.",
            show_default="the network's own",
        ),
    ],
    "group": Annotated[
        list[str] | None,
        Option(
            rich_help_panel=PANEL,
            metavar="NAME=A,B,...|FILE",
            help="Class made of several outputs, or YAML of such. Repeatable.",
        ),
    ],
    "activation": Annotated[
        Literal["softmax", "sigmoid"] | None,
        Option(rich_help_panel=PANEL, help="How scores become probabilities.", show_default="the network's own"),
    ],
    "size": Annotated[
        int | None,
        Option(rich_help_panel=PANEL, min=32, max=2048, help="Input size in pixels.", show_default="the network's own"),
    ],
    "mean": Annotated[
        str | None,
        Option(
            rich_help_panel=PANEL,
            metavar="R,G,B",
            help="Mean of the input's colours.",
            show_default="the network's own",
        ),
    ],
    "std": Annotated[
        str | None,
        Option(
            rich_help_panel=PANEL,
            metavar="R,G,B",
            help="Standard deviation of these.",
            show_default="the network's own",
        ),
    ],
    "layer": Annotated[
        str | None,
        Option(
            rich_help_panel=PANEL, help="Layer to explain, as in named_modules().", show_default="the last with a map"
        ),
    ],
    "device": Annotated[
        Literal["auto", "cpu", "cuda", "mps"], Option(rich_help_panel=PANEL, help="Where the network runs.")
    ],
    "batch": Annotated[
        int | None,
        Option(
            rich_help_panel=PANEL,
            min=1,
            max=MAX_BATCH,
            help="Number of images at once.",
            show_default="the command's own",
        ),
    ],
    "classifier": Annotated[str | None, Option(hidden=True, help="Former name of --model.")],
    "checkpoint": Annotated[str | None, Option(hidden=True, help="Former name of --model FILE.")],
    "img_size": Annotated[int | None, Option(hidden=True, help="Former name of --size.")],
}
"""Every option but `--model`, by the name of its parameter."""

FORMER = {"classifier": "--model", "checkpoint": "--model", "img_size": "--size"}
"""The options of before, with what each is now."""

Command = Callable[..., Any]


def takes_model(
    default: str | None = EMBEDDED, shown: str | None = None, without: tuple[str, ...] = ()
) -> Callable[[Command], Command]:
    """Give a command the options of a network; it takes them as one keyword argument `choice`, a `ModelChoice`.

    Args:
        default: the network where none is named; `PHOTOS` for commands on the user's own photos. None where the command
            needs no network unless `--model` is given: `choice` is None then.
        shown: what --help says of the default; by itself it is the default's name.
        without: names of options that the command does not have, or declares itself.
    """
    model: Any = Annotated[
        str if default else str | None,
        Option(
            rich_help_panel=PANEL,
            help=MODEL_HELP,
            show_default=shown or (f"{default} of ImageNet" if default == PHOTOS else True),
        ),
    ]
    names = [name for name in OPTIONS if name not in without]

    def decorate(command: Command) -> Command:
        @wraps(command)
        def with_model(*, model: str | None, **given: Any) -> Any:
            of_network = {name: given.pop(name) for name in names}
            return command(choice=_choice(model, of_network, default), **given)

        own = inspect.signature(command, eval_str=True).parameters
        added = {
            "model": (model, default),
            **{name: (OPTIONS[name], "auto" if name == "device" else None) for name in names},
        }
        keyword = inspect.Parameter.POSITIONAL_OR_KEYWORD
        parameters: list[inspect.Parameter] = []
        for name, parameter in own.items():
            if name == "choice":  # the options stand where the command's own code names them
                parameters += [
                    inspect.Parameter(name, keyword, default=value, annotation=kind)
                    for name, (kind, value) in added.items()
                ]
            else:
                parameters.append(parameter.replace(kind=keyword))
        parameters.sort(key=lambda parameter: parameter.default is not inspect.Parameter.empty)
        with_model.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        with_model.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return with_model

    return decorate


def _choice(model: str | None, given: dict[str, Any], default: str | None) -> ModelChoice | None:
    for old, new in FORMER.items():
        if (value := given.pop(old, None)) is not None:
            raise LabError(f"--{old.replace('_', '-')} is {new} now: give {new} {value}.")
    groups = tuple(given.pop("group", None) or ())
    if model is None:
        said = next((name for name, value in given.items() if value not in (None, "auto")), "group" if groups else None)
        if said:
            raise LabError(f"--{said} says more of a network, and none is named: give --model too.")
        return None
    return ModelChoice(model, groups=groups, **{name: value for name, value in given.items() if value is not None})
