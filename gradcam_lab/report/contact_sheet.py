"""A contact sheet of photos as self-contained HTML: their boxes, heatmaps, and a threshold that moves the boxes.

Photos come one at a time and only their cards are kept, at most one page of them. The browser finds the boxes of
another threshold by itself, as step 3 does, from the maps on their grids; without JavaScript the page shows the boxes
that it was given.
"""

import base64
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

import jinja2
import numpy as np
from markupsafe import Markup

from gradcam_lab.evaluate.alignment.mirror import NO_SHIFT, Shift
from gradcam_lab.files import moved_into_place
from gradcam_lab.localise.detector import MAX_OVERLAP
from gradcam_lab.localise.experiment import MIN_AREA
from gradcam_lab.report.embedded import embedded, link, number_text, printable, script, thumbnail
from gradcam_lab.report.figures.photos import SHOWN_SCORE
from gradcam_lab.report.templating import html_environment

PHOTOS_PER_PAGE = 200
"""A page of so many photos has about 7 MB and is drawn at once by a phone; the next ones go on the next page."""

GENERATOR = b'content="gradcam-lab contact sheet"'
"""By this a page is known as one of ours."""

SCRIPTS = ("contact_sheet/islands.js", "contact_sheet/drawing.js", "contact_sheet/controls.js")
"""In the folder of templates: what this page runs after the script that all pages share, as one with it."""

SKIPPED = 100
"""The most photos of a page's list of those that could not be used; of the others it says how many."""


@dataclass(frozen=True)
class SheetClass:
    """What a photo shows of one class.

    Attributes:
        name: of the class.
        probability: of the class, 0..1.
        cam: raw map on the layer's grid, float, shape (h, w).
        boxes: found in it at the sheet's threshold, shape (n, 5): `xmin, ymin, xmax, ymax, score`, in VOC's pixels
            (1-based, both ends inside), the best first.
    """

    name: str
    probability: float
    cam: np.ndarray
    boxes: np.ndarray


@dataclass(frozen=True)
class SheetPhoto:
    """One photo.

    Attributes:
        name: what it is called on the sheet; it may hold anything.
        image: RGB, uint8, shape (H, W, 3), in any resolution, or a function that returns it; the thumbnail is made of
            it when the photo is added, and nothing else is kept.
        size: (width, height) as displayed, in whose pixels the boxes are.
        classes: the most probable first.
        path: the file, to which the name links; None for no link.
    """

    name: str
    image: np.ndarray | Callable[[], np.ndarray]
    size: tuple[int, int]
    classes: tuple[SheetClass, ...]
    path: Path | None = None


@dataclass(frozen=True)
class SheetFacts:
    """Where the boxes came from; all of it is said on the page.

    Attributes:
        network: its name, and its weights'.
        layer: the one that is explained, and why.
        method: how the maps were made, such as "Grad-CAM".
        threshold: the fraction of a map's maximum at which the boxes were cut; None where each map has its own.
        threshold_source: a clause that says who chose it, such as "chosen on the validation split".
        min_area: the smallest island that becomes a box, in pixels of the photo.
        islands: whether the boxes are step 3's islands. Those of another finder, such as watershed, the browser cannot
            find again, and the page has no slider.
        shift: what is taken out of the maps where they are laid over a photo; not where boxes are found in them.
        aside: a sentence about this shift; "" where there is none.
    """

    network: str
    layer: str
    method: str
    threshold: float | None
    threshold_source: str
    min_area: int = MIN_AREA
    islands: bool = True
    shift: Shift = NO_SHIFT
    aside: str = ""

    @property
    def movable(self) -> bool:
        """Whether the browser can find the boxes of another threshold."""
        return self.islands and self.threshold is not None


def write_page(path: Path, photos: Iterable[SheetPhoto], facts: SheetFacts, *, per_page: int = PHOTOS_PER_PAGE) -> int:
    """Write a contact sheet; see `ContactSheet`.

    Returns:
        The number of pages.

    Raises:
        LabError: a page cannot be written.
        ValueError: a map holds NaN or infinity.
    """
    with ContactSheet(path, facts, per_page=per_page) as sheet:
        for photo in photos:
            sheet.add(photo)
    return sheet.pages


