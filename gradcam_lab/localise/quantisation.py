"""A network in 8-bit integers as far as the layer that Grad-CAM explains, and in float32 from there on.

Nothing before that layer needs a gradient, so it can be quantised after training (Jacob et al., *Quantization and
Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference*, CVPR 2018); integers have no gradient,
so what comes after it cannot.
"""

import copy
import warnings
from typing import Any

import torch
from torch import Tensor, fx, nn

TRUNK = "trunk"
"""The name of the layer of `Split` whose output is the feature map."""


class QuantisationError(Exception):
    """This network, or this build of PyTorch, cannot be quantised; the text says why."""


class Split(nn.Module):
    """A network in two parts.

    Args:
        trunk: images to the feature map.
        head: the feature map to the logits.
    """

    def __init__(self, trunk: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.trunk, self.head = trunk, head

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits."""
        return self.head(self.trunk(images))


def split_at(network: nn.Module, layer: str) -> Split:
    """Split a network behind a layer; both parts share its weights.

    Args:
        network: in eval mode.
        layer: the name of a module.

    Raises:
        QuantisationError: its forward pass cannot be traced, or its output does not depend on that layer alone.
    """
    try:
        graph = fx.Tracer().trace(network)
    except Exception as error:
        # Tracing runs the code of any network, and fails in as many ways as there are to write one.
        raise QuantisationError(f"its forward pass cannot be traced ({type(error).__name__})") from error
    inside = [place for place, node in enumerate(graph.nodes) if layer in _modules_around(node)]
    if not inside:
        raise QuantisationError(f"its layer {layer} is not to be seen in the traced forward pass")
    return Split(_trunk(network, graph, inside[-1]), _head(network, graph, inside[-1]))


def _modules_around(node: fx.Node) -> list[str]:
    """The names of the modules in whose forward pass a node was traced."""
    return list(node.meta.get("nn_module_stack", {}))


def _copied(network: nn.Module, graph: fx.Graph) -> tuple[fx.GraphModule, list[fx.Node]]:
    module = fx.GraphModule(network, copy.deepcopy(graph))
    return module, list(module.graph.nodes)


def _trunk(network: nn.Module, graph: fx.Graph, place: int) -> fx.GraphModule:
    """Everything up to the node at a place, which becomes the output."""
    module, nodes = _copied(network, graph)
    nodes[-1].args = (nodes[place],)
    return _without_dead_code(module)


def _head(network: nn.Module, graph: fx.Graph, place: int) -> fx.GraphModule:
    """Everything after the node at a place, which becomes the input."""
    module, nodes = _copied(network, graph)
    with module.graph.inserting_before(nodes[0]):
        features = module.graph.placeholder("features")
    nodes[place].replace_all_uses_with(features)
    _without_dead_code(module)
    images = nodes[0]
    if images.users:
        raise QuantisationError("its output depends on more than that layer")
    module.graph.erase_node(images)
    module.recompile()
    return module


def _without_dead_code(module: fx.GraphModule) -> fx.GraphModule:
    module.graph.eliminate_dead_code()
    module.delete_all_unused_submodules()
    module.recompile()
    return module


def quantised(network: nn.Module, layer: str, images: Tensor) -> Split:
    """Quantise a network up to a layer, statically: 8 bits for weights and activations.

    Args:
        network: on the CPU, in eval mode; it is left as it is.
        layer: the one that is explained. In the network that is returned it is called `TRUNK`.
        images: preprocessed, shape (N, 3, H, W); the ranges of the activations are measured on them.

    Raises:
        QuantisationError: the network cannot be split there, or this build of PyTorch cannot quantise it.
    """
    parts = split_at(network, layer)
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # that this part of PyTorch will move, and how ranges are rounded
            parts.trunk = _in_integers(copy.deepcopy(parts.trunk), images)
            parts(images)  # some kernels are missed only when they are called
    except Exception as error:
        # PyTorch raises ImportError, NotImplementedError, RuntimeError, AssertionError and others, by what it lacks.
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise QuantisationError(f"PyTorch {torch.__version__} says: {reason[:160]}") from error
    return parts


def _in_integers(trunk: nn.Module, images: Tensor) -> nn.Module:
    from torch.ao.quantization import QConfigMapping, get_default_qconfig
    from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx

    configuration: Any = QConfigMapping().set_global(get_default_qconfig(torch.backends.quantized.engine))
    observed = prepare_fx(trunk, configuration, (images,))
    observed(images)
    return convert_fx(observed)
