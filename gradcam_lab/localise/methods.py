"""The table of methods: which map, and how boxes are found in it."""

from collections.abc import Sequence
from dataclasses import dataclass

from gradcam_lab.errors import LabError
from gradcam_lab.localise.affinity import earlier_layer
from gradcam_lab.localise.box_finders import Finder, islands, otsu
from gradcam_lab.localise.cam_definition import ends_in_cam
from gradcam_lab.localise.cam_variants import cam, grad_cam_plus_plus, hires_cam, layer_cam
from gradcam_lab.localise.grabcut import SURE_BACKGROUND, refined
from gradcam_lab.localise.map_recipe import PLAIN_RECIPE, MapRecipe
from gradcam_lab.localise.test_time_augmentation import LARGER, MIRRORED, PAIR, UNCHANGED, require_views
from gradcam_lab.localise.watershed import watershed
from gradcam_lab.models.classifier import Classifier

GRID = tuple(round(0.05 * step, 2) for step in range(1, 20))
"""The fractions of the map's maximum that are tried as thresholds: 0.05 to 0.95."""

BOXING_STEPS = ("step3_boxes", "step4_metrics")
"""The lessons that have a part in finding and scoring boxes."""


@dataclass(frozen=True)
class Method:
    """One row of the table.

    Attributes:
        title: its name in the report.
        recipe: what its maps are made of.
        find: from the heatmap to boxes.
        grid: the thresholds among which val chooses; none where each image has its own.
        needs_image: whether `find` looks at the image.
    """

    title: str
    recipe: MapRecipe = PLAIN_RECIPE
    find: Finder = islands
    grid: tuple[float, ...] = GRID
    needs_image: bool = False

    @property
    def cut(self) -> bool:
        """Whether a map is cut at the threshold itself."""
        return self.find in (islands, watershed)

    @property
    def boxing_steps(self) -> Sequence[str]:
        """The lessons that find and score its boxes: step 5 too, where they are those of its masks."""
        return (*BOXING_STEPS, "step5_segmentation") if self.find is refined else BOXING_STEPS


METHODS: dict[str, Method] = {
    "cam": Method("CAM", MapRecipe(cam)),
    "gradcam": Method("Grad-CAM"),
    "gradcam++": Method("Grad-CAM++", MapRecipe(grad_cam_plus_plus)),
    "layercam": Method("LayerCAM", MapRecipe(layer_cam)),
    "hirescam": Method("HiResCAM", MapRecipe(hires_cam)),
    "otsu": Method("Grad-CAM, Otsu's threshold", find=otsu, grid=()),
    "watershed": Method("Grad-CAM, split by watershed", find=watershed),
    "refined": Method("Grad-CAM, refined mask", find=refined, grid=SURE_BACKGROUND, needs_image=True),
    "flip": Method("Grad-CAM, flip", MapRecipe(views=(UNCHANGED, MIRRORED))),
    "shared": Method("Grad-CAM, earlier layer", MapRecipe(shared=True)),
    "1.15x+1": Method("Grad-CAM, 1.15x and a pixel more", MapRecipe(views=(LARGER,))),
    "1.15x+1+bagcams": Method(
        "Grad-CAM, 1.15x and a pixel more, times BagCAMs", MapRecipe(views=(LARGER,), fused="product")
    ),
    "pair": Method("Grad-CAM, 0.75x flipped", MapRecipe(views=PAIR)),
    "pair+shared": Method("Grad-CAM, 0.75x flipped, earlier layer", MapRecipe(views=PAIR, shared=True)),
    "pair+shared+watershed": Method(
        "Grad-CAM, 0.75x flipped, earlier layer, watershed", MapRecipe(views=PAIR, shared=True), watershed
    ),
    "pair+shared+bagcams+watershed": Method(
        "Grad-CAM, 0.75x flipped, earlier layer, maximum with BagCAMs, watershed",
        MapRecipe(views=PAIR, shared=True, fused="maximum"),
        watershed,
    ),
}
"""Every method by its name on the command line."""


def applicable(classifier: Classifier) -> dict[str, Method]:
    """Return the methods that suit a network: CAM needs one linear layer, sharing a finer layer, views other sizes."""
    return {name: method for name, method in METHODS.items() if defined(classifier, method)}


def defined(classifier: Classifier, method: Method) -> bool:
    """Say whether a method suits the network."""
    return not why_unsuited(classifier, method)


def why_unsuited(classifier: Classifier, method: Method) -> str:
    """Say in a clause why a method does not suit the network; nothing where it does."""
    try:
        if method.recipe.weights is cam and not ends_in_cam(classifier):
            return "something stands between its last feature map, the average and the linear layer"
        if method.recipe.looks_earlier:
            earlier_layer(classifier)
        require_views(classifier, method.recipe.views)
    except ValueError as error:
        return str(error)
    return ""


def require_method(classifier: Classifier, name: str, threshold: float | None = None) -> Method:
    """Return the method of a name, which must suit the network and cut its maps at a threshold where one is given.

    Raises:
        LabError: there is no such method, or it does not fit.
    """
    method = METHODS.get(name)
    unsuited = why_unsuited(classifier, method) if method else ""
    if method and not unsuited and (threshold is None or method.cut):
        return method
    known = applicable(classifier)
    why = f"does not suit this network ({unsuited})" if method else "does not exist"
    if threshold is not None:  # it has no meaning where a map is not cut at a threshold from outside
        known = {name: method for name, method in known.items() if method.cut}
        why = "cuts no map at a --threshold of yours" if method and not unsuited else why
    raise LabError(f"The method '{name}' {why}: choose --method from {', '.join(known)}.")
