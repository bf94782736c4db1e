r"""# Step 2: Grad-CAM

CAM read its weights $w^c_k$ off the last layer, so it works for networks that end in an average and one linear
layer, and for no other. Grad-CAM (Selvaraju et al., *[Grad-CAM: Visual Explanations from Deep Networks via
Gradient-based Localization](https://arxiv.org/abs/1610.02391)*, ICCV 2017;
[their code](https://github.com/ramprs/grad-cam); a [video](https://www.youtube.com/watch?v=COjUB9Izk6E)) asks a
question that any network can answer:

> If channel $k$ of this layer were a little stronger, how much would the score of class $c$ rise?

That is a derivative, and autograd knows it. Let $y^c$ be the score (the **logit**, see below) and $A^k$ channel
$k$ of any convolutional layer. Average the derivative over the grid, and use it where CAM used $w^c_k$:

$$\alpha^c_k = \frac{1}{HW}\sum_{i,j} \frac{\partial y^c}{\partial A^k_{ij}} \qquad
L^c = \mathrm{ReLU}\left(\sum_k \alpha^c_k A^k\right)$$

**It contains CAM.** In a GAP network $y^c = \sum_k w^c_k \frac{1}{HW}\sum_{i,j} A^k_{ij} + b_c$, so every
derivative of channel $k$ is $w^c_k / HW$, and so is their average. Hence $L^c = \mathrm{ReLU}(M^c) / HW$,
exactly. The two lessons check each other.

**The logit, not the probability.** The derivative of the sigmoid is $\sigma(z)(1 - \sigma(z))$. At $z = 17$
this is exactly 0 in float32: the network is so sure that it can explain nothing. The logit has no such ceiling.

**ReLU after the sum.** A channel may argue for the class in one cell and another channel against it in the same
cell. The sum weighs the two; only the result is cut at zero.

| task | what you write | points |
| --- | --- | --- |
| 2.1 | `channel_weights`: average the gradient over space | 1 |
| 2.2 | `weighted_map`: sum over channels, then ReLU | 1 |
| 2.3 | `watched`: any named layer of any CNN, by a hook | 1 |
| 2.4 | `select_scores`: what to explain | 1 |
| 2.5 | `GradCAM`: hook, score, gradient and formulas together | 2 |
| 2.6 | `all_classes`: every class in one forward pass | 1 |
| 2.7 | `input_gradient`: the gradient at the pixels | 1 |
| 2.8 | written: what CAM needs and Grad-CAM does not; VGG after `features` | 2 |
| 2.9 | `vgg_gradcam`: VGG's forward pass by hand, and the same map without a hook | 2 |
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any

import torch
from torch import Tensor, nn

Target = int | Sequence[int] | Tensor | Callable[[Tensor], Tensor]
"""What to explain: one class for all images, one class an image, or any function of the outputs."""

# ## 2.1 and 2.2 The two formulas
#
# They are one line each. Take the example of step 1: $z = 2 h_1 - h_2$, and $h_k$ is the mean of four cells. So each
# cell of $A^1$ has the derivative $2 / 4$, each cell of $A^2$ has $-1 / 4$, and their averages are the same numbers:
# $\alpha = (0.5, -0.25)$. Weighed and added up, $L$ is 0.5 in the first cell and -0.5 in the last, and ReLU sets the
# last one to 0: a quarter of $\mathrm{ReLU}(M)$, as it must be, for $HW = 4$.
#
# ![A picture with a dog and a boat; CAM of the dog; Grad-CAM of the dog, which is the positive part of CAM divided by
# the number of cells; and Grad-CAM of the boat. Red is above 0, blue below.](figure:cam_and_gradcam)
#
# Mind the axes: the weights average over space and keep the channels; the map sums over
# channels and keeps the space. (Some lecture notes sum the gradient over space instead. That makes every weight
# and the whole map H * W times larger, and changes nothing once the map is divided by its own maximum.)


def channel_weights(gradients: Tensor) -> Tensor:
    r"""Average the gradient over space: one weight per channel.

    Source: Selvaraju et al. 2017, equation 1.

    Args:
        gradients: $\partial y^c / \partial A^k_{ij}$, shape (N, K, H, W).

    Returns:
        $\alpha^c_k$, shape (N, K).

    Examples:
        >>> gradients = torch.tensor([2.0, -1.0])[None, :, None, None].expand(1, 2, 2, 2) / 4  # one image, 2 x 2 cells
        >>> channel_weights(gradients).tolist()
        [[0.5, -0.25]]
    """
    ### BEGIN SOLUTION 2.1
    return gradients.mean(dim=(2, 3))
    ### END SOLUTION 2.1


def weighted_map(features: Tensor, weights: Tensor) -> Tensor:
    r"""Sum the channels by their weights, then keep what argues for the class.

    Source: Selvaraju et al. 2017, equation 2.

    Args:
        features: $A$, shape (N, K, H, W).
        weights: $\alpha^c$, shape (N, K).

    Returns:
        $L^c = \mathrm{ReLU}(\sum_k \alpha^c_k A^k)$, shape (N, H, W).

    Examples:
        >>> features = torch.tensor([[[[1.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 2.0]]]])
        >>> weighted_map(features, torch.tensor([[0.5, -0.25]])).tolist()
        [[[0.5, 0.0], [0.0, 0.0]]]
    """
    ### BEGIN SOLUTION 2.2
    return torch.einsum("nk,nkhw->nhw", weights, features).relu()
    ### END SOLUTION 2.2


# ## 2.3 Reaching into a network
#
# The layer sits in the middle of somebody else's network, and we cannot rewrite its `forward`. PyTorch lets us
# attach a **hook**, a function that is called with a layer's output whenever the layer has run, and may replace
# it.
#
# Two small helpers first. A layer is named as in `model.named_modules()`: `"layer4"`, `"features"`,
# `"layer4.1.conv2"`. Choose a *block*, not a convolution inside it. The output of `layer4[-1].conv3`
# is added to the block's shortcut, and the network goes on with the sum. The map of one part of a sum can look entirely
# different from the map of the sum.


def find_layer(model: nn.Module, name: str) -> nn.Module:
    """Look a layer up by its name.

    Raises:
        ValueError: there is no such layer; the message proposes the nearest names.
    """
    layers = dict(model.named_modules())
    if name not in layers:
        near = get_close_matches(name, layers, n=3, cutoff=0.3)
        raise ValueError(f"the model has no layer '{name}'; did you mean one of {near}?")
    return layers[name]


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Put a model in eval mode, and every part of it back as it was afterwards, also after an error.

    In train mode BatchNorm averages over the batch, so an image's map would depend on its neighbours, and dropout would
    change it at every call.
    """
    flags = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in flags:
            module.training = training