class ContactSheet:
    """A contact sheet that grows photo by photo and is finished at the end of its `with` block.

    The first photos are on `path`, the next on `index-2.html`, `index-3.html` and so on beside it. Each page stands for
    itself and links to its neighbours; filters and sorting are the page's own. Pages of an earlier, longer sheet are
    removed. After an exception the pages that were full are there, and the last one is not.

    Args:
        path: the first page, such as `out/index.html`.
        facts: where the boxes came from.
        per_page: the most photos of a page.
        lies_in: the folder in which the pages will lie, for their links to the photos, where they are moved afterwards.

    Attributes:
        pages: the number of pages that are written.
        photos: the number of photos.
    """

    def __init__(
        self, path: Path, facts: SheetFacts, *, per_page: int = PHOTOS_PER_PAGE, lies_in: Path | None = None
    ) -> None:
        self.path, self.facts, self.per_page = path, facts, per_page
        self.pages = self.photos = 0
        self._folder = lies_in or path.parent
        self._start_page()

    def _start_page(self) -> None:
        self._cards: list[Markup] = []
        self._classes = Counter[str]()
        self._skipped: list[tuple[str, str]] = []
        self._skipped_count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()

    def add(self, photo: SheetPhoto) -> None:
        """Take one more photo; a full page is written when the first photo of the next one comes.

        Raises:
            LabError: the page cannot be written.
            ValueError: a map holds NaN or infinity.
        """
        if len(self._cards) == self.per_page:
            self._write(last=False)
        self._cards.append(self._card(photo))
        self._classes.update({one.name for one in photo.classes})
        self.photos += 1

    def skip(self, name: str, problem: str) -> None:
        """Say on the page that a photo could not be used, and why."""
        self._skipped_count += 1
        if len(self._skipped) < SKIPPED:
            self._skipped.append((name, problem))

    def close(self) -> None:
        """Write the last page.

        Raises:
            LabError: the page cannot be written.
        """
        self._write(last=True)
        self._remove_old_pages()

    def page(self, number: int) -> Path:
        """The file of a page; the first has number 1."""
        return self.path if number == 1 else self.path.with_stem(f"{self.path.stem}-{number}")

    def _card(self, photo: SheetPhoto) -> Markup:
        image = photo.image() if callable(photo.image) else photo.image
        return Markup(
            self._templates.get_template("card.html.j2").render(
                photo=photo,
                number=self.photos + 1,
                name=printable(photo.name),
                link=link(photo.path, self._folder) if photo.path else None,
                thumbnail=base64.b64encode(thumbnail(image)).decode(),
                maps=[embedded(one.cam) for one in photo.classes],
                threshold=self.facts.threshold,
            )
        )

    def _write(self, *, last: bool) -> None:
        self.pages += 1
        page = self._templates.get_template("page.html.j2").stream(
            facts=self.facts,
            cards=self._cards,
            classes=sorted(self._classes.items(), key=lambda item: (item[0].casefold(), item[0])),
            skipped=self._skipped,
            skipped_count=self._skipped_count,
            first=self.photos - len(self._cards) + 1,
            number=self.pages,
            previous=self.page(self.pages - 1).name if self.pages > 1 else None,
            following=None if last else self.page(self.pages + 1).name,
            start=self.path.name,
            max_overlap=MAX_OVERLAP,
            script=script(*SCRIPTS),
        )
        with (
            moved_into_place(self.page(self.pages)) as temporary,
            temporary.open("w", encoding="utf-8", newline="\n") as file,
        ):
            file.writelines(page)
        self._start_page()

    def _remove_old_pages(self) -> None:
        number = self.pages + 1
        with suppress(OSError):
            while GENERATOR in self.page(number).read_bytes()[:1000]:
                self.page(number).unlink()
                number += 1

    @cached_property
    def _templates(self) -> jinja2.Environment:
        environment = html_environment("contact_sheet", "", trim_blocks=True, lstrip_blocks=True)
        environment.filters.update(number=number_text, text=printable)
        environment.globals["least"] = SHOWN_SCORE
        return environment
