"""The checks of step 2, Grad-CAM: against sums written out as loops, small networks by hand, and autograd."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from .checking import Case, Reasons, Wrong, agree, agree_maps, call, check, demand, refuses, unchanged
from .networks import HandNet, OverwritingNet, SideNet, VggLike, built, seeded

Score = Callable[[Tensor], Tensor]
"""From the outputs (N, C) to one score an image (N,)."""


# --- what should have come ---


def weighed(features: Tensor, weights: Tensor) -> Tensor:
    """Sum the channels by their weights, (N, K, H, W) and (N, K) to (N, H, W), without ReLU."""
    total = torch.zeros_like(features[:, 0])
    for image, rows in enumerate(weights):
        for channel, weight in enumerate(rows):
            total[image] += weight * features[image, channel]
    return total


def explained(features: Tensor, head: Callable[[Tensor], Tensor], score: Score) -> Tensor:
    """Grad-CAM of a feature map, given the part of the network that follows it."""
    leaf = features.detach().clone().requires_grad_()
    with torch.enable_grad():
        (slopes,) = torch.autograd.grad(score(head(leaf.clone())).sum(), leaf)
    return weighed(leaf.detach(), slopes.mean(dim=3).mean(dim=2)).clamp(min=0)


def slopes_at(network: nn.Module, images: Tensor, score: Score) -> Tensor:
    """Return the gradient of the score at the pixels."""
    pixels = images.detach().clone().requires_grad_()
    (slopes,) = torch.autograd.grad(score(network(pixels)).sum(), pixels)
    return slopes


def of_class(*classes: int) -> Score:
    """Return the score that picks one class for all images, or one class an image."""
    return lambda z: torch.stack([row[classes[i % len(classes)]] for i, row in enumerate(z)])


def of_a_function(function: Callable[..., Tensor], *args: Any) -> Tensor:
    """Call the student's function for the difference of two logits; what stops it is not the reason.

    Raises:
        Wrong: it stopped.
    """
    try:
        return call(function, *args, lambda z: z[:, 0] - z[:, 1])
    except (LookupError, TypeError, ValueError, RuntimeError) as error:
        got = f"{type(error).__name__}: {error}".split("\n")[0]
        reason = "the target may be a function of the outputs, here the difference of two logits: use select_scores"
        raise Wrong("a result for a target that is a function", got, reason) from error


# --- small networks ---


class Noting(HandNet):
    """Notes what the layer `features` hands on, and whether autograd records before and after it."""

    def forward(self, x: Tensor) -> Tensor:
        """Note, and go on as usual."""
        self.recorded_before = torch.is_grad_enabled()
        self.handed_on = self.features(x)
        self.recorded_after = torch.is_grad_enabled()
        return self.fc(self.avgpool(self.handed_on).flatten(1))


class Moody(HandNet):
    """Answers double in train mode: as wrong as batch normalisation and dropout there, but easy to recognise."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the usual logits, or their double."""
        return super().forward(x) * (2 if self.training else 1)


class Loud(nn.Module):
    """Doubles in train mode."""

    def forward(self, x: Tensor) -> Tensor:
        """Return x, or its double."""
        return x * (2 if self.training else 1)


# --- 2.1 and 2.2 ---


@check("2.1", points=1)
def test_channel_weights_average_over_space(mine: Any, case: Case) -> None:
    """One weight a channel and image: the average of its gradient over height and width."""
    n, k, h, w = case.sizes(4, 2, 7)
    gradients = case.tensor(n, k, h, w)
    expected = torch.zeros(n, k)
    for image in range(n):
        for channel in range(k):
            expected[image, channel] = sum(gradients[image, channel].flatten().tolist()) / (h * w)
    agree(
        call(mine.channel_weights, gradients),
        expected,
        "the weights",
        reasons=[
            (
                "these are sums over space, not averages: divide by H * W, or use .mean (the CSC413 lab sums: its map "
                "is H * W times as large, and the same once it is divided by its maximum)",
                expected * h * w,
            ),
            (
                "this averages over the channels: the weights keep axis 1 and average over axes 2 and 3",
                gradients.mean(dim=1),
            ),
            ("the axes of length 1 are still there: leave out keepdim=True", expected[:, :, None, None]),
            ("this averages over the images too: each image has its own weights", expected.mean(dim=0)),
            ("this is one number for everything: give .mean the two axes of space", expected.mean()),
            (
                "the negative gradients were cut before the average: there is no ReLU in this formula",
                gradients.clamp(min=0).mean(dim=(2, 3)),
            ),
            ("the signs are lost: average the gradients, not their absolute values", gradients.abs().mean(dim=(2, 3))),
            ("this is the maximum over space: Grad-CAM takes the average", gradients.amax(dim=(2, 3))),
        ],
        reason="average gradients[n, k] over its rows and columns, for each image n and channel k",
    )


