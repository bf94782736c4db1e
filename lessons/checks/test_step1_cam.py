"""The checks of step 1, class activation maps: against sums written out as loops, OpenCV, and networks by hand."""

from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from .checking import Case, agree, agree_maps, call, check, demand
from .networks import GapNet, built, linear, seeded

NAMES = ["bird", "boat", "car", "cat", "dog", "horse", "person"]
SOFTMAX = ("softmax", "sigmoid")


# --- small networks ---


class ResNetLike(nn.Module):
    """The layout of torchvision's ResNets, all their children by name: four layers after conv1, bn1, relu, maxpool."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, channels, kernel_size=3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.bn1.register_buffer("running_mean", torch.full((channels,), 0.5))  # as if it had seen something
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1, self.layer2, self.layer3 = (
            nn.Sequential(nn.Conv2d(channels, channels, kernel_size=3, padding=1), nn.ReLU(inplace=True))
            for _ in range(3)
        )
        self.layer4 = nn.Sequential(nn.Conv2d(channels, channels, kernel_size=3, padding=1))
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(channels, classes)

    def stem(self, x: Tensor) -> Tensor:
        """Return what the four layers get."""
        return self.maxpool(self.relu(self.bn1(self.conv1(x))))

    def features_of(self, x: Tensor) -> Tensor:
        """Return the feature map."""
        return self.layer4(self.layer3(self.layer2(self.layer1(self.stem(x)))))

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        return self.fc(torch.flatten(self.avgpool(self.features_of(x)), 1))


class MobileLike(nn.Module):
    """The layout of a MobileNet: `features`, an average inside `forward`, and a `classifier`."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, channels, kernel_size=4, stride=4), nn.ReLU(inplace=True))
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(channels, classes))

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        return self.classifier(self.features(x).mean(dim=(2, 3)))


# --- 1.1 ---


