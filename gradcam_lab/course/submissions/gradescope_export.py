"""Gradescope's export: a folder `submission_12345` each, and `submission_metadata.yml`, which says whose.

The file maps each folder to `:submitters:` (a list of `:name:`, `:sid:`, `:email:`), `:created_at:` and more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from gradcam_lab.course.submissions.submission import Person
from gradcam_lab.errors import LabError
from gradcam_lab.files import read_text

METADATA = "submission_metadata.yml"


@dataclass(frozen=True)
class Exported:
    """What Gradescope says of one submission: who handed it in, and when."""

    people: tuple[Person, ...]
    handed_in: datetime | None


def read(folder: Path) -> Mapping[str, Exported]:
    """Read what an export says of its submissions, by the names of their folders; nothing where it is no export.

    Raises:
        LabError: the file cannot be read.
    """
    path = folder / METADATA
    if not path.is_file():
        return {}
    import yaml

    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the first is quicker, and not everywhere
        table = yaml.load(read_text(path, "Gradescope's metadata"), Loader=loader)
        return {str(name): _exported(values) for name, values in table.items()}
    except (yaml.YAMLError, AttributeError, TypeError, ValueError, RecursionError) as error:
        first = str(error).partition("\n")[0]
        raise LabError(f"'{path}' is not Gradescope's metadata ({first}): export the submissions again.") from error


def _exported(values: Mapping[str, Any]) -> Exported:
    people = tuple(
        Person(str(who.get(":name") or ""), str(who.get(":sid") or ""), str(who.get(":email") or ""))
        for who in values.get(":submitters") or ()
    )
    return Exported(people, moment(values.get(":created_at")))


def moment(value: Any) -> datetime | None:
    """A time that was read, of the computer's own zone where it names none; None where it is no time."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    return value.astimezone() if isinstance(value, datetime) else None