@check("2.2", points=1)
def test_weighted_map_sums_the_channels_then_cuts_at_zero(mine: Any, case: Case) -> None:
    """Each image's channels times its own weights, summed, and then the negative cells set to 0."""
    by_hand = torch.tensor([[[[1.0, 1.0, -1.0]], [[3.0, 1.0, -4.0]]]]), torch.tensor([[2.0, -1.0]])
    n, k, h, w = case.sizes(4, 2, 7)
    for features, weights in [by_hand, (case.tensor(n, k, h, w), case.tensor(n, k))]:
        total = weighed(features, weights)  # by hand: 2 * 1 - 3 = -1, 2 * 1 - 1 = 1, 2 * -1 + 4 = 2
        terms = weights[:, :, None, None] * features
        agree_maps(
            call(mine.weighted_map, features, weights),
            total.clamp(min=0),
            [
                ("negative cells are left: the formula ends with a ReLU", total),
                (
                    "the ReLU came too early, on each channel's term: sum over the channels first, then cut at zero",
                    terms.clamp(min=0).sum(dim=1),
                ),
                (
                    "the negative features were cut before they were weighed: the ReLU belongs after the sum",
                    weighed(features.clamp(min=0), weights).clamp(min=0),
                ),
                (
                    "the negative weights were cut: a channel may argue against the class, so ReLU comes after the sum",
                    weighed(features, weights.clamp(min=0)).clamp(min=0),
                ),
                (
                    "this is the average over the channels: the formula has a plain sum over k",
                    total.clamp(min=0) / weights.shape[1],
                ),
                ("the channels are still there: sum over axis 1", terms.clamp(min=0)),
                (
                    "every image was weighed with the first image's weights: weights[n] belong to features[n]",
                    weighed(features, weights[:1].expand_as(weights)).clamp(min=0),
                ),
                ("the signs are lost: a ReLU sets negative cells to 0, it does not turn them round", total.abs()),
                ("this is scaled to 0..1: the raw map is asked for", _scaled(total)),
            ],
            reason="take one cell: multiply each channel by its weight, add them up, and set what is negative to 0",
        )


def _scaled(total: Tensor) -> Tensor:
    maps = total.clamp(min=0)
    return maps / maps.amax(dim=(1, 2), keepdim=True)


# --- 2.3 ---


