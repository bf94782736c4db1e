"""Finding the submissions in a folder, as a learning platform or a teacher has put them there."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path

from gradcam_lab.course.submissions import gradescope_export
from gradcam_lab.course.submissions.archives import archive
from gradcam_lab.course.submissions.archives.limits import Bounds
from gradcam_lab.course.submissions.content import is_work, of_folder, roots, step_files
from gradcam_lab.course.submissions.gradescope_export import Exported
from gradcam_lab.course.submissions.platform_names import Stored, newest, original, parse
from gradcam_lab.course.submissions.submission import Person, Submission
from gradcam_lab.course.submissions.text import in_one_line
from gradcam_lab.errors import LabError

SHOWN = 8
"""Names of what is no submission that are shown."""


@dataclass(frozen=True)
class HandedIn:
    """What lies in a folder of submissions.

    Attributes:
        submissions: one for each student, by name.
        others: names of files and folders that are no submissions, such as tables and pages.
    """

    submissions: tuple[Submission, ...]
    others: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """What was not taken for a submission, in a line."""
        shown, more = self.others[:SHOWN], len(self.others) - SHOWN
        names = ", ".join(map(in_one_line, shown)) + (f" and {more} more" if more > 0 else "")
        return [f"No submissions, so not graded: {names}."] if shown else []


def find(folder: Path, besides: Iterable[Path] = ()) -> HandedIn:
    """Find the submissions in a folder; a folder that is a workspace itself is the only one.

    Args:
        folder: the folder of all submissions.
        besides: paths that are no submissions: the tables and pages that grading writes.

    Raises:
        LabError: the folder is missing, cannot be read, or holds no submission.
    """
    paths = _entries(folder, {path.resolve() for path in besides})
    if step_files(path.name for path in paths) and not any(map(_looks_handed_in, paths)):
        return HandedIn((Submission(_name(folder.resolve().name), folder),))
    found, others = _collect(folder, paths)
    if not found:
        named = f" ({', '.join(others[:3])} cannot be one)" if others else ""
        raise LabError(
            f"There are no submissions in '{folder}'{named}: put a folder or an archive for each student there."
        )
    return HandedIn(tuple(_with_unique_names(found)), tuple(others))


def _entries(folder: Path, besides: Set[Path] = frozenset()) -> list[Path]:
    try:
        paths = [path for path in sorted(folder.iterdir()) if not archive.is_hidden(path.name)]
    except NotADirectoryError as error:
        advice = "unpack it, and name the folder" if archive.is_named_as_archive(folder.name) else "name the folder"
        raise LabError(f"'{folder}' is a file: {advice} that holds the submissions.") from error
    except FileNotFoundError as error:
        raise LabError(f"There is no folder '{folder}': name the folder that holds the submissions.") from error
    except OSError as error:
        raise LabError(f"Cannot read the folder '{folder}' ({error.strerror}): check its permissions.") from error
    return [path for path in paths if path.resolve() not in besides]


def _inside(folder: Path) -> list[Path]:
    """The entries of a student's folder; none of one that cannot be read, which reading it will say."""
    try:
        return _entries(folder)
    except LabError:
        return []


def _collect(folder: Path, paths: Sequence[Path], section: str = "") -> tuple[list[Submission], list[str]]:
    """The submissions among the entries of a folder, and the names of what is none."""
    exported = gradescope_export.read(folder)
    stored = _stored([path for path in paths if path.name not in exported])
    plain = [path for path, name in stored.items() if name is None]
    sections = [] if section else _sections([path for path in plain if path.is_dir()])
    others = [path for path in plain if path not in sections and not _may_be_one(path)]
    kept, older = _newest_archives([path for path in plain if path not in (*sections, *others)])
    found = [_exported(path, exported[path.name], section) for path in paths if path.name in exported]
    found += _by_student(stored, section)
    found += [Submission(_name(_stem(path)), path, section=section, older=tuple(older.get(path, ()))) for path in kept]
    names = [path.name for path in others]
    for path in sections:
        inside, more = _collect(path, _entries(path), path.name)
        found += inside
        names += [f"{path.name}/{name}" for name in more]
    return found, names


