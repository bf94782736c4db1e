"""`explain`: where in one image does the network see a class?

Into the output folder go, with `<image>` for the image's name and `<what>` for the method (and the layer, if one was
asked for):

- `<image>-<what>-<class>.jpg`: the image, its maps, and the raw cells, for each class;
- `<image>-<what>-<class>.npz`: the raw maps, float32, under the methods' names: `cam` (h, w), signed; `gradcam` (h, w),
  not negative; `input_gradient` and `smoothgrad` (3, size, size), signed, at the pixels of the network's input;
- `<image>-<what>.jpg`: all classes side by side, where there are several;
- `<image>-<what>.json`: the numbers, and of which network, layer and code they are.

Where another explanation has these names already, such as one of another network or of an image of the same name in
another folder, `<what>` ends in -run2, or in a higher number. The same command replaces its own files.

No box is drawn: a box needs a threshold, and a threshold has to be chosen on validation images (`run-all` does it).
"""

from collections.abc import Sequence
from pathlib import Path

from gradcam_lab.console import say
from gradcam_lab.errors import LabError
from gradcam_lab.explain import describe, export
from gradcam_lab.explain.explanation import ExplanationMethod, Request, explain_target
from gradcam_lab.explain.photo import Photo
from gradcam_lab.explain.targets import Target, find_target, rather_than
from gradcam_lab.files import require_writable
from gradcam_lab.lesson_modules import load_lessons
from gradcam_lab.models import zoo
from gradcam_lab.models.model_choice import ModelChoice

COPIES = 25
"""Noisy copies for SmoothGrad where all methods are asked for and no number is given."""


def explain(
    image: Path,
    *,
    choice: ModelChoice,
    classes: Sequence[str] | None = None,
    method: ExplanationMethod = "gradcam",
    against: str | None = None,
    smooth: int = 0,
    out: Path,
    seed: int = 0,
) -> list[Path]:
    """Explain one image, write the files that the module's text lists, and say which layer was looked at and why.

    Args:
        image: the image file.
        choice: which network, and which layer of it for Grad-CAM.
        classes: names or indices (see `find_target`); the most probable output where there are none.
        method: "all" draws CAM (where it is defined), Grad-CAM, the gradient at the pixels and SmoothGrad in one
            picture.
        against: explain why each class rather than this one, by the difference of their logits.
        smooth: number of noisy copies for SmoothGrad, drawn beside the rest; 0 for none ("all" takes 25 then).
        out: the folder.
        seed: of SmoothGrad's noise.

    Returns:
        The files: pictures and maps by class, the picture of all classes, the JSON.

    Raises:
        LabError: something cannot be used; the sentence says what.
    """
    layer = choice.layer
    if layer is not None and method not in ("gradcam", "all"):
        raise LabError(f"--layer goes with Grad-CAM: '{method}' has no layer to choose, so leave --layer out.")
    request = Request(method, layer, smooth or COPIES * (method == "all"), seed)
    photo = Photo(image, zoo.load_chosen(choice), load_lessons())
    targets = find_targets(photo, classes or (), against)
    require_writable(out)
    zoo.warn_of_photos(photo.classifier, image)
    explanations = [explain_target(photo, request, target) for target in targets]
    say(describe.layer(explanations[0]))
    for one in explanations:
        say(describe.headline(one))
    return export.write(explanations, out)


def find_targets(photo: Photo, classes: Sequence[str], against: str | None) -> list[Target]:
    """Look up what is to be explained, each once.

    Raises:
        LabError: a class does not exist, or is the one that it is set against.
    """
    found = [find_target(photo.classifier, word) for word in classes] or [photo.predicted()]
    targets = list({target.outputs: target for target in found}.values())
    if against is None:
        return targets
    other = find_target(photo.classifier, against)
    return [rather_than(target, other) for target in targets]