@check("2.3", points=1)
def test_the_hook_stores_a_leaf_and_hands_on_a_copy(mine: Any, case: Case) -> None:
    """The hook stores the layer's output as a leaf that requires the gradient, and the network goes on with a copy."""
    h, w = case.sizes(2, 2, 6)
    network, images = built(Noting).eval(), case.tensor(2, 3, h, w)
    with unchanged(network, images), mine.watched(network, "features") as stored:
        outputs = network(images)
    plain = nn.Sequential(nn.Identity(), built(HandNet)).eval()  # its first layer returns the images themselves
    with unchanged(network, plain), mine.watched(plain, "0"):
        plain(images)
    demand(
        not images.requires_grad,
        "a layer's output that stays as it is, though it is stored",
        "it requires a gradient now",
        "detach() the output first: what a layer returns is also somebody else's, here the caller's images",
    )
    one = "append the feature map to `stored`, once"
    agree(len(stored), 1, "the number of stored maps", reasons=[("nothing was stored: " + one, 0)], reason=one)
    features = stored[0]
    agree(features, images[:, :2], "the stored map", reason="store the layer's output itself, of unchanged values")
    demand(
        features.requires_grad and features.is_leaf,
        "the stored map is a leaf that requires the gradient",
        f"requires_grad is {features.requires_grad}, is_leaf is {features.is_leaf}",
        "autograd will not find its gradient: detach the output, call requires_grad_(), and store this very tensor",
    )
    demand(
        network.recorded_after,
        "autograd records the layers after this one",
        "it does not",
        "the recording is still off when the hook returns: switch it on with torch.set_grad_enabled(True)",
    )
    (gradient,) = torch.autograd.grad(outputs.sum(), features, allow_unused=True)
    demand(
        gradient is not None,
        "the outputs depend on the stored map",
        "they do not",
        "the network went on with something else: the hook must return a copy made from the stored map",
    )
    demand(
        network.handed_on.data_ptr() != features.data_ptr(),
        "the network goes on with a copy",
        "it goes on with the stored map itself",
        "a ReLU that works in place would overwrite the stored numbers: return features.clone()",
    )
    demand(
        not network.recorded_before,
        "nothing before the layer is recorded",
        "autograd recorded the layers before it",
        "the part up to the layer needs no graph: leave the `no_grad` of `watched` as it is",
    )


# --- 2.4 ---


@check("2.4", points=1)
def test_select_scores_takes_one_score_an_image(mine: Any, case: Case) -> None:
    """One class for all, several in a list, tuple or tensor, or a function; what does not fit is refused."""
    n = case.whole(2, 4)
    classes_count = n + case.whole(1, 3)
    outputs = case.tensor(n, classes_count).requires_grad_()
    one = case.whole(1, classes_count - 1)
    many = [case.whole(0, classes_count - 1) for _ in range(n - 1)] + [one]
    plain = outputs.detach()

    def picked(values: Tensor, classes: list[int]) -> Tensor:
        return torch.stack([row[c] for row, c in zip(values, classes, strict=True)])

    for target, classes in [
        (one, [one] * n),
        (many, many),
        (tuple(many), many),
        (torch.tensor(many), many),
    ]:
        scores = call(mine.select_scores, outputs, target)
        agree(
            scores,
            picked(plain, classes),
            "the scores",
            reasons=[
                (
                    "these are probabilities: pick the logits themselves, without softmax",
                    picked(plain.softmax(dim=1), classes),
                ),
                (
                    "these are probabilities: pick the logits themselves, without sigmoid",
                    picked(plain.sigmoid(), classes),
                ),
                (
                    "this picks whole columns, every target for every image: image n wants its own class only",
                    plain[:, classes],
                ),
                (
                    "these are probabilities, along the wrong axis: the logits themselves are asked for",
                    picked(plain.softmax(dim=0), classes),
                ),
                ("this is the score of an image, for all classes: index the second axis", plain[classes[0] % n]),
                ("only the first target was used: with several, image n has the n-th", plain[:, classes[0]]),
            ],
            reason="the n-th score is outputs[n, class of image n]",
        )
        demand(
            scores.requires_grad,
            "the gradient can flow from the scores to the outputs",
            "the scores have lost their graph",
            "the numbers were taken out of the graph (.item(), .detach() or torch.tensor): index the outputs",
        )
    difference = call(mine.select_scores, outputs, lambda z: z[:, 0] - z[:, 1])
    agree(
        difference, plain[:, 0] - plain[:, 1], "the scores of a function", reason="call the function with the outputs"
    )

    zipped = "the number of targets is not the number of images, and zip lets the shorter list win: refuse it"
    refuses(ValueError, zipped, mine.select_scores, outputs, many[1:])
    refuses(ValueError, zipped, mine.select_scores, outputs, [*many, 0])
    negative = "a negative class silently counts from the end: refuse it, checked_classes does"
    refuses(ValueError, negative, mine.select_scores, outputs, -1)
    refuses(ValueError, negative, mine.select_scores, outputs, [-1] * n)
    high = f"there is no class {classes_count} among {classes_count}: refuse it, checked_classes does"
    refuses(ValueError, high, mine.select_scores, outputs, classes_count)
    result = "the function did not return one score an image: refuse that, one_per_image does"
    refuses(ValueError, result, mine.select_scores, outputs, lambda z: z)
    refuses(ValueError, result, mine.select_scores, outputs, lambda z: z.sum())


