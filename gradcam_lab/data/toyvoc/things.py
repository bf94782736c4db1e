"""People, cars, boats, and props, which are not annotated."""

import numpy as np

from gradcam_lab.data.toyvoc.animals import BLACK, WHITE, DrawnObject
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

PAINTS: tuple[Colour, ...] = (
    (0.75, 0.16, 0.14),  # red
    (0.16, 0.32, 0.62),  # blue
    (0.92, 0.91, 0.88),  # white
    (0.18, 0.18, 0.2),  # black
    (0.2, 0.45, 0.3),  # green
    (0.9, 0.7, 0.18),  # yellow
    (0.6, 0.6, 0.62),  # silver
    (0.55, 0.36, 0.2),  # brown
    (0.82, 0.5, 0.25),  # orange
)
"""The colours of clothes, cars, hulls and props."""

SKINS: tuple[Colour, ...] = ((0.95, 0.78, 0.66), (0.84, 0.62, 0.46), (0.62, 0.42, 0.29), (0.38, 0.25, 0.18))
HAIRS: tuple[Colour, ...] = (
    (0.12, 0.09, 0.08),
    (0.36, 0.22, 0.12),
    (0.62, 0.3, 0.14),
    (0.85, 0.7, 0.4),
    (0.6, 0.6, 0.6),
)
GLASS: Colour = (0.55, 0.7, 0.78)
FOAM: Colour = (0.88, 0.93, 0.95)


def paint(rng: np.random.Generator) -> Colour:
    """Choose a colour for something man-made."""
    return jittered(rng, PAINTS[rng.integers(len(PAINTS))], 0.05)


# ----------------------------------------------------------------------------------------------- person


def person(rng: np.random.Generator) -> DrawnObject:
    """A person, standing or walking, seen from the front or half from the side."""
    skin, hair = SKINS[rng.integers(len(SKINS))], jittered(rng, HAIRS[rng.integers(len(HAIRS))], 0.03)
    shirt, trousers, shoes = paint(rng), paint(rng), shaded(paint(rng), 0.6)
    step, width = rng.uniform(0.02, 0.14), rng.uniform(0.9, 1.15)
    skirt = rng.random() < 0.25
    leg_colour = skin if skirt else trousers
    parts: list[Part] = []
    for side in (-1, 1):
        foot = side * (0.05 + step)
        parts.append(limb([(side * 0.055, 0.5, 0.065), (foot * 0.75, 0.26, 0.05), (foot, 0.05, 0.038)], leg_colour))
        parts.append(blob(foot + 0.025, 0.028, 0.06, 0.03, shoes))
    raised = rng.random(2) < 0.2
    sleeve = shirt if rng.random() < 0.7 else skin
    for side, up in zip((-1, 1), raised, strict=True):
        shoulder = (side * 0.125 * width, 0.74)
        elbow = (side * 0.24, 0.84) if up else (side * rng.uniform(0.18, 0.24), 0.58)
        hand = (side * 0.22, 1.0) if up else (side * rng.uniform(0.16, 0.28), 0.45)
        parts.append(limb([(*shoulder, 0.048), (*elbow, 0.038), (*hand, 0.03)], sleeve))
        parts.append(blob(*hand, 0.034, 0.034, skin))
    trunk = [(-0.13, 0.8), (0.13, 0.8), (0.15, 0.7), (0.115, 0.46), (-0.115, 0.46), (-0.15, 0.7)]
    parts.append(shape(np.array(trunk) * (width, 1), shirt))
    if skirt:
        parts.append(polygon([(-0.1, 0.52), (0.1, 0.52), (0.18, 0.3), (-0.18, 0.3)], trousers))
    if rng.random() < 0.4:  # a striped jersey
        stripe = paint(rng)
        parts += [flat([(-0.12, y), (0.12, y), (0.12, y + 0.035), (-0.12, y + 0.035)], stripe) for y in (0.56, 0.66)]
    if rng.random() < 0.45:  # long hair
        parts.append(blob(0, 0.87, 0.115, 0.14, hair))
    parts += [limb([(0, 0.78, 0.04), (0, 0.83, 0.04)], skin), blob(0, 0.905, 0.082, 0.098, skin)]
    turn = rng.uniform(-0.02, 0.03)
    fringe = [(-0.09, 0.9), (-0.085, 0.98), (0, 1.02), (0.085, 0.98), (0.09, 0.91), (0.05, 0.955), (-0.05, 0.955)]
    parts.append(shape(fringe, hair))
    parts += [flat(ellipse(s * 0.033 + turn, 0.905, 0.012, 0.015), BLACK) for s in (-1, 1)]
    parts.append(line([(turn - 0.025, 0.862), (turn, 0.855), (turn + 0.025, 0.862)], 0.006, (0.6, 0.2, 0.2)))
    if rng.random() < 0.2:
        hat = paint(rng)
        parts.append(shape([(-0.09, 0.95), (-0.07, 1.03), (0.07, 1.03), (0.09, 0.95)], hat))
        parts.append(polygon([(-0.1, 0.965), (0.16, 0.965), (0.16, 0.94), (-0.1, 0.94)], hat))
    return DrawnObject(parts, Look("rough", 0.05), "Frontal")