# Now the hook. It could leave the network alone and only *store* the output, and then `loss.backward()` would
# find the gradient. That is how most published code does it, and it costs three times a plain forward pass:
# autograd records every layer from the pixels on, and walks the whole way back. We need nothing from before our
# layer. So:
#
# - run without a graph (`no_grad`) as far as the layer;
# - there, cut: `detach()` the feature map and ask for *its* gradient, as if it were the input;
# - switch the recording on, and let the network go on with a **copy**. Why a copy? In many networks the next layer
#   is a ReLU that works in place: it would overwrite the numbers that we have just stored.
#
# Three words of autograd stand in this code:
#
# - A tensor is a **leaf** if autograd has no record of how it was computed: an input, a weight, or what `detach()`
#   returns. For a leaf with `requires_grad_()` autograd finds the gradient; the graph begins there. The copy that
#   goes on, `features.clone()`, is no leaf: it was computed from one, and so the way back ends at the leaf.
# - `torch.set_grad_enabled(True)` switches the recording on and, unlike `with torch.enable_grad():`, leaves it on
#   when the hook returns. This is what we need: all layers after this one are to be recorded. The block in `watched`
#   switches it off again.
# - `torch.inference_mode()` is a stricter `no_grad`: a tensor that is made in it can never take part in a graph. The
#   caller may be inside such a block, so `watched` steps out of it, by `torch.inference_mode(False)`. This also
#   switches the recording on, and the `no_grad` after it switches it off again.
#
# Frozen weights (`requires_grad=False`) make no difference now, because the feature map itself requires the gradient.
# A layer that is called twice in one forward pass has two outputs. Then it is not clear which of them is meant:
# refuse, and say so.
#
# ![Where the graph begins: the layers before the cut run without a record, the leaf is where the gradient is asked
# for, and only the head is walked back.](figure:graph_begins)