# --- 2.5 ---


@check("2.5", points=1)
def test_gradcam_of_a_network_by_hand(mine: Any, case: Case) -> None:
    """The map of the logit of the class that was asked for, of each image, raw and on the layer's grid."""
    n, h, w = case.sizes(3, 2, 6)
    # Frozen weights, so that this check asks for the numbers only and the next one for manners.
    network, images = built(HandNet).eval().requires_grad_(False), case.tensor(n, 3, h, w)
    explain = mine.GradCAM(network, "features")
    features = images[:, :2]  # red and green; the derivative of y = w_0 mean(red) + w_1 mean(green) + b is w / (H W)
    for c, weight in enumerate([(1, -1), (0.5, 2)]):
        alpha = torch.tensor(weight).expand(n, 2) / (h * w)
        agree_maps(
            call(explain, images, c),
            weighed(features, alpha).clamp(min=0),
            _gradcam_mistakes(features, lambda a: network.fc(a.mean(dim=(2, 3))), c, alpha),
            reason="channel_weights gets the gradient of the class's logit, and weighted_map the stored features",
            atol=1e-6,
        )
    alpha = torch.tensor([0.5, -3]).expand(n, 2) / (h * w)
    agree_maps(
        of_a_function(explain, images),
        weighed(features, alpha).clamp(min=0),
        [],
        reason="the target may be a function of the outputs too, here the difference of two logits: use select_scores",
        atol=1e-6,
    )


def _gradcam_mistakes(features: Tensor, head: Callable[[Tensor], Tensor], c: int, alpha: Tensor) -> Reasons:
    def of(score: Score) -> Tensor:
        return explained(features, head, score)

    right = of(of_class(c))
    averages = features.mean(dim=(2, 3))
    slopes = alpha[:, :, None, None].expand_as(features)
    return [
        (
            "this explains the softmax's probability: take the gradient of the logit, before any softmax",
            of(lambda z: z.softmax(dim=1)[:, c]),
        ),
        (
            "this explains a softmax over the images: take the gradient of the logit, before any softmax",
            of(lambda z: z.softmax(dim=0)[:, c]),
        ),
        (
            "this explains the logarithm of the softmax: take the gradient of the logit itself",
            of(lambda z: z.log_softmax(dim=1)[:, c]),
        ),
        (
            "this explains the sigmoid's probability: take the gradient of the logit, before any sigmoid",
            of(lambda z: z.sigmoid()[:, c]),
        ),
        (
            "this explains the most probable class, not the one that was asked for: use select_scores",
            of(lambda z: z.amax(dim=1)),
        ),
        (
            "this explains all classes together: choose the target's score with select_scores",
            of(lambda z: z.sum(dim=1)),
        ),
        ("all is divided by the number of images: sum the scores, do not average them", right / len(features)),
        (
            "features and gradients changed places: the averages of the gradients weigh the features",
            weighed(slopes, averages).clamp(min=0),
        ),
        (
            "features and gradients were multiplied cell by cell, without averaging: use channel_weights first",
            (slopes * features).clamp(min=0).sum(dim=1),
        ),
        ("negative cells are left: weighted_map ends with a ReLU", weighed(features, alpha)),
        ("this is scaled to 0..1: the raw map is asked for", _scaled(right)),
    ]