@check("1.1", points=1)
def test_predict_names_the_top_classes(mine: Any, case: Case) -> None:
    """The k most probable classes as (name, index, probability), the highest first, for both activations."""
    count = case.whole(6, 7)
    names = [NAMES[i] for i in case.rng.permutation(7)[:count]]
    # Logits that are well apart, and the first neither highest nor lowest: so an unsorted answer cannot be right.
    first = case.whole(1, count - 2)
    others = [rank for rank in case.rng.permutation(count).tolist() if rank != first]
    logits = [0.75 * rank - 1.25 for rank in [first, *others]]
    # The network multiplies them by the mean of red, which is 1.
    with torch.random.fork_rng(devices=[]):
        head = linear([[z, 0, 0] for z in logits], [0] * count)
    network = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), head).eval()
    image = case.tensor(3, *case.sizes(2, 3, 8))
    image[0] += 1 - image[0].mean()

    powers = np.exp(logits)
    probabilities = {"softmax": powers / powers.sum(), "sigmoid": powers / (1 + powers)}
    best = sorted(range(count), key=lambda i: -logits[i])

    some = case.whole(2, 4)
    for k, activation, other in [(some, "softmax", "sigmoid"), (some, "sigmoid", "softmax"), (count, *SOFTMAX)]:

        def answer(order: list[int], values: np.ndarray, number: int = k) -> list[tuple[str, int, float]]:
            return [(names[i], i, float(values[i])) for i in order[:number]]

        values = probabilities[activation]
        right = answer(best, values)
        top = call(mine.predict, network, image, names, k=k, activation=activation)
        agree(
            top,
            right,
            f"the top {k} with {activation}",
            reasons=[
                (f"{activation} was asked for, and this is {other}", answer(best, probabilities[other])),
                ("these are logits: apply the activation first", answer(best, np.array(logits))),
                *(
                    (
                        "every probability is 1: the softmax runs along the axis of the images, of which there is one; "
                        "it belongs along the axis of the classes (dim=1, or dim=0 after [0])",
                        answer(order, np.ones(count)),
                    )
                    for order in (
                        torch.ones(count).topk(k).indices.tolist(),
                        torch.ones(count).argsort(descending=True).tolist(),
                        list(range(count)),
                        list(range(count))[::-1],
                    )
                ),
                ("the least probable classes come first: sort the other way round", answer(best[::-1], values)),
                ("these are the first k classes: sort by probability first", answer(list(range(count)), values)),
                ("these are the right classes in the wrong order: highest first", answer(best[:k][::-1], values)),
                *(
                    (f"{number} classes were returned, whatever k is: here k = {k}", answer(best, values, number))
                    for number in (5, 1, 3)
                    if number != k
                ),
                (f"all classes were returned: only k = {k} were asked for", answer(best, values, count)),
                (
                    "the names do not follow the sorting: look each up by the class's index",
                    [(names[rank], i, p) for rank, (_, i, p) in enumerate(right)],
                ),
                (
                    "the index is the place in the list of results, not the place among the logits",
                    [(name, rank, p) for rank, (name, _, p) in enumerate(right)],
                ),
                (
                    "name and index are right, and the probability belongs to another class: sort both together",
                    [(name, i, float(values[rank])) for rank, (name, i, _) in enumerate(right)],
                ),
                (
                    "the probability is still a tensor: .item() or .tolist() makes a plain number of it",
                    [(name, i, torch.tensor(p, dtype=torch.float32)) for name, i, p in right],
                ),
                (
                    "the index is still a tensor: .item() or .tolist() makes a plain number of it",
                    [(name, torch.tensor(i), p) for name, i, p in right],
                ),
                (
                    "index and probability are still tensors: .item() or .tolist() makes plain numbers of them",
                    [(name, torch.tensor(i), torch.tensor(p, dtype=torch.float32)) for name, i, p in right],
                ),
                ("the order of the three is name, index, probability", [(name, p, i) for name, i, p in right]),
                ("the order of the three is name, index, probability", [(i, name, p) for name, i, p in right]),
            ],
            reason="apply the activation, sort with the highest first, and keep k of (name, index, probability)",
        )
    agree(
        call(mine.predict, network, image, names),
        [(names[i], i, float(probabilities["softmax"][i])) for i in best[:5]],
        "the classes where neither k nor the activation is given",
        reason="k is 5 and the activation softmax unless others are given: leave the function's first line as it was",
    )


# --- 1.2 ---


@check("1.2", points=1)
def test_features_are_what_goes_into_the_average(mine: Any, case: Case) -> None:
    """The feature map before the global average, of a network like ResNet and of one like MobileNet."""
    n, channels, classes = case.sizes(3, 2, 7)
    resnet = seeded(built(ResNetLike, channels, classes), case.seed)
    images = case.tensor(n, 3, 4 * case.whole(3, 4), 4 * case.whole(5, 7))
    with torch.no_grad():
        stem = resnet.stem(images)
        before = resnet.layer3(resnet.layer2(resnet.layer1(stem)))
        expected = resnet.layer4(before)
    agree(
        call(mine.get_features, resnet, images),
        expected,
        "the features of a ResNet",
        reasons=[
            (
                "the average is already taken: stop before the child `avgpool`, and do not run it",
                expected.mean(dim=(2, 3), keepdim=True),
            ),
            ("the average is already taken: stop before the child `avgpool`", expected.mean(dim=(2, 3))),
            ("these are the logits: stop before the child `avgpool`", resnet(images)),
            ("this stops one child too early: `layer4` belongs to the features", before),
            ("this is what the four layers get: they are to be run too", stem),
            (
                "the batch normalisation is missing: run all children, `bn1` too",
                lambda: resnet.layer4(
                    resnet.layer3(resnet.layer2(resnet.layer1(resnet.maxpool(resnet.relu(resnet.conv1(images))))))
                ),
            ),
            (
                "only the first child was run: feed each child with what the one before it returned",
                resnet.conv1(images),
            ),
            ("negative values were cut: nothing comes between `layer4` and the average", expected.clamp(min=0)),
        ],
        reason="run the children in their order, each on the output of the one before, until one is in END_OF_FEATURES",
    )
    # The map is as wide as it has channels: so a linear layer would run on it without an error, and can be named.
    mobile = seeded(built(MobileLike, channels, classes), case.seed)
    images = case.tensor(n, 3, 4 * (channels + 1), 4 * channels)
    expected = mobile.features(images).detach()
    agree(
        call(mine.get_features, mobile, images),
        expected,
        "the features of a MobileNet",
        reasons=[
            (
                "the classifier was run too: a MobileNet has no `avgpool`, stop at any name in END_OF_FEATURES",
                mobile.classifier(expected),
            ),
            ("these are the logits: stop before the child `classifier`", mobile(images)),
            ("the images came back as they were: the child `features` has to be run", images),
            ("the average is already taken: return the grid", expected.mean(dim=(2, 3))),
        ],
        reason="run the children in their order, each on the output of the one before, until one is in END_OF_FEATURES",
    )