def _looks_handed_in(path: Path) -> bool:
    """Whether this is an archive, or a folder with step files near its top."""
    try:
        if path.is_dir():
            return bool(roots(of_folder(path, Bounds())))
        name = parse(path.name)
        return archive.is_named_as_archive(path.name) or (name is not None and is_work(name))
    except (OSError, LabError):
        return False


def _may_be_one(path: Path) -> bool:
    """Whether this can be a submission: a folder but for pages of an earlier grading, an archive, or a step file.

    Nobody knows what a pipe or a device is, so it is one, and reading it will say what is wrong.
    """
    if path.is_dir():
        return not _is_output(path) or _looks_handed_in(path)
    if not path.is_file():
        return True
    return archive.is_named_as_archive(path.name) or bool(step_files([path.name])) or _begins_as_archive(path)


def _is_output(folder: Path) -> bool:
    """Whether a folder has the pages or the tables of an earlier grading."""
    names = [path.name for path in _inside(folder)]
    return "index.html" in names or (bool(names) and all(name.endswith(".csv") for name in names))


def _begins_as_archive(path: Path) -> bool:
    """Whether a file is an archive by its content: some have lost the end of their name."""
    try:
        with path.open("rb") as stream:
            return archive.kind_of(stream.read(512), "") != ""
    except OSError:
        return False


# --- one student's files, by the platform's names ---


def _stored(paths: Sequence[Path]) -> dict[Path, Stored | None]:
    """What the names say that a platform has given, None for other names.

    Some names only look like that, such as `ada_2026_12_lab.zip` beside `bob_2026_12_lab.zip`: a platform never gives
    one number to two students, nor one to two files, and Canvas stores no folders.
    """
    found = {path: parse(path.name) for path in paths}
    students: dict[tuple[str, str], set[str]] = {}
    files: Counter[int] = Counter()
    for name in filter(None, found.values()):
        students.setdefault((name.platform, name.id), set()).add(name.student)
        files[name.revision[0]] += name.platform == "canvas"
    return {
        path: name
        if name
        and len(students[name.platform, name.id]) == 1
        and (name.platform != "canvas" or (files[name.revision[0]] == 1 and not path.is_dir()))
        else None
        for path, name in found.items()
    }


def _by_student(stored: Mapping[Path, Stored | None], section: str) -> Iterator[Submission]:
    """Join what one student has handed in."""
    parts: dict[tuple[str, str], list[tuple[Stored, Path]]] = {}
    for path, name in stored.items():
        if name:
            parts.setdefault((name.platform, name.id), []).append((name, path))
    for own in parts.values():
        files = [part for part in own if not part[0].typed] or own
        yield _joined(sorted(files, key=lambda part: part[0].revision), section)


def _joined(parts: Sequence[tuple[Stored, Path]], section: str) -> Submission:
    """One student's submission, from files that begin with the oldest.

    Step files that are newer than every archive are all that counts; else the newest archive or folder, and with it
    what was handed in beside it and is no step file.
    """
    loose: dict[str, Path] = {}
    wholes: list[tuple[Stored, Path]] = []
    older: list[str] = []
    for part in parts:
        name, path = part
        if path.is_dir() or archive.is_named_as_archive(path.name):
            wholes.append(part)
        else:
            older += [loose[name.name].name] if name.name in loose else []
            loose[name.name] = path
    steps = [name for name, _ in parts if step_files([name.name])]
    if wholes and steps and wholes[-1][0].revision > max(name.revision for name in steps):
        older += [loose.pop(name).name for name in list(loose) if step_files([name])]
    if wholes and step_files(loose):
        older += [path.name for _, path in wholes]
        wholes = []
    older += [path.name for _, path in wholes[:-1]]
    who = parts[-1][0]
    return Submission(
        _name(who.student),
        wholes[-1][1] if wholes else None,
        loose=loose,
        people=(Person(who.student, who.id),),
        section=section,
        marked_late=any(name.late for name, _ in parts),
        older=tuple(older),
    )