@check("2.5", points=1)
def test_gradcam_leaves_everything_as_it_was(mine: Any, case: Case) -> None:
    """A network that overwrites its features, is in train mode and may learn: one class an image, and no traces."""
    h, w = case.sizes(2, 3, 6)
    network, images = built(OverwritingNet).train(), case.tensor(3, 3, h, w)
    explain = mine.GradCAM(network, "features")
    classes = [1, 0, case.whole(0, 1)]
    features, weights = images[:, :2], torch.tensor([[1, -1], [0.5, 2]])[classes]

    def head(a: Tensor) -> Tensor:
        return network.fc(a.relu().mean(dim=(2, 3)))

    # ReLU, average, linear: the derivative is w / (H W) in the positive cells and 0 elsewhere.
    alpha = weights * (features > 0).float().mean(dim=(2, 3)) / (h * w)
    agree_maps(
        call(explain, images, classes),
        weighed(features, alpha).clamp(min=0),
        [
            (
                "the ReLU after the layer has overwritten the stored map: hand on a copy, features.clone()",
                weighed(features.clamp(min=0), alpha).clamp(min=0),
            ),
            (
                "this explains a softmax over the images: take the gradient of the logit, before any softmax",
                explained(features, head, lambda z: of_class(*classes)(z.softmax(dim=0))),
            ),
            (
                "every image got the sum of all targets: with a list, outputs[:, target] is (N, N); use select_scores",
                explained(features, head, lambda z: z[:, classes].sum(dim=1)),
            ),
        ],
        reason="here image n is explained for the n-th class of a list: use select_scores",
        atol=1e-6,
    )
    few = "two targets for three images were accepted: let select_scores refuse them"
    refuses(ValueError, few, explain, images, classes[:2])
    side = seeded(built(SideNet), case.seed)
    pixels = case.tensor(2, 3, 8, 12)
    idle = "the layer `idle` never runs in this network: take the stored map through self.only, which says so"
    refuses(RuntimeError, idle, mine.GradCAM(side, "idle"), pixels, 0)
    lost = "the score does not depend on the layer `side`, and that is no map of zeros: let autograd.grad refuse it"
    refuses(RuntimeError, lost, mine.GradCAM(side, "side"), pixels, 0)


# --- 2.6 ---


@check("2.6", points=1)
def test_all_classes_in_one_forward_pass(mine: Any, case: Case) -> None:
    """The maps of every class, each like Grad-CAM's own, from a single run of the network."""
    n, classes_count = case.sizes(2, 2, 5)
    h, w = case.sizes(2, 2, 4)
    network = seeded(built(VggLike, classes_count), case.seed)
    images = 3 * case.tensor(n, 3, 8 * h, 8 * w)
    runs: list[int] = []
    network.register_forward_pre_hook(lambda *_: runs.append(1))
    explain = mine.GradCAM(network, "features.3")  # a convolution: its output has both signs, and so no map is all 0
    got = call(explain.all_classes, images)
    runs_count = len(runs)

    features = network.features[:4](images)

    def head(a: Tensor) -> Tensor:
        return network.classifier(network.avgpool(network.features[4:](a)).flatten(1))

    def of(score: Callable[[int], Score]) -> Tensor:
        return torch.stack([explained(features, head, score(c)) for c in range(classes_count)], dim=1)

    expected = of(of_class)
    agree(
        got,
        expected,
        "the maps",
        reasons=[
            (
                "images and classes changed places: the result is (N, C, h, w), stack along dim=1",
                expected.transpose(0, 1),
            ),
            (
                "all classes have the map of their sum: each class needs its own start vector",
                of(lambda c: lambda z: z.sum(dim=1)),
            ),
            (
                "these explain the softmax's probabilities: start from the logits",
                of(lambda c: lambda z: z.softmax(dim=1)[:, c]),
            ),
            ("all is divided by the number of images: sum the scores, do not average them", expected / n),
        ],
        reason="all_classes(images)[:, c] has to be the same as the explainer's map for class c",
        atol=1e-5 * float(expected.max()),
    )
    demand(
        runs_count == 1,
        "the network runs once",
        f"it ran {runs_count} times",
        "the forward pass is the expensive part: run it once, and take every class's gradient from the same outputs",
    )


# --- 2.7 ---