# ----------------------------------------------------------------------------------------------- car


def car(rng: np.random.Generator) -> DrawnObject:
    """A car from the side: a saloon, a hatchback, a van or a pick-up; one unit is twice its height."""
    colour = paint(rng)
    roofs = {
        "saloon": [(-0.42, 0.3), (-0.28, 0.52), (0.12, 0.52), (0.34, 0.3)],
        "hatchback": [(-0.62, 0.3), (-0.52, 0.52), (0.05, 0.54), (0.3, 0.31)],
        "van": [(-0.72, 0.28), (-0.7, 0.66), (0.22, 0.66), (0.42, 0.32)],
        "pick-up": [(-0.1, 0.3), (-0.06, 0.55), (0.2, 0.55), (0.38, 0.3)],
    }
    roof = np.asarray(roofs[str(rng.choice(list(roofs)))])
    nose = rng.uniform(0.24, 0.3)
    body = [
        (-0.78, 0.14),
        (-0.78, 0.3),
        (-0.7, 0.33),
        (0.38, 0.33),
        (0.72, nose + 0.02),
        (0.8, 0.2),
        (0.79, 0.12),
        (0, 0.11),
    ]
    window = roof.mean(axis=0) + (roof - roof.mean(axis=0)) * (0.84, 0.72) + (0, 0.02)
    rear_foot, rear, front = window[:3, 0]
    middle = (rear + front) / 2
    top, bottom = window[1:3, 1].mean(), window[[0, 3], 1].mean()
    gleam = [(rear + 0.05, top), (rear + 0.13, top), (rear_foot + 0.13, bottom), (rear_foot + 0.05, bottom)]
    parts = [
        polygon(roof, colour),
        polygon(body, colour),
        flat(window, GLASS, outlined=True),
        flat([(middle - 0.02, top), (middle + 0.02, top), (middle + 0.02, bottom), (middle - 0.02, bottom)], colour),
        flat(gleam, mixed(GLASS, WHITE, 0.5)),
        line([(middle, 0.3), (middle, 0.16)], 0.006, shaded(colour, 0.5)),
        flat(ellipse(middle - 0.06, 0.28, 0.03, 0.01), shaded(colour, 0.5)),
        flat(ellipse(0.74, 0.22, 0.035, 0.035), (0.98, 0.93, 0.7), outlined=True),
        flat([(-0.785, 0.22), (-0.74, 0.22), (-0.74, 0.29), (-0.785, 0.29)], (0.8, 0.1, 0.1)),
        flat([(-0.78, 0.115), (0.79, 0.115), (0.79, 0.145), (-0.78, 0.145)], shaded(colour, 0.45)),
    ]
    size, rim = rng.uniform(0.115, 0.145), mixed(paint(rng), (0.75, 0.75, 0.75), 0.7)
    for x in (-0.48, 0.48):
        parts += [
            flat(ellipse(x, size, size, size), BLACK, outlined=True),
            flat(ellipse(x, size, size * 0.55, size * 0.55), rim),
            flat(ellipse(x, size, size * 0.18, size * 0.18), BLACK),
        ]
    return DrawnObject(parts, Look("rough", 0.03), "Right")


# ----------------------------------------------------------------------------------------------- boat