# --- 1.3 ---


def weighed(features: Tensor, weight: Tensor, c: int) -> Tensor:
    """Sum the channels by one row of the weights, (N, K, h, w) to (N, h, w)."""
    total = torch.zeros_like(features[:, 0])
    for channel in range(features.shape[1]):
        total += weight[c, channel] * features[:, channel]
    return total


@check("1.3", points=1)
def test_cam_sums_the_channels_by_the_classs_row(mine: Any, case: Case) -> None:
    """Each channel times its weight for the class, and the sum of them: of one image, of several, and with signs."""
    _judge_one_image(mine, case)
    _judge_several_images(mine, case)
    _judge_negative_cells(mine, case)


def _judge_one_image(mine: Any, case: Case) -> None:
    """One image, no negative numbers: each channel times its weight for the class, and the sum of them."""
    k, h, w = case.sizes(3, 2, 7)
    by_hand = torch.tensor([[[[1.0, 2.0, 0.0]], [[0.0, 3.0, 1.0]]]]), torch.tensor([[1.0, 4.0], [2.0, 3.0]])
    # As many classes as channels: so a column of the weights would fit too, and can be recognised.
    random = case.tensor(1, k, h, w).abs(), case.tensor(k, k).abs()
    for features, weight in [by_hand, random]:
        for c in [1, 0, len(weight) - 1]:
            expected = weighed(features, weight, c)
            terms = weight[c][:, None, None] * features
            agree_maps(
                call(mine.compute_cam, features, weight, c),
                expected,
                [
                    (
                        "this is a column of the weights: class c has the row weight[c], of one number a channel",
                        weighed(features, weight.T, c),
                    ),
                    ("this is the average over the channels: the map is their plain sum", expected / len(weight)),
                    (
                        "all is divided by the number of cells: the map is a plain sum over the channels",
                        expected / (features.shape[2] * features.shape[3]),
                    ),
                    ("this sums over space: sum over the channels, and keep the grid", terms.sum(dim=(2, 3))),
                    ("the channels are still there: sum over axis 1", terms),
                    (
                        "these are the maps of all classes: take the row of class_index only",
                        torch.stack([weighed(features, weight, row) for row in range(len(weight))], dim=1),
                    ),
                    ("the axis of the images is gone: the result is (N, h, w), also for one image", expected[0]),
                    ("the channels were summed without their weights", features.sum(dim=1)),
                    ("this is scaled to 0..1: the raw map is asked for", expected / expected.max()),
                ],
                reason="take one cell: multiply each channel's value by weight[class_index, channel], and add them up",
            )


