"""Imports torchvision, also beside a CPU-only build of torch.

The package index's torchvision is built against a CUDA torch. Beside a CPU build its compiled operators cannot
load, and `import torchvision` fails with `operator torchvision::nms does not exist`, although models, transforms
and data sets need none of them. Declaring the two missing schemas first makes the import work; they stay
without a kernel, so `torchvision.ops` must not be called (and nothing here does).
"""

import sys
from functools import cache
from types import ModuleType

SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


@cache
def torchvision() -> ModuleType:
    """Import torchvision, declaring its operators first only where the plain import fails for want of them.

    Raises:
        RuntimeError, ImportError: the import fails for any other reason.
    """
    try:
        import torchvision
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
        import torch

        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        torch.library.define("torchvision::nms", SCHEMA)
        torch.library.define("torchvision::qnms", SCHEMA)
        import torchvision
    return torchvision