def boat(rng: np.random.Generator, surface: str = "water") -> DrawnObject:
    """A sailing boat, a motor boat or a rowing boat; on land it stands on chocks."""
    hull, stripe = paint(rng), paint(rng)
    draw = (_sailing_boat, _motor_boat, _rowing_boat)[rng.choice(3, p=[0.5, 0.3, 0.2])]
    parts = draw(rng, hull, stripe)
    if surface == "water":
        wave = [(x, 0.012 * (-1) ** i) for i, x in enumerate(np.linspace(-0.62, 0.64, 10))]
        band = [*((x, y + 0.02) for x, y in wave), *((x, y - 0.02) for x, y in reversed(wave))]
        parts.append(flat(band, FOAM))
        return DrawnObject(parts, Look("wood", 0.05), "Right", "water")
    chock = (0.4, 0.28, 0.18)
    keel = [
        polygon([(-0.3, 0.02), (-0.1, -0.13), (0.25, -0.13), (0.45, 0.02)], shaded(stripe, 0.7)),
        polygon([(-0.36, 0.03), (-0.24, 0.03), (-0.3, -0.15), (-0.42, -0.15)], chock),
        polygon([(0.3, 0.03), (0.42, 0.03), (0.48, -0.15), (0.36, -0.15)], chock),
    ]
    return DrawnObject(moved([*keel, *parts], 0, 0.15), Look("wood", 0.05), "Right", "ground")


def _hull(colour: Colour, stripe: Colour, depth: float) -> list[Part]:
    return [
        polygon([(-0.6, depth), (0.72, depth + 0.05), (0.5, 0.0), (-0.52, 0.0)], colour),
        flat([(-0.597, depth * 0.88), (0.69, depth * 0.98), (0.655, depth * 0.78), (-0.585, depth * 0.68)], stripe),
    ]


def _sailing_boat(rng: np.random.Generator, hull: Colour, stripe: Colour) -> list[Part]:
    depth, mast = rng.uniform(0.16, 0.22), rng.uniform(0.95, 1.2)
    cloth = mixed(paint(rng), WHITE, float(rng.choice([1.0, 0.6, 0.1])))
    cloth = jittered(rng, cloth, 0.03)
    foot = depth + 0.09
    main = polygon([(0.02, mast - 0.04), (-0.2, 0.55 * mast), (-0.52, foot), (0.02, foot)], cloth)
    parts = [limb([(0.05, depth, 0.018), (0.05, mast, 0.014)], (0.45, 0.33, 0.22)), main]
    if rng.random() < 0.8:
        parts.append(polygon([(0.09, mast - 0.12), (0.62, foot - 0.02), (0.09, foot)], shaded(cloth, 0.93)))
    if rng.random() < 0.4:
        patch = [(-0.02, 0.7 * mast), (-0.13, 0.66 * mast), (-0.24, 0.5 * mast), (-0.02, 0.5 * mast)]
        parts.append(flat(patch, stripe))
    return [*parts, *_hull(hull, stripe, depth)]


def _motor_boat(rng: np.random.Generator, hull: Colour, stripe: Colour) -> list[Part]:
    depth = rng.uniform(0.2, 0.26)
    cabin = jittered(rng, mixed(paint(rng), WHITE, 0.7), 0.03)
    top = depth + rng.uniform(0.2, 0.3)
    high, low = top - 0.03, depth + 0.09
    parts = [
        polygon([(-0.35, depth), (-0.3, top), (0.12, top), (0.28, depth)], cabin),
        flat([(-0.26, high), (-0.08, high), (-0.08, low), (-0.29, low)], GLASS, outlined=True),
        flat([(-0.03, high), (0.09, high), (0.19, low), (-0.03, low)], GLASS, outlined=True),
    ]
    if rng.random() < 0.6:
        parts.insert(0, polygon([(-0.2, top), (-0.2, top + 0.2), (-0.06, top + 0.2), (-0.06, top)], stripe))
    holes = [flat(ellipse(x, depth * 0.5, 0.03, 0.03), GLASS, outlined=True) for x in (-0.3, -0.1, 0.1, 0.3)]
    return [*parts, *_hull(hull, stripe, depth), *holes]


