"""`index.html`: all photos on one page, whose threshold can be moved; `index-2.html` and so on where there are many."""

from pathlib import Path

from gradcam_lab.errors import LabError
from gradcam_lab.evaluate.alignment.mirror import NO_SHIFT, Shift
from gradcam_lab.explain.locate.outputs.output import About, Numbered, file_text
from gradcam_lab.explain.locate.read_ahead import BadPhoto
from gradcam_lab.localise.box_finders import islands
from gradcam_lab.localise.methods import METHODS
from gradcam_lab.report.contact_sheet import ContactSheet, SheetClass, SheetFacts, SheetPhoto


class Page:
    """Puts the photos on a contact sheet."""

    def __init__(self, folder: Path, mark: str, about: About) -> None:
        facts = about.facts
        method = METHODS[facts["method"]]
        sheet = SheetFacts(
            network=f"{facts['network']} ({facts['weights']})" if facts["weights"] else facts["network"],
            layer=f"{facts['layer']}: {facts['layer_reason']}",
            method=method.title,
            threshold=facts["threshold"] if method.grid else None,
            threshold_source=facts["threshold_from"],
            min_area=facts["min_area"],
            islands=method.find is islands and not facts["boxes_moved_by"],
            shift=Shift(**facts["alignment"]["taken_out"]) if facts["alignment"] else NO_SHIFT,
            aside=(facts["alignment"]["sentence"] or "") if facts["alignment"] else "",
        )
        self._sheet = ContactSheet(folder / "index.html", sheet, lies_in=about.folder)

    def add(self, photo: Numbered) -> None:
        """Add a photo; one that has vanished meanwhile is named as such."""
        found = photo.found
        try:
            image = photo.image
        except LabError as error:
            self._sheet.skip(file_text(found.path), str(error))
            return
        classes = tuple(SheetClass(one.name, one.probability, one.cam, one.boxes) for one in found.classes)
        file = found.source if isinstance(found.source, Path) else None
        self._sheet.add(SheetPhoto(file_text(found.path), image, found.size, classes, file))

    def skip(self, photo: BadPhoto) -> None:
        """Say that a photo cannot be used."""
        self._sheet.skip(file_text(photo.path), photo.problem)

    def close(self) -> None:
        """End the last page."""
        self._sheet.close()