@check("2.7", points=1)
def test_input_gradient_is_the_slope_at_the_pixels(mine: Any, case: Case) -> None:
    """The gradient of each image's score at its pixels, in eval mode; model, images and their `.grad` stay."""
    n, h, w = case.sizes(3, 2, 4)
    # Frozen weights, and images that require a gradient already: this check asks for the numbers only.
    by_hand = built(HandNet).eval().requires_grad_(False)
    images = case.tensor(n, 3, h, w).requires_grad_()
    target = [1, 0, 1, 1][:n]
    rows = torch.tensor([[1, -1, 0], [0.5, 2, 0]])[target] / (h * w)  # blue goes nowhere
    expected = rows[:, :, None, None].expand(n, 3, h, w)
    gradient = call(mine.input_gradient, by_hand, images, target)
    demand(
        gradient is not None,
        f"the gradient, shape {tuple(expected.shape)}",
        "None",
        "a `return` is missing, or it is the `.grad` of a tensor that is no leaf, that is, one that was computed, such "
        "as images.clone() where the images require a gradient: this is always None, so use torch.autograd.grad",
    )
    agree(
        gradient,
        expected,
        "the gradient",
        reasons=_gradient_mistakes(by_hand, images.detach(), target, expected),
        reason="y is w_0 mean(red) + w_1 mean(green) + b, so the gradient is w / (H * W) in every pixel",
    )
    difference = (torch.tensor([0.5, -3, 0]) / (h * w))[None, :, None, None].expand(n, 3, h, w)
    agree(
        of_a_function(mine.input_gradient, by_hand, images),
        difference,
        "the gradient of a difference of two logits",
        reasons=[
            (
                "this is the sum of the gradients of two calls, because an image's `.grad` adds up from call to call: "
                "work on a copy of the images, images.detach().clone(), and use torch.autograd.grad",
                expected + difference,
            )
        ],
        reason="the target may be a function of the outputs too: use select_scores",
    )
    network = seeded(built(VggLike, 5), case.seed).requires_grad_(False)
    pixels = case.tensor(n, 3, 16, 24).requires_grad_()
    classes = [case.whole(0, 4) for _ in range(n)]
    slopes = slopes_at(network, pixels, of_class(*classes))
    agree(
        call(mine.input_gradient, network, pixels, classes),
        slopes,
        "the gradient",
        reasons=_gradient_mistakes(network, pixels.detach(), classes, slopes),
        reason="differentiate the sum of the selected scores at the images",
        atol=1e-5 * float(slopes.abs().max()),
    )
    _judge_what_is_left(mine, case)


def _gradient_mistakes(network: nn.Module, images: Tensor, target: list[int], expected: Tensor) -> Reasons:
    def of_softmax(z: Tensor) -> Tensor:
        return of_class(*target)(z.softmax(dim=1))

    def over_images(z: Tensor) -> Tensor:
        return of_class(*target)(z.softmax(dim=0))

    def of_sigmoid(z: Tensor) -> Tensor:
        return of_class(*target)(z.sigmoid())

    return [
        (
            "this is the gradient of the softmax's probability: take the logit's",
            lambda: slopes_at(network, images, of_softmax),
        ),
        (
            "this is the gradient of the sigmoid's probability: take the logit's",
            lambda: slopes_at(network, images, of_sigmoid),
        ),
        (
            "this is the gradient of a softmax over the images: take the logit's",
            lambda: slopes_at(network, images, over_images),
        ),
        ("all is divided by the number of images: sum the scores, do not average them", expected / len(images)),
        (
            "the largest absolute value of the three colours is for drawing: return the gradient itself, (N, 3, H, W)",
            expected.abs().amax(dim=1),
        ),
        ("the signs are lost: return the gradient itself, not its absolute value", expected.abs()),
        ("the negative slopes were cut: there is no ReLU here", expected.clamp(min=0)),
        ("the gradient was multiplied by the image: return the gradient alone", expected * images),
    ]