def _judge_several_images(mine: Any, case: Case) -> None:
    """A batch, and more or fewer classes than channels: each image has its own map."""
    n, k, h, w, classes = case.sizes(5, 2, 8)
    features, weight = case.tensor(n, k, h, w).abs(), case.tensor(classes, k).abs()
    c = case.whole(0, classes - 1)
    expected = weighed(features, weight, c)
    agree_maps(
        call(mine.compute_cam, features, weight, c),
        expected,
        [
            ("only the first image has a map: return one for each", expected[:1]),
            ("only the first image has a map: return one for each", expected[0]),
            ("every image has the first one's map: use features[n] for image n", expected[:1].expand(n, h, w)),
            ("the images' maps were added: keep the axis of the images", expected.sum(dim=0)),
            ("the images' maps were averaged: keep the axis of the images", expected.mean(dim=0)),
            ("this is the average over the channels: the map is their plain sum", expected / k),
            ("all is divided by the number of cells: the map is a plain sum over the channels", expected / (h * w)),
            ("rows and columns changed places: the result is (N, h, w)", expected.transpose(1, 2)),
        ],
        reason="image n's map is the sum over k of weight[class_index, k] * features[n, k]",
    )


def _judge_negative_cells(mine: Any, case: Case) -> None:
    """Of a whole network, with negative weights and cells: the map's mean plus the bias is the logit."""
    n, channels, classes = case.sizes(3, 2, 7)
    network = seeded(built(GapNet, channels, classes), case.seed)
    images = case.tensor(n, 3, 4 * case.whole(2, 4), 4 * case.whole(5, 7))
    with torch.no_grad():
        features = network.layer4(network.conv1(images).relu())
        logits = network(images)
    weight = network.fc.weight.detach()
    for c in range(classes):
        cam = call(mine.compute_cam, features, weight, c)
        expected = weighed(features, weight, c)
        agree_maps(
            cam,
            expected,
            [
                ("negative cells were cut: CAM has no ReLU, they argue against the class", expected.clamp(min=0)),
                (
                    "the negative features were cut: they are part of the sum",
                    weighed(features.clamp(min=0), weight, c),
                ),
                (
                    "the negative weights were cut: such a channel argues against the class",
                    weighed(features, weight.clamp(min=0), c),
                ),
                ("the weights have lost their signs: use them as they are", weighed(features, weight.abs(), c)),
                (
                    "the weights went through a softmax: use the layer's own numbers",
                    weighed(features, weight.softmax(dim=1), c),
                ),
            ],
            reason="the map is the plain sum over k of weight[class_index, k] * features[n, k], whatever the signs",
        )
        agree(cam.mean(dim=(1, 2)) + network.fc.bias[c], logits[:, c], "mean of the map plus bias", atol=1e-4)


# --- 1.4 ---


@check("1.4", points=1)
def test_maps_are_normalised(mine: Any, case: Case) -> None:
    """A map divided by its own maximum, zeros if nothing is positive."""
    h, w = case.sizes(2, 3, 8)
    random = case.array(h, w)
    random[1, 2] = 3  # some evidence, and some against
    random[2, 1] = -4
    some = [np.array([[-8.0, 4.0], [1.0, 2.0]]), random, random.astype(np.float32), 1 + abs(random), 1e-9 * random]
    for raw in [*some, random.ravel(), random[:, None]]:  # of any shape
        _judge_normalised(call(mine.normalize_map, raw), raw)
    for raw in [-1 - abs(random), np.zeros((h, w))]:
        _judge_no_evidence(call(mine.normalize_map, raw), raw)


