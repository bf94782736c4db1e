"""The animals. Dog and cat share one body; ears, muzzle and tail tell them apart."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gradcam_lab.data.toyvoc.draw import (
    Colour,
    Look,
    Part,
    blob,
    ellipse,
    flat,
    jittered,
    limb,
    line,
    mixed,
    moved,
    polygon,
    shaded,
    shape,
)

FURS: tuple[Colour, ...] = (
    (0.16, 0.14, 0.14),  # black
    (0.36, 0.23, 0.15),  # dark brown
    (0.55, 0.36, 0.20),  # brown
    (0.80, 0.50, 0.22),  # ginger
    (0.83, 0.68, 0.46),  # sand
    (0.52, 0.51, 0.51),  # grey
    (0.90, 0.88, 0.84),  # white
)
"""The colours of every animal with fur, so that colour alone never tells a class."""

BLACK: Colour = (0.07, 0.06, 0.06)
WHITE: Colour = (0.97, 0.97, 0.95)
PINK: Colour = (0.87, 0.55, 0.55)


@dataclass(frozen=True)
class DrawnObject:
    """A drawn object that is not placed yet.

    Attributes:
        parts: what to draw, in object units.
        look: the surface.
        pose: VOC's word for the view when it faces right.
        surface: where it belongs: "ground", "water" or "air".
        height: the usual one of a prop, as a fraction of the image's.
    """

    parts: Sequence[Part]
    look: Look
    pose: str = ""
    surface: str = "ground"
    height: float = 0.0


@dataclass(frozen=True)
class Coat:
    """The fur of one animal: its main colour, and its look with the second colour and the marking."""

    main: Colour
    look: Look


Draw = Callable[[np.random.Generator, Coat], list[Part]]
"""A head or a tail about its own origin; a head has radius 1 and looks right."""

MARKINGS = ("plain", "patches", "spots", "stripes", "saddle")
DOG_MARKINGS = (0.08, 0.4, 0.27, 0.02, 0.23)
CAT_MARKINGS = (0.42, 0.04, 0.01, 0.52, 0.01)
HORSE_MARKINGS = (0.8, 0.12, 0.02, 0.01, 0.05)
"""Probability of each marking: stripes are mostly of cats, patches of dogs, plain fur of both; the head tells them."""


def coat(rng: np.random.Generator, markings: Sequence[float]) -> Coat:
    """Choose a coat; all animals share the colours, and the markings in different proportions."""
    main, second = (jittered(rng, FURS[i]) for i in rng.choice(len(FURS), 2, replace=False))
    marking = str(rng.choice(MARKINGS, p=markings))
    if marking in ("stripes", "saddle"):
        second = shaded(main, 0.5)
    return Coat(main, Look("fur", rng.uniform(0.06, 0.15), marking, second))


# ----------------------------------------------------------------------------------------------- dog and cat


def dog(rng: np.random.Generator) -> DrawnObject:
    """A dog: floppy ears, a long snout, a short tail."""
    fur = coat(rng, DOG_MARKINGS)
    return _pet(rng, fur, _dog_head_front if rng.random() < 0.4 else _dog_head_side, _dog_tail)


def cat(rng: np.random.Generator) -> DrawnObject:
    """A cat: pointed ears, a flat face with whiskers, a long tail."""
    fur = coat(rng, CAT_MARKINGS)
    return _pet(rng, fur, _cat_head_front if rng.random() < 0.6 else _cat_head_side, _cat_tail)


def _pet(rng: np.random.Generator, fur: Coat, head: Draw, tail: Draw) -> DrawnObject:
    """The shared body in one of three poses, with the head and the tail that make it a dog or a cat."""
    pose = (_standing, _sitting, _lying)[rng.choice(3, p=[0.3, 0.42, 0.28])]
    body = pose(rng, fur)
    parts = [
        *moved(tail(rng, fur), *body.rump, angle=body.tail_angle),
        *body.parts,
        *moved(head(rng, fur), *body.neck, scale=rng.uniform(0.32, 0.38), angle=rng.normal(0, 8)),
    ]
    return DrawnObject(parts, fur.look, "Right")


def _leg(x: float, top: float, foot: float, width: float, colour: Colour) -> Part:
    knee = (x + foot) / 2 - 0.015
    return limb([(x, top, width * 1.25), (knee, top / 2, width * 0.8), (foot, 0.05, width * 0.68)], colour)


def _paw(foot: float, width: float, colour: Colour) -> Part:
    return blob(foot + 0.025, 0.04, width * 1.05, 0.042, colour)


def _paw_colour(rng: np.random.Generator, fur: Coat) -> Colour:
    return mixed(fur.main, WHITE, 0.5) if rng.random() < 0.3 else fur.main


@dataclass(frozen=True)
class _Body:
    """A body without head and tail, from back to front, and where those two belong."""

    parts: list[Part]
    neck: tuple[float, float]
    rump: tuple[float, float]
    tail_angle: float


def _standing(rng: np.random.Generator, fur: Coat) -> _Body:
    fat, stride = rng.uniform(0.85, 1.2), rng.uniform(-0.09, 0.09)
    legs = rng.uniform(0.4, 0.54)  # height of the belly's middle
    far, paw = shaded(fur.main, 0.72), _paw_colour(rng, fur)
    trunk = [(-0.3, legs + 0.06, 0.15 * fat), (0, legs + 0.05, 0.145 * fat), (0.27, legs + 0.08, 0.175 * fat)]
    parts = [
        _leg(-0.24, legs, -0.26 - stride, 0.06, far),
        _leg(0.26, legs, 0.26 + stride, 0.06, far),
        _paw(-0.26 - stride, 0.06, far),
        _paw(0.26 + stride, 0.06, far),
        limb(trunk, fur.main),
        _leg(-0.31, legs, -0.35 + stride, 0.065, fur.main),
        _leg(0.29, legs, 0.31 - stride, 0.065, fur.main),
        blob(-0.3, legs + 0.02, 0.12, 0.16, fur.main, 15),
        limb([(0.29, legs + 0.12, 0.15), (0.4, legs + 0.31, 0.115)], fur.main),
        _paw(-0.35 + stride, 0.065, paw),
        _paw(0.31 - stride, 0.065, paw),
    ]
    return _Body(parts, (0.45, legs + 0.41), (-0.42, legs + 0.13), 0.0)


def _sitting(rng: np.random.Generator, fur: Coat) -> _Body:
    fat, slant = rng.uniform(0.88, 1.2), rng.uniform(-0.04, 0.05)
    far, paw = shaded(fur.main, 0.75), _paw_colour(rng, fur)
    parts = [
        _leg(0.24 + slant, 0.42, 0.29, 0.058, far),
        _paw(0.29, 0.058, far),
        limb([(-0.12, 0.2, 0.2 * fat), (0.02, 0.42, 0.165 * fat), (0.14 + slant, 0.62, 0.13)], fur.main),
        blob(-0.08, 0.17, 0.2, 0.16, fur.main, 10),
        _leg(0.16 + slant, 0.44, 0.2, 0.062, fur.main),
        blob(0.08, 0.045, 0.12, 0.045, paw),
        _paw(0.2, 0.062, paw),
    ]
    return _Body(parts, (0.2 + slant, 0.82), (-0.26, 0.1), rng.uniform(-30, 0))


def _lying(rng: np.random.Generator, fur: Coat) -> _Body:
    fat, reach = rng.uniform(0.88, 1.15), rng.uniform(0.0, 0.12)
    far, paw = shaded(fur.main, 0.75), _paw_colour(rng, fur)
    parts = [
        limb([(0.22, 0.13, 0.07), (0.42 + reach, 0.06, 0.05)], far),
        blob(0.5 + reach, 0.05, 0.07, 0.045, far),
        limb([(-0.36, 0.17, 0.165 * fat), (-0.03, 0.17, 0.15 * fat), (0.25, 0.22, 0.17 * fat)], fur.main),
        blob(-0.33, 0.15, 0.17, 0.14, fur.main, 8),
        limb([(0.2, 0.12, 0.075), (0.42 + reach, 0.05, 0.05)], fur.main),
        limb([(0.27, 0.27, 0.14), (0.36, 0.4, 0.11)], fur.main),
        blob(-0.16, 0.045, 0.12, 0.045, paw),
        blob(0.47 + reach, 0.045, 0.07, 0.045, paw),
    ]
    return _Body(parts, (0.4, 0.5), (-0.5, 0.12), rng.uniform(-45, -20))


def _dog_tail(rng: np.random.Generator, fur: Coat) -> list[Part]:
    lift = rng.uniform(0.05, 0.3)
    return [limb([(0.03, -0.02, 0.055), (-0.1, 0.3 * lift, 0.05), (-0.17, lift, 0.025)], fur.main)]


def _cat_tail(rng: np.random.Generator, fur: Coat) -> list[Part]:
    lift, curl = rng.uniform(0.1, 0.5), rng.uniform(-0.1, 0.16)
    path = [(0.04, -0.03, 0.05), (-0.16, 0.0, 0.045), (-0.3, 0.45 * lift, 0.045), (-0.32 + curl, lift + 0.12, 0.036)]
    return [limb(path, fur.main)]


def _eye(x: float, y: float, radius: float, iris: Colour) -> list[Part]:
    return [
        flat(ellipse(x, y, radius, radius), iris, outlined=True),
        flat(ellipse(x + 0.1 * radius, y, radius * 0.62, radius * 0.68), BLACK),
        flat(ellipse(x + 0.3 * radius, y + 0.35 * radius, radius * 0.26, radius * 0.26), WHITE),
    ]


DOG_EYE: Colour = (0.32, 0.18, 0.08)


def _dog_ear(fur: Coat, rng: np.random.Generator) -> Colour:
    return shaded(fur.main, 0.62) if rng.random() < 0.7 else shaded(fur.look.second, 0.8)


def _dog_head_side(rng: np.random.Generator, fur: Coat) -> list[Part]:
    ear, snout, droop = _dog_ear(fur, rng), rng.uniform(1.55, 1.95), rng.uniform(-0.95, -0.55)
    muzzle = mixed(fur.main, WHITE, float(rng.choice([0.0, 0.35])))
    parts = [
        blob(0, 0.05, 1.0, 0.95, fur.main),
        limb([(0.5, -0.25, 0.6), (1.1, -0.36, 0.46), (snout, -0.38, 0.36)], muzzle),
        shape([(-0.5, 0.72), (0.08, 0.68), (0.2, 0.1), (0.02, droop), (-0.42, droop - 0.12), (-0.72, -0.1)], ear),
        flat(ellipse(snout + 0.22, -0.17, 0.25, 0.21), BLACK),
        line([(snout + 0.1, -0.6), (1.2, -0.66), (0.75, -0.5)], 0.05, BLACK),
        *_eye(0.52, 0.26, 0.19, DOG_EYE),
    ]
    if rng.random() < 0.35:
        parts.append(flat(ellipse(snout - 0.25, -0.86, 0.17, 0.3, 20), PINK, outlined=True))
    return parts


def _dog_head_front(rng: np.random.Generator, fur: Coat) -> list[Part]:
    ear, droop = _dog_ear(fur, rng), rng.uniform(-0.85, -0.45)
    muzzle = mixed(fur.main, WHITE, float(rng.choice([0.25, 0.55])))
    flap = np.array([(0.5, 0.86), (1.05, 0.72), (1.4, droop + 0.2), (1.2, droop), (0.86, 0.1)])
    snout = [(0, -0.02), (0.42, -0.2), (0.62, -0.7), (0.36, -1.12), (-0.36, -1.12), (-0.62, -0.7), (-0.42, -0.2)]
    parts = [
        blob(0, 0.05, 0.95, 1.0, fur.main),
        *(shape(flap * (side, 1), ear) for side in (-1, 1)),
        shape(snout, muzzle),
        flat(ellipse(0, -0.38, 0.33, 0.23), BLACK),
        line([(0, -0.5), (0, -0.75)], 0.045, BLACK),
        line([(-0.36, -0.82), (-0.15, -0.9), (0, -0.75), (0.15, -0.9), (0.36, -0.82)], 0.045, BLACK),
        *_eye(-0.4, 0.22, 0.18, DOG_EYE),
        *_eye(0.4, 0.22, 0.18, DOG_EYE),
    ]
    if rng.random() < 0.5:
        parts.append(flat(ellipse(0, -1.08, 0.19, 0.28), PINK, outlined=True))
    return parts


CORNERS = ((-1, -1), (-1, 1), (1, -1), (1, 1))
CAT_EYES: tuple[Colour, ...] = ((0.62, 0.75, 0.25), (0.85, 0.70, 0.20), (0.45, 0.68, 0.80))


def _cat_ear(x: float, lean: float, fur: Coat) -> list[Part]:
    outline = [(x - 0.45, 0.45), (x + lean - 0.06, 1.62), (x + lean + 0.06, 1.62), (x + 0.45, 0.45)]
    inner = [(x - 0.2, 0.65), (x + 0.85 * lean, 1.35), (x + 0.22, 0.65)]
    return [polygon(outline, fur.main), flat(inner, mixed(PINK, fur.main, 0.25))]


def _cat_eye(x: float, y: float, iris: Colour, tilt: float) -> list[Part]:
    return [
        flat(ellipse(x, y, 0.25, 0.19, tilt), iris, outlined=True),
        flat(ellipse(x, y, 0.075, 0.18), BLACK),
        flat(ellipse(x + 0.07, y + 0.08, 0.05, 0.05), WHITE),
    ]


def _cat_head_front(rng: np.random.Generator, fur: Coat) -> list[Part]:
    iris = CAT_EYES[rng.integers(len(CAT_EYES))]
    muzzle, lean = mixed(fur.main, WHITE, 0.55), rng.uniform(0.12, 0.32)
    whisker = mixed(fur.main, WHITE, 0.8)
    return [
        *_cat_ear(-0.58, -lean, fur),
        *_cat_ear(0.58, lean, fur),
        blob(0, 0, 1.1, 0.92, fur.main),
        flat(ellipse(-0.2, -0.42, 0.27, 0.22), muzzle),
        flat(ellipse(0.2, -0.42, 0.27, 0.22), muzzle),
        flat([(-0.13, -0.2), (0.13, -0.2), (0, -0.37)], PINK, outlined=True),
        line([(-0.3, -0.53), (-0.12, -0.58), (0, -0.4), (0.12, -0.58), (0.3, -0.53)], 0.04, BLACK),
        *_cat_eye(-0.45, 0.1, iris, -12),
        *_cat_eye(0.45, 0.1, iris, 12),
        *(line([(s * 0.4, -0.42 + 0.05 * k), (s * 1.25, -0.45 + 0.2 * k)], 0.03, whisker) for s, k in CORNERS),
    ]


def _cat_head_side(rng: np.random.Generator, fur: Coat) -> list[Part]:
    iris = CAT_EYES[rng.integers(len(CAT_EYES))]
    whisker = mixed(fur.main, WHITE, 0.8)
    return [
        *_cat_ear(-0.5, -0.2, fur),
        *_cat_ear(0.28, 0.1, fur),
        blob(0, 0, 1.0, 0.92, fur.main),
        blob(0.72, -0.35, 0.42, 0.34, mixed(fur.main, WHITE, 0.4)),
        flat([(1.0, -0.1), (1.2, -0.22), (1.02, -0.34)], PINK, outlined=True),
        line([(1.08, -0.42), (0.85, -0.55), (0.65, -0.5)], 0.04, BLACK),
        *_cat_eye(0.5, 0.12, iris, 10),
        *(line([(0.7, -0.38 + 0.05 * k), (0.35, -0.5 + 0.15 * k)], 0.03, whisker) for k in (-1, 1)),
    ]


# ----------------------------------------------------------------------------------------------- horse


HOOF: Colour = (0.14, 0.12, 0.11)


def horse(rng: np.random.Generator) -> DrawnObject:
    """A horse: long legs, an arched neck with a mane, a long head; its coat is one of the dogs' and cats'."""
    fur = coat(rng, HORSE_MARKINGS)
    grazing, stride = rng.random() < 0.3, rng.uniform(-0.1, 0.1)
    hair = shaded(fur.main, 0.4) if rng.random() < 0.7 else mixed(fur.main, WHITE, 0.6)
    far = shaded(fur.main, 0.72)

    def leg(x: float, foot: float, colour: Colour) -> Part:
        return limb([(x, 0.46, 0.08), ((x + foot) / 2 + 0.01, 0.24, 0.043), (foot, 0.06, 0.032)], colour)

    def hoof(foot: float) -> Part:
        corners = [(foot - 0.035, 0.06), (foot + 0.035, 0.06), (foot + 0.05, 0), (foot - 0.04, 0)]
        return polygon(corners, HOOF)

    parts = [
        hoof(-0.24 - stride),
        hoof(0.22 + stride),
        leg(-0.25, -0.24 - stride, far),
        leg(0.22, 0.22 + stride, far),
        limb([(-0.36, 0.58, 0.035), (-0.46, 0.48, 0.055), (-0.47, 0.25, 0.03)], hair),
        limb([(-0.26, 0.53, 0.135), (0.0, 0.52, 0.125), (0.22, 0.53, 0.14)], fur.main),
        leg(-0.3, -0.33 + stride, fur.main),
        leg(0.25, 0.27 - stride, fur.main),
        blob(-0.27, 0.5, 0.11, 0.15, fur.main, 10),
    ]
    neck = [(0.24, 0.56, 0.13), (0.38, 0.68, 0.095), (0.45, 0.83, 0.075)]
    head_x, head_y, tilt = 0.46, 0.86, -35.0
    if grazing:
        neck = [(0.25, 0.54, 0.12), (0.4, 0.42, 0.09), (0.5, 0.25, 0.07)]
        head_x, head_y, tilt = 0.51, 0.23, -65.0
    mane = [(x - 0.06, y + 0.05, 0.5 * r) for x, y, r in neck]
    head = [
        polygon([(-0.7, 0.5), (-0.5, 1.15), (-0.2, 0.55)], fur.main),
        limb([(-0.1, 0.05, 0.78), (1.0, 0.0, 0.55), (2.0, -0.05, 0.42)], fur.main),
        flat(ellipse(2.2, 0.05, 0.1, 0.14), BLACK),
        line([(2.25, -0.3), (1.75, -0.28)], 0.05, BLACK),
        *_eye(0.35, 0.3, 0.17, (0.2, 0.1, 0.05)),
    ]
    if rng.random() < 0.4:  # a blaze down the nose
        head.insert(2, flat([(0.3, 0.72), (1.9, 0.4), (1.9, 0.2), (0.8, 0.4)], WHITE))
    parts += [
        limb(neck, fur.main),
        hoof(-0.33 + stride),
        hoof(0.27 - stride),
        limb(mane, hair),
        *moved(head, head_x, head_y, 0.095, tilt),
    ]
    return DrawnObject(parts, fur.look, "Right")


# ----------------------------------------------------------------------------------------------- bird

PLUMES: tuple[Colour, ...] = (
    *FURS,
    (0.25, 0.42, 0.68),  # blue
    (0.70, 0.22, 0.18),  # red
    (0.40, 0.52, 0.28),  # olive
)
BEAKS: tuple[Colour, ...] = ((0.93, 0.62, 0.15), (0.25, 0.22, 0.2), (0.85, 0.4, 0.2))


def bird(rng: np.random.Generator, surface: str = "ground") -> DrawnObject:
    """A bird that stands, swims or flies, as the surface asks."""
    main, second = (jittered(rng, PLUMES[i]) for i in rng.choice(len(PLUMES), 2, replace=False))
    beak = jittered(rng, BEAKS[rng.integers(len(BEAKS))], 0.03)
    look = Look("fur", 0.08, str(rng.choice(["plain", "spots"])), shaded(main, 0.7))
    draw = {"ground": _standing_bird, "water": _swimming_bird, "air": _flying_bird}[surface]
    return DrawnObject(draw(rng, main, second, beak), look, "Right", surface)


def _bird_head(x: float, y: float, size: float, colour: Colour, beak: Colour) -> list[Part]:
    head = [
        flat([(0.75, 0.35), (2.0, -0.12), (0.7, -0.4)], beak, outlined=True),
        blob(0, 0, 1, 0.95, colour),
        flat(ellipse(0.4, 0.22, 0.24, 0.24), WHITE),
        flat(ellipse(0.45, 0.22, 0.17, 0.17), BLACK),
    ]
    return moved(head, x, y, size)


def _standing_bird(rng: np.random.Generator, main: Colour, second: Colour, beak: Colour) -> list[Part]:
    legs = rng.uniform(0.16, 0.3)
    x, y = rng.uniform(0.2, 0.28), legs + rng.uniform(0.52, 0.62)
    shank = shaded(beak, 0.85)
    tail = [(-0.25, legs + 0.3), (-0.72, legs + 0.2), (-0.75, legs + 0.08), (-0.2, legs + 0.1)]
    belly = [(-0.42, legs + 0.16), (-0.1, legs), (0.25, legs + 0.1)]
    trunk = [*belly, (x + 0.1, y - 0.08), (x - 0.14, y - 0.02), (-0.1, legs + 0.42)]
    return [
        *(limb([(s, legs + 0.1, 0.022), (s + 0.01, 0.02, 0.02), (s + 0.1, 0.015, 0.02)], shank) for s in (-0.05, 0.08)),
        shape(tail, shaded(second, 0.8)),
        shape(trunk, main),
        shape([(0.12, legs + 0.36), (-0.15, legs + 0.4), (-0.56, legs + 0.17), (-0.1, legs + 0.13)], second),
        *_bird_head(x, y, 0.16, main, beak),
    ]


def _swimming_bird(rng: np.random.Generator, main: Colour, second: Colour, beak: Colour) -> list[Part]:
    neck = rng.uniform(0.55, 0.8)
    return [
        shape([(-0.66, 0.38), (-0.4, 0.05), (-0.1, -0.02), (0.3, 0.0), (0.5, 0.2), (0.3, 0.38), (-0.2, 0.4)], main),
        shape([(0.2, 0.34), (-0.2, 0.42), (-0.58, 0.3), (-0.1, 0.12)], second),
        limb([(0.34, 0.22, 0.12), (0.42, neck - 0.12, 0.075), (0.4, neck, 0.08)], main),
        *_bird_head(0.42, neck, 0.145, main, beak),
        flat([(-0.6, 0.0), (-0.2, -0.04), (0.3, -0.04), (0.62, 0.0), (0.2, 0.03), (-0.3, 0.03)], (0.85, 0.9, 0.92)),
    ]


def _flying_bird(rng: np.random.Generator, main: Colour, second: Colour, beak: Colour) -> list[Part]:
    beat = rng.uniform(0.35, 0.75)
    far, tip = shaded(second, 0.75), beat + 0.35
    wing = [
        (0.18, 0.42),
        (0.05, 0.5 + beat * 0.5),
        (-0.35, 0.45 + beat),
        (-0.5, 0.4 + beat),
        (-0.3, 0.5),
        (-0.12, 0.36),
    ]
    return [
        shape([(0.1, 0.42), (0.16, tip * 0.8), (0.3, tip), (0.34, tip * 0.6), (0.28, 0.4)], far),
        shape([(-0.25, 0.42), (-0.7, 0.5), (-0.72, 0.36), (-0.2, 0.3)], far),
        limb([(-0.3, 0.37, 0.08), (0.05, 0.37, 0.15), (0.32, 0.43, 0.1)], main),
        *_bird_head(0.42, 0.48, 0.135, main, beak),
        shape(wing, second),
    ]