def _rowing_boat(rng: np.random.Generator, hull: Colour, stripe: Colour) -> list[Part]:
    depth = rng.uniform(0.18, 0.24)
    edge = [(-0.62, depth + 0.03), (0, depth - 0.02), (0.7, depth + 0.08)]
    seams = (depth * 0.35, depth * 0.62)
    return [
        limb([(-0.15, depth - 0.02, 0.016), (-0.5, depth + 0.28, 0.016)], (0.6, 0.42, 0.25)),
        polygon([*edge, (0.48, 0.0), (-0.48, 0.0)], hull),
        flat([*edge, (0.67, depth + 0.02), (0, depth - 0.07), (-0.6, depth - 0.03)], stripe),
        *(line([(-0.5, y), (0, y - 0.015), (0.55, y + 0.01)], 0.007, shaded(hull, 0.6)) for y in seams),
    ]


# ----------------------------------------------------------------------------------------------- props


def ball(rng: np.random.Generator) -> DrawnObject:
    """A ball with two stripes."""
    colour, other = paint(rng), paint(rng)
    parts = [blob(0, 0.5, 0.5, 0.5, colour), flat(ellipse(0, 0.5, 0.16, 0.49, 20), other)]
    return DrawnObject(parts, Look("rough", 0.04), height=0.1)


def stone(rng: np.random.Generator) -> DrawnObject:
    """A grey stone."""
    grey = jittered(rng, (0.5, 0.48, 0.45), 0.08)
    angles = np.sort(rng.uniform(0, np.pi, 5))
    rim = np.stack([0.7 * np.cos(angles), rng.uniform(0.5, 1.0, 5) * np.sin(angles)], 1)
    return DrawnObject([shape([(0.75, 0), *rim, (-0.75, 0)], grey)], Look("rough", 0.14), height=0.12)


def bush(rng: np.random.Generator) -> DrawnObject:
    """A bush, green or autumn brown."""
    green = jittered(rng, ((0.22, 0.4, 0.16), (0.34, 0.46, 0.2), (0.5, 0.38, 0.2))[rng.integers(3)])
    parts = [
        blob(x, y, rng.uniform(0.28, 0.42), rng.uniform(0.26, 0.4), shaded(green, rng.uniform(0.8, 1.15)))
        for x, y in zip(rng.uniform(-0.5, 0.5, 7), rng.uniform(0.25, 0.7, 7), strict=True)
    ]
    return DrawnObject(parts, Look("leaves", 0.24), height=0.28)


def fir(rng: np.random.Generator) -> DrawnObject:
    """A fir tree."""
    green = jittered(rng, (0.16, 0.33, 0.22), 0.04)
    tiers = [polygon([(-w, y), (0, y + 0.42), (w, y)], green) for w, y in ((0.34, 0.12), (0.27, 0.35), (0.19, 0.58))]
    return DrawnObject(
        [limb([(0, 0, 0.05), (0, 0.2, 0.05)], (0.36, 0.25, 0.16)), *tiers], Look("leaves", 0.2), height=0.65
    )


def tree(rng: np.random.Generator) -> DrawnObject:
    """A broad-leaved tree."""
    green = jittered(rng, ((0.25, 0.42, 0.17), (0.4, 0.48, 0.2), (0.62, 0.42, 0.18))[rng.integers(3)])
    crown = [
        blob(x, y, 0.2, 0.17, shaded(green, rng.uniform(0.8, 1.15)))
        for x, y in zip(rng.uniform(-0.22, 0.22, 7), rng.uniform(0.55, 0.85, 7), strict=True)
    ]
    return DrawnObject(
        [limb([(0, 0, 0.06), (0, 0.55, 0.04)], (0.38, 0.27, 0.18)), *crown], Look("leaves", 0.22), height=0.75
    )


def post(rng: np.random.Generator) -> DrawnObject:
    """A wooden or painted post."""
    colour = jittered(rng, (0.45, 0.33, 0.22)) if rng.random() < 0.6 else paint(rng)
    top = flat([(-0.085, 0.85), (0.085, 0.85), (0.085, 0.92), (-0.085, 0.92)], WHITE)
    return DrawnObject([limb([(0, 0, 0.08), (0, 0.95, 0.08)], colour), top], Look("wood", 0.1), height=0.3)


