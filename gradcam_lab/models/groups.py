"""Groups: classes of the user's that are made of several outputs, `kangaroo=wallaby,koala`."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from gradcam_lab.errors import LabError
from gradcam_lab.files import names_a_file
from gradcam_lab.models.class_names import find_class
from gradcam_lab.models.classifier import Classifier


def with_groups(classifier: Classifier, words: Iterable[str]) -> Classifier:
    """Return a classifier that knows the user's groups beside its own; a group of a known name replaces it.

    Args:
        classifier: whose outputs, or other groups, the members are.
        words: `NAME=MEMBER,MEMBER,...` each, a member being a name or an index (see `find_class`), or a YAML file whose
            keys are names and whose values are members.

    Raises:
        LabError: a text or a file is of another form, or the network has no such member.
    """
    for name, members in (group for word in words for group in _groups_in(word)):
        found = [find_class(classifier, member) for member in members]
        outputs = tuple(dict.fromkeys(index for _, its in found for index in its))
        classifier = replace(classifier, groups={**classifier.groups, name: outputs})
    return classifier


def _groups_in(word: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the names of groups, each with its members."""
    name, equals, rest = word.partition("=")
    if names_a_file(word) or (not equals and Path(word).suffix in (".yaml", ".yml")):
        yield from _in_file(Path(word))
        return
    members = [member.strip() for member in rest.split(",") if member.strip()]
    if not (equals and name.strip() and members):
        raise LabError(
            f"--group {word} is neither a name with its outputs nor a YAML file of such: write --group "
            '"kangaroo=wallaby,koala".'
        )
    yield name.strip(), members


def _in_file(path: Path) -> Iterator[tuple[str, list[str]]]:
    told = f"'{path}' is no YAML file of groups"
    try:
        text = path.read_text(encoding="utf-8-sig")
        content: Any = yaml.safe_load(text)
        node: Any = yaml.compose(text, yaml.SafeLoader)
    except FileNotFoundError as error:
        raise LabError(f"There is no file '{path}': check the name given to --group.") from error
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        raise LabError(f"{told}: it cannot be read.") from error
    if not isinstance(content, dict) or not content:
        raise LabError(f"{told}: write lines such as 'kangaroo: [wallaby, koala]'.")
    assert isinstance(node, yaml.MappingNode)  # for it makes a dict
    names = [str(key.value) for key, _ in node.value]
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise LabError(f"'{path}' names the group '{twice[0]}' twice: keep one of the two.")
    for name, value in content.items():
        members = value if isinstance(value, list) else [value]
        if not members or not all(isinstance(member, str | int) and not isinstance(member, bool) for member in members):
            raise LabError(f"{told}: '{name}' should have a list of names or indices.")
        yield str(name), list(map(str, members))
