"""What maps are made of: whose weights, in which views, and whether the heat is shared."""

from typing import Literal, NamedTuple

from gradcam_lab.localise.cam_variants import ChannelWeights, grad_cam
from gradcam_lab.localise.test_time_augmentation import UNCHANGED, View

Fusion = Literal["", "maximum", "product"]
"""How a map is joined with that of an earlier layer; "" for not at all."""

GRADCAM = "gradcam"
"""The method of the lessons, whose maps are `heatmaps.npz`."""


class MapRecipe(NamedTuple):
    """What a method makes its maps of; methods that differ only in how they find boxes have the same.

    `weights` are of the template in `cam_variants`; the maps of the `views` are averaged; `shared` says whether the
    heat is then shared among cells that look alike at an earlier layer, in the first of the views; and `fused` how the
    outcome is joined with the map of BagCAMs at that layer, in the same view.
    """

    weights: ChannelWeights = grad_cam
    views: tuple[View, ...] = (UNCHANGED,)
    shared: bool = False
    fused: Fusion = ""

    def __str__(self) -> str:
        return f"{self.weights.__name__} {[tuple(view) for view in self.views]} {self.shared} {self.fused}"

    @property
    def looks_earlier(self) -> bool:
        """Whether it needs a layer before the classifier's."""
        return self.shared or bool(self.fused)


PLAIN_RECIPE = MapRecipe()
"""Plain Grad-CAM's."""
