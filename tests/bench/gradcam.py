"""How fast is Grad-CAM? Ours beside a plain forward pass and three libraries.

All methods see the same network (eval mode, seeded random weights) and the same images. Channels-last order and batch
normalisations that are folded into convolutions are parts of what our pipeline does, so the libraries are timed three
times: on the network as torchvision builds it, which is how they are commonly used, given channels-last, and given the
folded network too. The methods take turns within each round, so that whatever else the machine is doing slows all of
them alike; what counts is the ratio to the plain channels-last forward pass of the same round.
"""

import copy
import time
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from gradcam_lab.lessons.step2_gradcam import GradCAM
from gradcam_lab.models.batch_norm_folding import fold_batch_norms
from gradcam_lab.vision import torchvision
from tests.bench.claims import Claim, Value
from tests.networks import images

SIDE = 224
CLASS = 207
PLAIN = "plain forward pass, channels-last"
OURS = "ours"
GOALS = {"resnet18": 0.85, "resnet50": 0.96, "mobilenet_v2": 0.60}
LAYERS = {"resnet18": "layer4", "resnet50": "layer4", "mobilenet_v2": "features"}

Method = Callable[[], object]


def prepared(name: str) -> nn.Module:
    """Build a torchvision network from a seed, in eval mode."""
    torch.manual_seed(0)
    network: nn.Module = getattr(torchvision().models, name)(weights=None)
    return network.eval()


def channels_last(network: nn.Module) -> nn.Module:
    """Return a copy whose convolutions run in channels-last order."""
    return copy.deepcopy(network).to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def forward(network: nn.Module, batch: Tensor) -> Tensor:
    """Run the network and explain nothing."""
    with torch.inference_mode():
        return network(batch)


def ours_in_bf16(network: nn.Module, batch: Tensor, layer: str) -> Tensor:
    """Explain with the convolutions in bfloat16, as `--precision bf16` does."""
    with torch.autocast(batch.device.type, dtype=torch.bfloat16):
        return GradCAM(network, layer)(batch, CLASS)


def captums(network: nn.Module, batch: Tensor, layer: str) -> object:
    """Explain by captum's LayerGradCam."""
    from captum.attr import LayerGradCam

    oracle = LayerGradCam(network, network.get_submodule(layer))
    return oracle.attribute(batch, target=CLASS, relu_attributions=True)


def torchcams(network: nn.Module, batch: Tensor, layer: str) -> object:
    """Explain by torchcam's GradCAM."""
    from torchcam.methods import GradCAM as TorchcamGradCAM

    with TorchcamGradCAM(network, layer) as oracle:
        return oracle(class_idx=CLASS, scores=network(batch))


def pytorch_grad_cams(network: nn.Module, batch: Tensor, layer: str) -> object:
    """Explain by grad-cam's GradCAM."""
    from pytorch_grad_cam import GradCAM as OtherGradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    with OtherGradCAM(network, [network.get_submodule(layer)]) as oracle:
        return oracle(batch, [ClassifierOutputTarget(CLASS)] * len(batch))


LIBRARIES = {"captum LayerGradCam": captums, "torchcam GradCAM": torchcams, "grad-cam GradCAM": pytorch_grad_cams}


def methods(built: nn.Module, images: Tensor, layer: str) -> dict[str, Method]:
    """List what is timed, by the name in the table."""
    network, batch = channels_last(built), images.contiguous(memory_format=torch.channels_last)
    folded = fold_batch_norms(network, layer, SIDE)
    return {
        PLAIN: lambda: forward(network, batch),
        "plain forward pass, as built": lambda: forward(built, images),
        "plain forward pass, folded": lambda: forward(folded, batch),
        OURS: lambda: GradCAM(folded, layer)(batch, CLASS),
        "ours, not folded": lambda: GradCAM(network, layer)(batch, CLASS),
        "ours in bf16": lambda: ours_in_bf16(folded, batch, layer),
        **{f"{name}, as built": partial(run, built, images, layer) for name, run in LIBRARIES.items()},
        **{f"{name}, channels-last": partial(run, network, batch, layer) for name, run in LIBRARIES.items()},
        **{f"{name}, folded": partial(run, folded, batch, layer) for name, run in LIBRARIES.items()},
    }


def timed(method: Method) -> float:
    """Run a method once; return the seconds it took."""
    start = time.perf_counter()
    method()
    return time.perf_counter() - start


def interleaved(candidates: dict[str, Method], rounds: int) -> dict[str, list[float]]:
    """Time the methods in turns, after one round that is not counted; return the seconds of each round.

    Every other round goes backwards, so that no method always follows the same one.
    """
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    for name in candidates:
        timed(candidates[name])
    for index in range(rounds):
        for name in list(candidates)[:: -1 if index % 2 else 1]:
            seconds[name].append(timed(candidates[name]))
    return seconds


def measure(rounds: int, batch: int) -> Claim:
    """Time all methods on each network, on batches of so many images."""
    some, values = images(batch, SIDE, SIDE), []
    for name, layer in LAYERS.items():
        seconds = interleaved(methods(prepared(name), some, layer), rounds)
        values += [
            Value(name, way, turn, time / plain)
            for way, times in seconds.items()
            for turn, (time, plain) in enumerate(zip(times, seconds[PLAIN], strict=True))
        ]
    return Claim(
        "gradcam",
        "Grad-CAM takes less time than the plain forward pass",
        "x plain channels-last forward pass",
        OURS,
        values,
        GOALS,
        PLAIN,
    )