def _exported(path: Path, said: Exported, section: str) -> Submission:
    names = " and ".join(person.name or person.email or person.id for person in said.people)
    return Submission(_name(names or path.name), path, people=said.people, section=section, handed_in=said.handed_in)


# --- sections, archives and names ---


def _sections(folders: Sequence[Path]) -> list[Path]:
    """The folders that hold the submissions of a section each, and not one submission.

    A folder with a platform's names or metadata is one. Others are where most of them hold several submissions, and
    none has step files at its top: else it would be one student with two folders.
    """
    sure = [path for path in folders if _is_export(path)]
    if sure:
        return sure
    numbers = {path: _number_inside(path) for path in folders}
    several = [path for path, number in numbers.items() if number > 1]
    if any(number == 0 and _looks_handed_in(path) for path, number in numbers.items()):
        return []
    held = [path for path, number in numbers.items() if number]
    return held if several and 2 * len(several) >= len(held) else []


def _is_export(folder: Path) -> bool:
    """Whether a platform has given names to step files, archives or folders in it, or its metadata."""
    paths = _inside(folder)
    names = [path.name for path in paths]
    if gradescope_export.METADATA in names:
        return True
    given = filter(None, _stored(paths).values())
    return any(map(is_work, given)) and not step_files(names)


def _number_inside(folder: Path) -> int:
    """The number of entries of a folder that look handed in; none where it holds step files itself."""
    paths = _inside(folder)
    if step_files(path.name for path in paths):
        return 0
    folders = [path for path in paths if path.is_dir() and _looks_handed_in(path)]
    archives = newest([path.name for path in paths if archive.is_named_as_archive(path.name)], key=str)[0]
    return len(folders) + len(archives)


def _newest_archives(paths: Sequence[Path]) -> tuple[list[Path], dict[Path, list[str]]]:
    """Leave out archives that were handed in again as `ada-1.zip` or `ada (1).zip`; name them at the newest.

    Also those inside a folder are named, of which the newest will be read.
    """
    files = [path for path in paths if not path.is_dir()]
    kept, gone = newest(files, key=lambda path: path.name)
    older: dict[Path, list[str]] = {}
    for path in gone:
        base = original(path.name)[0]
        newer = next(one for one in kept if original(one.name)[0] == base)
        older.setdefault(newer, []).append(path.name)
    for folder in paths:
        if folder.is_dir():
            names = [path.name for path in _inside(folder)]
            again = newest(list(filter(archive.is_named_as_archive, names)), key=str)[1]
            if again and not step_files(names):
                older[folder] = again
    return [path for path in paths if path not in gone], older


def _stem(path: Path) -> str:
    return path.name if path.is_dir() else archive.without_suffix(path.name)


def _name(text: str) -> str:
    return in_one_line(text)


def _with_unique_names(found: Iterable[Submission]) -> list[Submission]:
    """Name each after its student, with the section before it; where two have one name, the later has more words."""
    names: dict[str, Submission] = {}
    for one in sorted(found, key=lambda one: (not (one.path and one.path.is_dir()), one.name)):
        place = f"{_name(one.section)}/" if one.section else ""
        number = one.people[0].id if one.people else ""
        more = [f"{one.name} ({number})"] if number else []
        more += [_name(one.path.name)] if one.path else []
        choices = chain([one.name], more, (f"{one.name} ({number})" for number in count(2)))
        name = next(place + choice for choice in choices if place + choice not in names)
        names[name] = replace(one, name=name)
    return [one for _, one in sorted(names.items())]