def _judge_what_is_left(mine: Any, case: Case) -> None:
    """In eval mode whatever the mode was, and afterwards mode, parameters, images and their `.grad` are as before."""
    n, h, w = case.sizes(3, 2, 5)
    network = built(Moody).train()
    images = case.tensor(n, 3, h, w)
    row = torch.tensor([0.5, 2, 0]) / (h * w)
    expected = row[None, :, None, None].expand(n, 3, h, w)
    train_mode = "this is the gradient of the model in train mode: put it in eval mode, with evaluating(model)"
    mistakes: Reasons = [
        (train_mode, 2 * expected),
        (train_mode, 2 * expected / n),
        *_gradient_mistakes(built(HandNet), images, [1] * n, expected),
    ]
    agree(call(mine.input_gradient, network, images, 1), expected, "the gradient", reasons=mistakes)
    images.requires_grad_()
    again = call(mine.input_gradient, network, images, 1)
    agree(again, expected, "the gradient at images that require one", reasons=mistakes)
    demand(
        images.grad is None,
        "the images' .grad is empty, as before",
        "it was filled",
        "work on a copy of the images, images.detach().clone(), and use torch.autograd.grad",
    )


# --- 2.9 ---


@check("2.9", points=1)
def test_vgg_by_hand_gives_the_map_of_the_hook(mine: Any, case: Case) -> None:
    """The map at `features`, from a forward pass of your own: features, avgpool, flatten, classifier."""
    n, h, w = case.sizes(3, 3, 6)
    # Frozen weights, so that this check asks for the numbers only; the grid is not the one that avgpool makes.
    network = seeded(built(VggLike, 5), case.seed).requires_grad_(False)
    images = 3 * case.tensor(n, 3, 8 * h, 8 * w)
    classes = [case.whole(0, 4) for _ in range(n)]
    whole: list[int] = []
    given: list[tuple[int, ...]] = []
    network.register_forward_pre_hook(lambda *_: whole.append(1))
    network.classifier.register_forward_pre_hook(lambda _, inputs: given.append(tuple(inputs[0].shape)))
    try:
        got = call(mine.vgg_gradcam, network, images, classes)
    except RuntimeError as error:
        _explain_error(error, given, (n, 12 * 2 * 2))
        raise
    ran = bool(whole)
    features = network.features(images)

    def head(a: Tensor) -> Tensor:
        return network.classifier(network.avgpool(a).flatten(1))

    expected = explained(features, head, of_class(*classes))
    agree_maps(
        got,
        expected,
        _by_hand_mistakes(features, network, head, classes, expected),
        reason="features, avgpool, flatten, classifier; then the score of each image's class, and the formulas",
        atol=1e-5 * float(expected.max()),
    )
    agree_maps(
        of_a_function(mine.vgg_gradcam, network, images),
        explained(features, head, lambda z: z[:, 0] - z[:, 1]),
        [],
        reason="the target may be a function of the outputs too, here the difference of two logits: use select_scores",
        atol=1e-5 * float(expected.max()),
    )
    demand(
        not ran,
        "the parts are called one after the other",
        "the whole network ran",
        "the forward pass is to be written out here: call features, avgpool and classifier yourself, without a hook",
    )


def _explain_error(error: RuntimeError, given: list[tuple[int, ...]], wanted: tuple[int, int]) -> None:
    """Say why torch refused, where it is a mistake that is often made here.

    Raises:
        Wrong: it is one.
    """
    if "require grad" in str(error) or "requires_grad" in str(error):
        raise Wrong(
            "a map, though the weights are frozen",
            f"an error: {error}",
            "nothing requires a gradient: detach the feature map, and call requires_grad_() on it before you go on",
        )
    if given and given[-1] != wanted:
        reason = "avgpool is missing: it brings every grid to the one that the first linear layer was made for"
        if len(given[-1]) != 2 or given[-1][0] != wanted[0]:
            reason = "`classifier` takes one row an image: flatten from axis 1 on, torch.flatten(x, 1)"
        raise Wrong(f"`classifier` gets a tensor of shape {wanted}", f"shape {given[-1]}", reason)