@contextmanager
def watched(model: nn.Module, layer: str) -> Iterator[list[Tensor]]:
    """Within the block, a forward pass stores the layer's output and builds a graph only from there on.

    The model is in eval mode meanwhile. Afterwards its hooks, flags and the grad mode are as before, also when the
    forward pass raises.

    Args:
        model: any module.
        layer: the name of a layer whose output is one tensor of shape (N, K, H, W).

    Yields:
        A list, empty at first, that holds the feature map (a leaf that requires the gradient) after the forward pass.

    Raises:
        ValueError: no such layer, or its output is not of shape (N, K, H, W).
        RuntimeError: the layer runs more than once in a forward pass.
    """
    stored: list[Tensor] = []

    def hook(module: nn.Module, inputs: Any, output: Any) -> Tensor:
        if stored:
            raise RuntimeError(f"layer '{layer}' runs more than once in a forward pass: choose the block around it")
        if not isinstance(output, Tensor) or output.dim() != 4:
            raise ValueError(f"layer '{layer}' does not return a feature map of shape (N, K, H, W)")
        ### BEGIN SOLUTION 2.3
        features = output.detach().requires_grad_()
        stored.append(features)
        torch.set_grad_enabled(True)  # for the rest of this forward pass; the block below puts it back
        return features.clone()
        ### END SOLUTION 2.3

    handle = find_layer(model, layer).register_forward_hook(hook)
    try:
        with evaluating(model), torch.inference_mode(False), torch.no_grad():
            yield stored
    finally:
        handle.remove()


# ## 2.4 What is to be explained?
#
# Usually a class. But nothing in the formulas needs $y^c$ to be a class: any number that the network computes
# will do. "Why dog rather than cat?" is the difference of two logits. "Any of ImageNet's 118 dogs" is the
# log-sum-exp of theirs. So a target may be a function from the outputs (N, C) to one score an image (N,).
#
# One rule prevents a silent mistake: as many targets as images. Published code often takes pairs by
# `zip(images, targets)`, which stops at the end of the shorter list: the last images then get maps of zeros. Two
# helpers refuse what does not fit; they are given, at the end of this file: `one_per_image` and `checked_classes`.


def select_scores(outputs: Tensor, target: Target) -> Tensor:
    """Pick the score to explain, one an image.

    Args:
        outputs: the logits, shape (N, C).
        target: a class index for all images; N indices (list, tuple or tensor), one an image; or a function from
            (N, C) to (N,).

    Returns:
        The scores, shape (N,).

    Raises:
        ValueError: the number of targets is not N, an index is not a class, or the function's result is not of
            shape (N,).
    """
    ### BEGIN SOLUTION 2.4
    if callable(target):
        return one_per_image(target(outputs), outputs)
    classes = torch.as_tensor(target, device=outputs.device)
    if classes.dim() == 0:  # one class for all
        classes = classes.expand(len(outputs))
    classes = one_per_image(classes, outputs)
    return outputs.gather(1, checked_classes(classes, outputs)[:, None])[:, 0]
    ### END SOLUTION 2.4


# ## 2.5 The explainer
#
# All parts are there: watch the layer (2.3), run the model, choose the score (2.4), ask for its gradient, and apply
# the two formulas (2.1 and 2.2). `torch.autograd.grad` returns the gradient of the feature map and nothing else:
# unlike `backward()` it changes no parameter's `.grad`. It wants one number, and a batch has one score an image: sum
# them. In eval mode no image's score depends on another image, so the gradient of the sum at one image's feature map
# is the gradient of that image's own score.