def box(rng: np.random.Generator) -> DrawnObject:
    """A cardboard box or a crate."""
    colour = jittered(rng, (0.7, 0.53, 0.34), 0.07)
    parts = [
        polygon([(-0.5, 0), (0.5, 0), (0.5, 0.75), (-0.5, 0.75)], colour),
        polygon([(-0.5, 0.75), (0.5, 0.75), (0.62, 0.92), (-0.36, 0.92)], shaded(colour, 1.15)),
        flat([(-0.07, 0), (0.07, 0), (0.07, 0.75), (-0.07, 0.75)], shaded(colour, 0.8)),
    ]
    return DrawnObject(parts, Look("rough", 0.06), height=0.22)


def plant(rng: np.random.Generator) -> DrawnObject:
    """A plant in a pot; the class `pottedplant` is not in this set."""
    green, pot = jittered(rng, (0.25, 0.45, 0.2)), jittered(rng, (0.7, 0.4, 0.28))
    leaves = [
        limb([(0, 0.35, 0.03), (0.5 * x, 0.6, 0.06), (x, y, 0.02)], shaded(green, rng.uniform(0.8, 1.2)))
        for x, y in zip(np.linspace(-0.4, 0.4, 6), rng.uniform(0.7, 1.0, 6), strict=True)
    ]
    vessel = polygon([(-0.2, 0.38), (0.2, 0.38), (0.14, 0), (-0.14, 0)], pot)
    return DrawnObject([*leaves, vessel], Look("rough", 0.08), height=0.35)


def chair(rng: np.random.Generator) -> DrawnObject:
    """A wooden stool; it has four legs, so that legs alone do not tell an animal."""
    wood = jittered(rng, (0.6, 0.42, 0.25))
    legs = [
        limb([(x, 0.5, 0.035), (x * 1.25, 0, 0.03)], shaded(wood, f))
        for x, f in ((-0.2, 0.7), (0.2, 0.7), (-0.3, 1), (0.3, 1))
    ]
    seat = polygon([(-0.38, 0.5), (0.38, 0.5), (0.36, 0.58), (-0.36, 0.58)], wood)
    return DrawnObject([*legs, seat], Look("wood", 0.1), height=0.4)


def lamp(rng: np.random.Generator) -> DrawnObject:
    """A street lamp."""
    metal = jittered(rng, (0.3, 0.32, 0.33), 0.04)
    parts = [limb([(0, 0, 0.03), (0, 0.85, 0.02)], metal), blob(0, 0.92, 0.06, 0.08, (0.95, 0.92, 0.75))]
    return DrawnObject(parts, Look("rough", 0.03), height=0.7)


def cone(rng: np.random.Generator) -> DrawnObject:
    """A traffic cone."""
    orange = jittered(rng, (0.9, 0.42, 0.12), 0.04)
    parts = [
        polygon([(-0.4, 0), (0.4, 0), (0.4, 0.1), (-0.4, 0.1)], shaded(orange, 0.8)),
        polygon([(-0.28, 0.1), (0.28, 0.1), (0.06, 1), (-0.06, 1)], orange),
        flat([(-0.19, 0.4), (0.19, 0.4), (0.13, 0.65), (-0.13, 0.65)], WHITE),
    ]
    return DrawnObject(parts, Look("rough", 0.03), height=0.16)


def umbrella(rng: np.random.Generator) -> DrawnObject:
    """A beach umbrella."""
    one, other = paint(rng), paint(rng)
    roof = shape([(-0.5, 0.65), (-0.35, 0.9), (0, 1.0), (0.35, 0.9), (0.5, 0.65), (0, 0.72)], one)
    wedge = flat([(-0.17, 0.71), (0, 1.0), (0.17, 0.71)], other)
    return DrawnObject([limb([(0, 0, 0.02), (0, 0.75, 0.02)], WHITE), roof, wedge], Look("rough", 0.04), height=0.5)


def buoy(rng: np.random.Generator) -> DrawnObject:
    """A buoy on the water."""
    colour = paint(rng)
    parts = [
        polygon([(-0.35, 0), (0.35, 0), (0.3, 0.35), (-0.3, 0.35)], colour),
        polygon([(-0.15, 0.35), (0.15, 0.35), (0, 1)], shaded(colour, 0.9)),
        flat([(-0.5, -0.03), (0.5, -0.03), (0.4, 0.05), (-0.4, 0.05)], FOAM),
    ]
    return DrawnObject(parts, Look("rough", 0.05), surface="water", height=0.12)
