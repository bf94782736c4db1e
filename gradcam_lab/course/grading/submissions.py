"""Reading one submission: the files that are judged.

Submissions are untrusted: nothing is unpacked by its own path. The step files, the answers and the modules beside them
are read into memory, under limits; of everything else only names matter, and only of modules with the name of a
library.
"""

from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.grading.submitted_files import SubmittedFiles, pick
from gradcam_lab.course.integrity.work_record import RECORD_FILE as RECORD
from gradcam_lab.course.submissions.archives.limits import ArchiveListing, Bounds
from gradcam_lab.course.submissions.content import listing, roots
from gradcam_lab.course.submissions.text import clean
from gradcam_lab.errors import LabError


def read(path: Path | None, bounds: Bounds, loose: Mapping[str, Path] | None = None) -> SubmittedFiles:
    """Read the files of a submission that are judged.

    Args:
        path: a folder, an archive, or None where there are only loose files.
        bounds: limits of its size.
        loose: files that the platform has stored one by one, by the names that the student gave them.

    Raises:
        LabError: it is no submission, or cannot be read; the sentence says why.
    """
    with ExitStack() as stack:
        return _pick(listing(path, bounds, stack, loose), bounds)


def _pick(found: ArchiveListing, bounds: Bounds) -> SubmittedFiles:
    """Read the files that are judged."""
    if not found:
        raise LabError("There is nothing in it.")
    folders = roots(found)
    if not folders:
        raise LabError(f"There is no step file in it (such as {all_steps()[0].file}).")
    if len(folders) > 1:
        names = " and ".join(f"'{clean(str(root))}'" for root in folders[:2])
        raise LabError(f"Step files lie in {len(folders)} folders ({names}): which of them is meant?")
    root = folders[0]
    here = {str(path.relative_to(root)): reader for path, reader in found.items() if path.is_relative_to(root)}
    files = pick({name: reader for name, reader in here.items() if name != RECORD}, bounds.member, bounds.total)
    if RECORD in here:
        with suppress(LabError, OSError):  # it says how the student worked, and costs nobody a point
            files[RECORD] = here[RECORD]()
    return files
