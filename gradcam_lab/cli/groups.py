"""The groups of commands: a group's module is imported only when one of its commands, or --help, is asked for."""

import inspect
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

import typer
from typer.core import TyperCommand, TyperGroup

from gradcam_lab.errors import LabError

if TYPE_CHECKING:
    from rich.console import Console

GROUPS = {
    "Learn": ("learn", ("start", "check", "look", "status", "hint", "diff", "read", "contract", "reset", "upgrade")),
    "Teach": ("teach", ("grade", "classroom", "course", "verify")),
    "Run": ("run", ("run-all", "report", "evaluate", "sweep")),
    "Compare": ("compare", ("compare",)),
    "Explain": ("explain", ("predict", "explain", "align", "show", "models")),
    "Locate": ("locate", ("locate",)),
    "Train": ("train", ("train", "evaluate-classifier")),
    "Data and machine": ("machine", ("fetch", "api", "convert", "doctor")),
}
"""The panels of --help, which say what people do: the module of each, and its commands in order."""

MODULES = {name: module for module, names in GROUPS.values() for name in names}
"""The module of each command."""


class Commands(Mapping[str, Any]):
    """All commands by name; they are built when one of their group is asked for."""

    def __getitem__(self, name: str) -> Any:
        return build(MODULES[name])[name]

    def __iter__(self) -> Iterator[str]:
        return iter(MODULES)

    def __len__(self) -> int:
        return len(MODULES)


@cache
def build(module: str) -> Mapping[str, Any]:
    """Build the commands of a module, by name."""
    return cast(TyperGroup, typer.main.get_command(load(module))).commands


def load(module: str) -> typer.Typer:
    """Import a module of commands."""
    app = cast(typer.Typer, import_module(f"gradcam_lab.cli.{module}").app)
    for command in app.registered_commands:
        command.cls = Command
    return app


class Command(TyperCommand):
    """A command that refuses an option given twice where it takes one value, of which typer would keep the last."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """Parse the command line.

        Raises:
            LabError: an option that takes one value is given twice, or both forms of a flag such as --pdf, --no-pdf.
        """
        seen = set()
        for param in self.make_parser(ctx).parse_args(list(args))[2]:
            if param in seen and takes_one_value(param):
                both = " or ".join((*param.opts, *param.secondary_opts))
                raise LabError(f"{both} is given twice, and only one can count: give it once.")
            seen.add(param)
        return super().parse_args(ctx, args)


def takes_one_value(param: Any) -> bool:
    """Return whether a parameter is an option with one value; a flag with two forms has one of two."""
    if param.param_type_name != "option" or param.multiple or param.count:
        return False
    return not param.is_flag or bool(param.secondary_opts)


class LazyGroup(TyperGroup):
    """The root of the command line.

    Its --help looks like typer's, but takes two thirds of the time: typer's own also imports rich's Markdown and
    traceback, and builds the options of every command.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = Commands()  # type: ignore[assignment]

    def format_help(self, ctx: typer.Context, formatter: object) -> None:  # type: ignore[override]
        """Print the usage, the options, and one panel for each group of commands."""
        from rich.console import Console
        from rich.padding import Padding

        console = Console(highlight=False, markup=False)
        console.print(Padding(self.get_usage(ctx), 1), style="bold")
        console.print(Padding(self.help or "", (0, 1, 1, 1)))
        options = [param.get_help_record(ctx) for param in self.get_params(ctx)]
        print_panel(console, "Options", (option for option in options if option))
        for title, (module, names) in GROUPS.items():
            docs = [inspect.getdoc(command.callback) or "" for command in load(module).registered_commands]
            print_panel(console, title, zip(names, docs, strict=True))


def print_panel(console: "Console", title: str, rows: Iterable[tuple[str, str]]) -> None:
    """Print names, in a column of the same width in every panel, and what they mean, in a box."""
    from rich.panel import Panel
    from rich.table import Table

    table = Table(box=None, show_header=False, expand=True, pad_edge=False, padding=(0, 1))
    table.add_column(style="bold cyan", no_wrap=True, width=max(map(len, MODULES)))
    table.add_column(ratio=1)
    for row in rows:
        table.add_row(*row)
    console.print(Panel(table, title=title, title_align="left", border_style="dim"))