@check("1.4", points=1)
def test_maps_are_drawn(mine: Any, case: Case) -> None:
    """The colours of a map, mixed with the image."""
    h, w = case.sizes(2, 3, 8)
    # A quarter above a whole level, so that it does not matter how the level is rounded; and the ends, 0 and 1.
    heat = (case.rng.integers(0, 255, (h, w)) + 0.25) / 255
    heat[0, 0], heat[h - 1, w - 1] = 0, 1
    image = case.rng.integers(0, 256, (h, w, 3)).astype(np.uint8)
    image[0, 0] = image[h - 1, w - 1] = 250, 100, 10
    for alpha in [1, 0, 1 / 3, 2 / 3]:  # thirds are never halfway between two whole numbers
        _judge_overlay(call(mine.overlay, image, heat, alpha), image, heat, alpha)
    orange = np.full((2, 3, 3), (200, 254, 13), np.uint8)  # and TURBO's hot end is (122, 4, 3)
    half = np.full((2, 3, 3), (161, 129, 8), np.uint8)
    reason = "without a third argument, alpha is 0.5: half of 200 and half of 122 is 161"
    agree(call(mine.overlay, orange, np.ones((2, 3))), half, "the mixed image", reason=reason)


def _judge_normalised(heat: Any, raw: np.ndarray) -> None:
    evidence = raw.clip(min=0).astype(np.float32)
    peak, top = raw.max(), abs(raw).max()
    subtracted = "the minimum was subtracted: set negative cells to 0, and divide by the maximum only"
    epsilon = "something was added to the maximum, which spoils a map with a small peak: divide by the maximum itself"
    agree(
        heat,
        evidence / np.float32(peak),
        "the normalised map",
        reasons=[
            (subtracted, (raw - raw.min()) / (peak - raw.min())),
            (subtracted, (evidence - evidence.min()) / (evidence.max() - evidence.min())),
            ("negative cells are left: set them to 0, they are evidence against", raw / peak),
            ("the signs are lost: negative cells are evidence against, and become 0", abs(raw) / top),
            ("negative cells were set to 0, but the division by the maximum is missing", evidence),
            ("this sums to 1: divide by the maximum, so that the peak is 1", evidence / evidence.sum()),
            ("all is divided by the largest absolute value: divide by the maximum", evidence / top),
            ("all is divided by the largest absolute value, and negative cells are left", raw / top),
            ("this is a sigmoid: divide by the maximum instead", 1 / (1 + np.exp(-raw))),
            ("a map with a small peak is evidence too: zeros only where no cell is positive", np.zeros_like(evidence)),
            *((epsilon, evidence / (peak + 10.0**-power)) for power in range(4, 13)),
        ],
        reason="set the negative cells to 0, then divide by the largest",
        picture=raw.ndim == 2,
    )
    demand(
        heat.dtype == np.float32,
        "numbers of type float32",
        f"numbers of type {heat.dtype}",
        "the docstring promises float32: end with .astype(np.float32)",
    )


def _judge_no_evidence(heat: Any, raw: np.ndarray) -> None:
    none = "the map holds no positive cell"
    demand(
        not (type(heat) is np.ndarray and heat.dtype.kind == "f" and np.isnan(heat).any()),
        "zeros",
        "NaN",
        f"{none}, so there is no maximum to divide by: ask first whether it is positive, and return zeros if not",
    )
    agree(
        heat,
        np.zeros_like(raw),
        "the map of no evidence",
        reasons=[
            (
                f"{none}, and it was divided by its negative maximum: set negative cells to 0 first",
                raw / (raw.max() or 1),
            ),
            (f"{none}, and its least bad cell was painted bright red: do not subtract the minimum", raw - raw.min()),
        ],
        reason=f"{none}: return zeros",
        picture=True,
    )