class GradCAM:
    """Grad-CAM of one layer of one model.

    Args:
        model: any CNN that returns logits (N, C). It is left exactly as it was: mode, `.grad`, hooks.
        layer: the name of the layer, as in `model.named_modules()`; the last block before pooling is the usual choice.
            Its output must be of shape (N, K, h, w). One of shape (N, h, w, K), as transformers such as Swin have it,
            looks the same from here, and the "map" would be of shape (w, K): permute it before.
    """

    def __init__(self, model: nn.Module, layer: str) -> None:
        find_layer(model, layer)  # a wrong name should fail here, not at the first image
        self.model = model
        self.layer = layer

    def __call__(self, images: Tensor, target: Target) -> Tensor:
        """Explain each image's score.

        Args:
            images: shape (N, 3, H, W).
            target: see `select_scores`.

        Returns:
            The raw maps, shape (N, h, w), non-negative, on the layer's grid; normalising and upsampling come later.

        Raises:
            ValueError: targets and images do not match.
            RuntimeError: the layer did not run, or ran twice, or the score does not depend on it.
        """
        ### BEGIN SOLUTION 2.5
        with watched(self.model, self.layer) as stored:
            outputs = self.model(images)
            features = self.only(stored)
            scores = select_scores(outputs, target)
            (gradients,) = torch.autograd.grad(scores.sum(), features)
            return weighted_map(features.detach(), channel_weights(gradients))
        ### END SOLUTION 2.5

    def only(self, stored: list[Tensor]) -> Tensor:
        """Return the stored feature map.

        Raises:
            RuntimeError: the layer did not run.
        """
        if not stored:
            raise RuntimeError(f"layer '{self.layer}' did not run in this forward pass: choose one that does")
        return stored[0]

    # ## 2.6 All classes at once
    #
    # The expensive part, the forward pass up to the layer, is the same for every class. Only the short way back
    # differs, and autograd can walk it for all classes together: it takes a *batch* of start vectors, here the rows of
    # the identity matrix, one a class (`is_grads_batched`). A loop over the classes with `retain_graph=True` gives the
    # same maps; it is only slower.

    def all_classes(self, images: Tensor) -> Tensor:
        """Explain every class of every image in one forward pass.

        Args:
            images: shape (N, 3, H, W).

        Returns:
            The raw maps, shape (N, C, h, w).
        """
        ### BEGIN SOLUTION 2.6
        with watched(self.model, self.layer) as stored:
            outputs = self.model(images)  # (N, C)
            features = self.only(stored)
            one_hot = torch.eye(outputs.shape[1], dtype=outputs.dtype, device=outputs.device)
            starts = one_hot[:, None, :].expand(
                -1, len(outputs), -1
            )  # (C, N, C): start c picks column c of every image
            (gradients,) = torch.autograd.grad(outputs, features, starts, is_grads_batched=True)  # (C, N, K, h, w)
            return torch.stack([weighted_map(features.detach(), channel_weights(g)) for g in gradients], dim=1)
        ### END SOLUTION 2.6


# ### A word of a caption
#
# "Any number" reaches further than classes. A captioning network is a CNN, the *encoder*, and a recurrent
# *decoder*, which says one word after the other (Vinyals et al., *[Show and Tell](https://arxiv.org/abs/1411.4555)*,
# 2015; Karpathy and Li, *[Deep Visual-Semantic Alignments](https://cs.stanford.edu/people/karpathy/deepimagesent/)*,
# with [NeuralTalk2](https://github.com/karpathy/neuraltalk2)). What is the score there? The logit of one word at its
# place in the sentence; for a whole sentence, the sum of the logarithms of its words' probabilities. The explainer
# stays as it is, because `target` says what to make of the outputs. A real captioner to try it on, show and tell
# among others, is [ImageCaptioning.pytorch](https://github.com/ruotianluo/ImageCaptioning.pytorch).


