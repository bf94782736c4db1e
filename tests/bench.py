"""How fast is Grad-CAM? `python -m tests.bench` or `make bench`: ours beside a plain forward pass and three libraries.

All methods see the same network (eval mode, seeded random weights) and the same images. Channels-last order is part
of what our pipeline does, so the libraries are timed twice: on the network as torchvision builds it, which is how
they are commonly used, and given channels-last too. The methods take turns within each round, so that whatever else
the machine is doing slows all of them alike; the ratio to the plain channels-last forward pass of the same round is
what counts, and the median over the rounds is shown.
"""

import argparse
import copy
import time
from collections.abc import Callable
from functools import partial
from statistics import median

import torch
from torch import Tensor, nn

from gradcam_lab.lessons.step2_gradcam import GradCAM
from gradcam_lab.vision import torchvision
from tests.networks import images

LAYER = "layer4"
CLASS = 207
PLAIN = "plain forward, channels-last"
BF16 = "ours in bf16"
HEADINGS = ("method", "images/s", "x plain")

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


def ours_in_bf16(network: nn.Module, batch: Tensor) -> Tensor:
    """Explain with the convolutions in bfloat16, as `--precision bf16` does."""
    with torch.autocast(batch.device.type, dtype=torch.bfloat16):
        return GradCAM(network, LAYER)(batch, CLASS)


def captums(network: nn.Module, batch: Tensor) -> object:
    """Explain by captum's LayerGradCam."""
    from captum.attr import LayerGradCam

    oracle = LayerGradCam(network, network.get_submodule(LAYER))
    return oracle.attribute(batch, target=CLASS, relu_attributions=True)


def torchcams(network: nn.Module, batch: Tensor) -> object:
    """Explain by torchcam's GradCAM."""
    from torchcam.methods import GradCAM as TorchcamGradCAM

    with TorchcamGradCAM(network, LAYER) as oracle:
        return oracle(class_idx=CLASS, scores=network(batch))


def pytorch_grad_cams(network: nn.Module, batch: Tensor) -> object:
    """Explain by grad-cam's GradCAM."""
    from pytorch_grad_cam import GradCAM as OtherGradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    with OtherGradCAM(network, [network.get_submodule(LAYER)]) as oracle:
        return oracle(batch, [ClassifierOutputTarget(CLASS)] * len(batch))


LIBRARIES = {"captum LayerGradCam": captums, "torchcam GradCAM": torchcams, "grad-cam GradCAM": pytorch_grad_cams}


def methods(built: nn.Module, images: Tensor) -> dict[str, Method]:
    """List what is timed, by the name in the table."""
    network, batch = channels_last(built), images.contiguous(memory_format=torch.channels_last)
    return {
        PLAIN: lambda: forward(network, batch),
        "ours": lambda: GradCAM(network, LAYER)(batch, CLASS),
        BF16: lambda: ours_in_bf16(network, batch),
        "plain forward, as built": lambda: forward(built, images),
        **{name: partial(explain, built, images) for name, explain in LIBRARIES.items()},
        **{f"{name}, channels-last": partial(explain, network, batch) for name, explain in LIBRARIES.items()},
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


def table(title: str, seconds: dict[str, list[float]], batch_size: int) -> str:
    """Lay the medians out, one line a method."""
    lines = [title, "{:<36}{:>10}{:>10}".format(*HEADINGS), "-" * 56]
    for name, times in seconds.items():
        ratio = median(time / plain for time, plain in zip(times, seconds[PLAIN], strict=True))
        lines.append(f"{name:<36}{batch_size / median(times):>10.1f}{ratio:>10.2f}")
    return "\n".join(lines)


def main() -> None:
    """Print one table a network."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="timed rounds a network (default: 7)")
    parser.add_argument("--batch", type=int, default=16, help="images a batch (default: 16)")
    options = parser.parse_args()
    if options.rounds < 1 or options.batch < 1:
        parser.error("--rounds and --batch must be at least 1")
    batch = images(options.batch, 224, 224)
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {options.rounds} rounds, medians")
    for name in ("resnet18", "resnet50"):
        seconds = interleaved(methods(prepared(name), batch), options.rounds)
        print("\n" + table(f"{name}, {options.batch} images of 224 x 224, layer4", seconds, options.batch), flush=True)


if __name__ == "__main__":
    main()