def _judge_overlay(mixed: Any, image: np.ndarray, heat: np.ndarray, alpha: float) -> None:
    levels = np.floor(255 * heat + 0.5).astype(np.uint8)
    blue_first = cv2.applyColorMap(levels, cv2.COLORMAP_TURBO).astype(float)
    colours = blue_first[:, :, ::-1]
    jet = cv2.applyColorMap(levels, cv2.COLORMAP_JET)[:, :, ::-1].astype(float)
    unscaled = cv2.applyColorMap(heat.astype(np.uint8), cv2.COLORMAP_TURBO)[:, :, ::-1].astype(float)
    upside_down = cv2.applyColorMap(255 - levels, cv2.COLORMAP_TURBO)[:, :, ::-1].astype(float)

    def mix(photo: np.ndarray, paint: np.ndarray, share: float = alpha) -> np.ndarray:
        return np.floor((1 - share) * photo + share * paint + 0.5)

    right = mix(image, colours)
    on_top = np.floor(alpha * colours + 0.5)
    wrapped = "200 + 100 in uint8 is 44: mix in floating point, (1 - alpha) * image + alpha * colour"
    agree(
        mixed,
        right,
        f"the mixed image, alpha = {alpha:.2f}",
        reasons=[
            (
                "the colours' red and blue changed places: OpenCV's colour maps come as blue, green, red, convert them",
                mix(image, blue_first),
            ),
            (
                "the photo's red and blue changed places: only the colours need converting",
                mix(image[:, :, ::-1], colours),
            ),
            ("red and blue of the result changed places: return red, green, blue", right[:, :, ::-1]),
            ("the shares changed places: alpha is the share of the colours", mix(image, colours, 1 - alpha)),
            ("this is the colour map JET: use TURBO", mix(image, jet)),
            ("the map was not scaled before it became uint8: multiply it by 255 first", mix(image, unscaled)),
            ("hot and cold changed places: 1 is red", mix(image, upside_down)),
            (
                "the numbers were cut off, not rounded: use np.rint first",
                np.floor((1 - alpha) * image + alpha * colours),
            ),
            (wrapped, (image + on_top) % 256),
            (wrapped, (image + colours) % 256),
            (wrapped, np.floor((1 - alpha) * image + alpha * colours) % 256),
            ("the image keeps its full weight: multiply it by 1 - alpha", (image + on_top).clip(max=255)),
        ],
        reason="each number is (1 - alpha) * image + alpha * colour, rounded, with the colours of TURBO at 255 * heat",
        atol=0.01,
    )
    demand(
        mixed.dtype == np.uint8,
        "numbers of type uint8",
        f"numbers of type {mixed.dtype}",
        "the docstring promises uint8: round, then .astype(np.uint8)",
    )


# --- the chain ---


@check("1")
def test_step_1_from_end_to_end(mine: Any, case: Case) -> None:
    """Your own functions together: from an image to its top class, that class's map, and the picture of it."""
    channels = case.whole(4, 8)
    network = seeded(built(ResNetLike, channels, 5), case.seed)
    images = case.tensor(2, 3, 24, 32)
    hint = "each task's own check says more"
    with torch.no_grad():
        logits = network(images)
    c = int(logits[0].argmax())
    top = call(mine.predict, network, images[0], NAMES[:5], 1)
    agree(top, [(NAMES[c], c, float(logits[0].softmax(dim=0)[c]))], "the top class", reason=hint)
    maps = call(mine.class_activation_map, network, images, c)
    features = network.features_of(images).detach()
    expected = weighed(features, network.fc.weight.detach(), c)
    agree_maps(maps, expected, [], hint)
    agree(maps.mean(dim=(1, 2)) + network.fc.bias[c], logits[:, c], "mean of the map plus bias", reason=hint, atol=1e-4)
    large = cv2.resize(expected[0].numpy(), (32, 24))
    heat = call(mine.normalize_map, large)
    evidence = large.clip(min=0)
    agree(heat, evidence / max(evidence.max(), 1e-30), "the normalised map", reason=hint, picture=True)
    photo = case.rng.integers(0, 256, (24, 32, 3)).astype(np.uint8)
    picture = call(mine.overlay, photo, heat, 1.0)
    colours = cv2.applyColorMap(np.floor(255 * heat + 0.5).astype(np.uint8), cv2.COLORMAP_TURBO)[:, :, ::-1]
    # Levels may be rounded or cut off: neighbouring levels differ by a few units at most.
    agree(picture.astype(float), colours.astype(float), "the picture", reason=hint, atol=12)