class Captioner(nn.Module):
    """A small captioning network: what the convolutions saw is the first state of a GRU, which writes the caption.

    Args:
        words: the size of the vocabulary; word 0 begins every sentence.
        length: the number of words of a caption.
        channels: of the feature map, and the size of the GRU's state.

    Examples:
        >>> captioner, photo = Captioner(words=6, length=3).eval(), torch.rand(1, 3, 16, 24)
        >>> caption = captioner(photo).argmax(dim=2)[0]  # such as "a brown dog", in numbers of words
        >>> explain = GradCAM(captioner, "features")
        >>> explain(photo, lambda logits: logits[:, 2, caption[2]]).shape  # where it saw what made it say "dog"
        torch.Size([1, 8, 12])
        >>> places = torch.arange(3)  # and the whole sentence:
        >>> explain(photo, lambda logits: logits.log_softmax(dim=2)[:, places, caption].sum(dim=1)).shape
        torch.Size([1, 8, 12])
    """

    def __init__(self, words: int, length: int, channels: int = 16) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, channels, kernel_size=3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(channels, channels, kernel_size=3, padding=1),
        )
        self.embedding = nn.Embedding(words, channels)
        self.decoder = nn.GRUCell(channels, channels)
        self.vocabulary = nn.Linear(channels, words)
        self.length = length

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits of all words at every place of the caption, shape (N, length, words)."""
        state = self.features(images).mean(dim=(2, 3))  # (N, channels)
        word = torch.zeros(len(images), dtype=torch.long, device=images.device)
        logits = []
        for _ in range(self.length):
            state = self.decoder(self.embedding(word), state)
            logits.append(self.vocabulary(state))
            word = logits[-1].argmax(dim=1)  # the word that it says is the next one that it reads
        return torch.stack(logits, dim=1)


# ## 2.7 All the way down to the pixels
#
# Why stop at a layer? Take the gradient at the input itself (Simonyan et al., *[Deep Inside Convolutional
# Networks](https://arxiv.org/abs/1312.6034)*, 2013). It is sharp, and it is noisy: it says which pixels would change
# the score if touched, not where the object is. Beside Grad-CAM it shows
# what one gets in return for a coarse layer: a map that can be read.


def input_gradient(model: nn.Module, images: Tensor, target: Target) -> Tensor:
    r"""Return the gradient of the score at the pixels, $\partial y / \partial x$.

    Source: Simonyan et al. 2013, section 3.

    Args:
        model: any network that returns logits (N, C); left as it was, and so are the images.
        images: shape (N, 3, H, W).
        target: see `select_scores`.

    Returns:
        The gradient, shape (N, 3, H, W). To draw it, take the largest absolute value of the three colours.
    """
    ### BEGIN SOLUTION 2.7
    with evaluating(model), torch.inference_mode(False), torch.enable_grad():
        pixels = images.detach().clone().requires_grad_()
        scores = select_scores(model(pixels), target)
        (gradient,) = torch.autograd.grad(scores.sum(), pixels)
    return gradient
    ### END SOLUTION 2.7


# ## 2.8 Written (2 points)
#
# (a) What does CAM need of a network that Grad-CAM does not? Name a network for which CAM is not defined, and
# say which line of step 1 would fail. (b) You explain a VGG at its layer `features`. Which steps of VGG's
# [forward pass](https://github.com/pytorch/vision/blob/main/torchvision/models/vgg.py) remain after it, and through
# which of them does the gradient of task 2.5 travel?
#
# No image is needed, and no weights either: `print(torchvision.models.vgg16())` shows VGG's parts, and `linear_layer`
# of step 1 can be asked about it. Two to five sentences each.

# ## 2.9 The same map by hand
#
# In 2.8 you name the steps; now write them down. torchvision keeps a VGG in parts, so that its forward pass can be
# interrupted after `features` and continued by your own lines: the feature map is then an ordinary variable, and
# no hook is needed to get hold of it. The rest is as in 2.3 and 2.5: a leaf that requires the gradient, the target's
# score, the gradient of the feature map, the two formulas. The result must be the same, number by number, so the
# two check each other. The advantage of the hook: for the next network no such lines have to be written.


def vgg_gradcam(vgg: nn.Module, images: Tensor, target: Target) -> Tensor:
    """Grad-CAM at the layer `features` of a VGG, by its forward pass written out; the network itself is not called.

    Args:
        vgg: a network of torchvision's layout, with the parts `features`, `avgpool` and `classifier`; it may be in
            train mode or frozen, and is left exactly as it was: mode, `.grad`.
        images: shape (N, 3, H, W).
        target: see `select_scores`.

    Returns:
        The raw maps, shape (N, h, w), the same as those of `GradCAM(vgg, "features")`.
    """
    ### BEGIN SOLUTION 2.9
    parts = dict(vgg.named_children())
    with evaluating(vgg), torch.inference_mode(False):
        with torch.no_grad():  # nothing before the feature map needs a graph
            features = parts["features"](images)
        with torch.enable_grad():
            pooled = parts["avgpool"](features.requires_grad_())
            outputs = parts["classifier"](torch.flatten(pooled, 1))  # one row an image
            (gradients,) = torch.autograd.grad(select_scores(outputs, target).sum(), features)
    return weighted_map(features.detach(), channel_weights(gradients))
    ### END SOLUTION 2.9


# ## Optional: predict, derive, break (no points)
#
# **Predict, then run.** A picture shows a dog and a boat. Where will the map of "dog rather than boat" be, the
# difference of the two logits? Where will it be *negative* before the ReLU? Draw it on paper; then give `GradCAM` the
# target `lambda z: z[:, dog] - z[:, boat]`, and compare.
#
# **Derive.** Show that in a GAP network $\mathrm{ReLU}(M^c) = HW \cdot L^c$, from $z_c = \sum_k w^c_k h_k + b_c$ and
# nothing else. Which step fails once a second linear layer and a ReLU stand behind the average?
#
# **Break it.** First say what becomes of AP, then run it. In 2.5, explain (a) the softmax's probability and not the
# logit, `outputs = self.model(images).softmax(dim=1)`; (b) the sigmoid's; or (c) divide the map by $HW$ once more. The
# checks refuse all three, but a file that does not pass runs all the same if you ask for it:
# `gradcam-lab run-all --quick --impl mine --out mine`. Under "Yours beside the reference's" its report,
# `mine/report.html`, sets your AP beside the reference's. The images on which the two differ most are shown by
# `gradcam-lab run-all --quick --impl reference --out reference` and `gradcam-lab compare reference mine`.
#
# One of the three ends at an AP of 0: the lab gives `GradCAM` a network that returns the target's score alone. What is
# the softmax of one number, and its derivative? The two others change AP by little or by nothing, although they are
# wrong. Which line of step 3 is the reason? And on which images does the sigmoid change something after all?

# ## Given: what refuses a wrong target
#
# Task 2.4 calls these two. An error at once, with a sentence, is better than a wrong map.


def one_per_image(values: Tensor, outputs: Tensor) -> Tensor:
    """Return values of shape (N,) unchanged (a bare number counts as one of shape (1,)).

    Raises:
        ValueError: there are more or fewer values than images.
    """
    count = len(outputs)
    if values.dim() == 0 and count == 1:
        return values[None]
    if values.shape != (count,):
        raise ValueError(f"{count} images need a target of shape ({count},), one an image, not {tuple(values.shape)}")
    return values


def checked_classes(classes: Tensor, outputs: Tensor) -> Tensor:
    """Return class indices unchanged; a negative one would silently count from the end.

    Raises:
        ValueError: an index is not between 0 and C - 1.
    """
    count = outputs.shape[1]
    if ((classes < 0) | (classes >= count)).any():
        raise ValueError(f"the classes {classes.tolist()} are not all between 0 and {count - 1}")
    return classes