def _by_hand_mistakes(
    features: Tensor, network: VggLike, head: Callable[[Tensor], Tensor], classes: list[int], expected: Tensor
) -> Reasons:
    def of(score: Score) -> Tensor:
        return explained(features, head, score)

    leaf = features.detach().clone().requires_grad_()
    (slopes,) = torch.autograd.grad(of_class(*classes)(head(leaf)).sum(), leaf)
    n, cells = len(features), features.shape[2] * features.shape[3]
    pooled = explained(network.avgpool(features), lambda a: network.classifier(a.flatten(1)), of_class(*classes))
    return [
        (
            "the gradient was summed over space, as the CSC413 lab does: the map is H * W times as large, and the same "
            "once it is divided by its maximum; use channel_weights",
            expected * cells,
        ),
        (
            "negative cells are left: weighted_map ends with a ReLU",
            weighed(features, slopes.mean(dim=(2, 3))),
        ),
        (
            "this is the map of what avgpool returns: the feature map, and its gradient, are those of `features`",
            pooled,
        ),
        (
            "this explains the softmax's probability: take the gradient of the logit, before any softmax",
            of(lambda z: of_class(*classes)(z.softmax(dim=1))),
        ),
        (
            "this explains a softmax over the images: take the gradient of the logit, before any softmax",
            of(lambda z: of_class(*classes)(z.softmax(dim=0))),
        ),
        (
            "this explains the most probable class, not the one that was asked for: use select_scores",
            of(lambda z: z.amax(dim=1)),
        ),
        (
            "every image got the sum of all targets: with a list, outputs[:, target] is (N, N); use select_scores",
            of(lambda z: z[:, classes].sum(dim=1)),
        ),
        ("all is divided by the number of images: sum the scores, do not average them", expected / n),
    ]


@check("2.9", points=1)
def test_vgg_by_hand_leaves_the_network_as_it_was(mine: Any, case: Case) -> None:
    """A VGG in train mode whose weights may learn: the map is that of eval mode, and mode and `.grad` stay."""
    n, h, w = case.sizes(3, 3, 6)
    network = seeded(built(VggLike, 5), case.seed)
    network.classifier[2] = built(Loud)  # instead of dropout, which would draw random numbers
    images = 3 * case.tensor(n, 3, 8 * h, 8 * w)
    c = case.whole(0, 4)
    features = network.eval().features(images)

    def head(a: Tensor) -> Tensor:
        return network.classifier(network.avgpool(a).flatten(1))

    expected = explained(features, head, of_class(c))
    network.train()
    in_train_mode = explained(features, head, of_class(c))
    agree_maps(
        call(mine.vgg_gradcam, network, images, c),
        expected,
        [("this is the map of the network in train mode: put it in eval mode, with evaluating(vgg)", in_train_mode)],
        reason="the check before this one says more",
        atol=1e-5 * float(expected.max()),
    )


# --- the chain ---


@check("2")
def test_step_2_from_end_to_end(mine: Any, case: Case) -> None:
    """Your own functions together, of a small VGG: Grad-CAM by hook and by hand, all classes, the pixels' gradient."""
    n = case.whole(2, 3)
    network = seeded(built(VggLike, 5), case.seed)
    images = 3 * case.tensor(n, 3, 24, 32)
    classes = [case.whole(0, 4) for _ in range(n)]
    explain = mine.GradCAM(network, "features")
    one, every = call(explain, images, classes), call(explain.all_classes, images)
    slopes = call(mine.input_gradient, network, images, classes)
    by_hand = call(mine.vgg_gradcam, network, images, classes)

    def head(a: Tensor) -> Tensor:
        return network.classifier(network.avgpool(a).flatten(1))

    features = network.features(images)
    together = torch.stack([explained(features, head, of_class(c)) for c in range(5)], dim=1)
    hint = "each task's own check says more"
    atol = 1e-5 * float(together.max())
    each = torch.stack([maps[c] for maps, c in zip(together, classes, strict=True)])
    agree_maps(one, each, [], hint, atol)
    agree_maps(by_hand, each, [], hint, atol)
    agree(every, together, "the maps of all classes", reason=hint, atol=atol)
    expected = slopes_at(network, images, of_class(*classes))
    agree(slopes, expected, "the gradient at the pixels", reason=hint, atol=1e-5 * float(expected.abs().max()))
