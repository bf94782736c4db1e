"""Are these TIDE's numbers? `python -m tests.bench.tide` compares with tidecv, the toolbox of TIDE's authors.

It draws scenes of several classes (shifted boxes, wrong classes, duplicates, background, crowds, missed objects),
and compares AP, the number of errors of each kind, and every dAP, in points of 100. tidecv brings a second OpenCV and
pandas, so it lives in an environment of its own:

    python -m venv tidevenv
    tidevenv/bin/pip install tidecv pydantic
    tidevenv/bin/pip install --no-deps -e .
    tidevenv/bin/python -m tests.bench.tide

Result (tidecv 1.0.1, numpy 2.4):

    one class            count  tidecv    points    tidecv
      AP                   116     116   39.5049   39.5049
      classification         0       0    0.0000    0.0000
      localisation          37      37   22.1668   22.1668
      both                   0       0    0.0000    0.0000
      duplicate             19      19    2.1460    2.1460
      background            59      59    5.6799    5.6799
      missed                26      26   11.4295   11.4295
      false positive       105     105   23.8615   23.8615
      false negative        42      42   22.4287   22.4287
    three classes        count  tidecv    points    tidecv
      AP                   163     163   32.4933   32.4933
      classification        24      24    9.7523    9.7523
      localisation          50      50   19.1620   19.1620
      both                  19      19    2.1416    2.1416
      duplicate             15      15    0.6067    0.6067
      background            75      75    3.5106    3.5106
      missed                33      33    7.8587    7.8587
      false positive       170     170   22.2922   22.2922
      false negative        74      74   27.3898   27.3898
    twenty classes       count  tidecv    points    tidecv
      AP                   522     522   26.1099   26.1099
      classification       147     147   16.7520   16.7520
      localisation         117     117   10.8474   10.8474
      both                 106     106    2.6023    2.6023
      duplicate             71      71    1.4924    1.4924
      background           213     213    2.9004    2.9004
      missed               125     125    8.0149    8.0149
      false positive       625     625   25.7218   25.7218
      false negative       253     253   22.7950   22.7950
    crowded              count  tidecv    points    tidecv
      AP                   206     206   30.6109   30.6109
      classification        28      28    9.1893    9.1893
      localisation          87      87   25.9271   25.9271
      both                  26      26    0.7514    0.7514
      duplicate             31      31    2.0072    2.0072
      background            16      16    1.4089    1.4089
      missed                39      39    7.4529    7.4529
      false positive       170     170   25.8248   25.8248
      false negative        89      89   23.3843   23.3843
    one image            count  tidecv    points    tidecv
      AP                     6       6   38.8889   38.8889
      classification         2       2   42.5193   42.5193
      localisation           1       1   11.2211   11.2211
      both                   0       0    0.0000    0.0000
      duplicate              0       0    0.0000    0.0000
      background             0       0    0.0000    0.0000
      missed                 0       0    0.0000    0.0000
      false positive         3       3   27.7778   27.7778
      false negative         3       3    0.0000    0.0000
    200 more scenes: counts differ by 0 at most, points by 1.6e-13
"""

import argparse
from typing import NamedTuple

import numpy as np

from gradcam_lab.data.box_files.tables import Detections, Objects
from gradcam_lab.evaluate.tide.delta_ap import tide_errors

SCENES = {  # images, classes, objects an image at most, seed
    "one class": (60, 1, 4, 0),
    "three classes": (80, 3, 5, 1),
    "twenty classes": (200, 20, 6, 2),
    "crowded": (12, 4, 40, 3),
    "one image": (1, 3, 8, 4),
}
TIDECV_NAMES = {
    "Cls": "classification",
    "Loc": "localisation",
    "Both": "both",
    "Dupe": "duplicate",
    "Bkg": "background",
    "Miss": "missed",
    "FalsePos": "false positive",
    "FalseNeg": "false negative",
}


class Scene(NamedTuple):
    """Detections and objects of `classes` classes in `images` images."""

    images: int
    classes: int
    found: Detections
    objects: Objects


def scene(images: int, classes: int, most: int, seed: int) -> Scene:
    """Draw objects, and detections that are wrong in all ways; no two scores are equal, one object in 20 is a crowd."""
    rng = np.random.default_rng(seed)
    found: list[tuple] = []
    truth: list[tuple] = []
    for image in range(images):
        for _ in range(rng.integers(0, most + 1)):
            box, category = _box(rng), rng.integers(classes)
            truth.append((*box, rng.random() < 0.05, image, category))
            for _ in range(rng.choice(4, p=[0.15, 0.5, 0.25, 0.1])):
                near = box + rng.normal(0, rng.choice([2, 8, 20]), 4)
                seen_as = category if rng.random() < 0.7 else rng.integers(classes)
                found.append((*near[:2], *near[2:].clip(1), rng.beta(3, 2), image, seen_as))
        found += [(*_box(rng), rng.beta(2, 4), image, rng.integers(classes)) for _ in range(rng.integers(0, 3))]
    ours, theirs = np.array(found).reshape(-1, 7), np.array(truth, float).reshape(-1, 7)
    crowd = theirs[:, 4] > 0
    area = theirs[:, 2] * theirs[:, 3]
    return Scene(
        images,
        classes,
        Detections(ours[:, :4], ours[:, 4], ours[:, 5].astype(int), ours[:, 6].astype(int)),
        Objects(theirs[:, :4], area, crowd, crowd, theirs[:, 5].astype(int), theirs[:, 6].astype(int)),
    )


def _box(rng: np.random.Generator) -> np.ndarray:
    return np.array([*rng.integers(0, 300, 2), *rng.integers(20, 150, 2)], float)


def by_tidecv(drawn: Scene) -> dict[str, tuple[int, float]]:
    """Return AP, and the number of errors and dAP of each kind, as tidecv has them."""
    import tidecv  # type: ignore[import-not-found]

    objects, detections = tidecv.Data("objects"), tidecv.Data("detections")
    for image in range(drawn.images):
        objects.add_image(image, str(image))
    rows = zip(*(column.tolist() for column in drawn.objects), strict=True)
    for box, _, crowd, _, image, category in rows:
        (objects.add_ignore_region if crowd else objects.add_ground_truth)(image, category, box)
    for box, score, image, category in zip(*(column.tolist() for column in drawn.found), strict=True):
        detections.add_detection(image, category, score, box)
    run = tidecv.TIDE().evaluate(objects, detections)
    counts = {kind.short_name: count for kind, count in run.count_errors().items()}
    points = [point for part in run.ap_data.objs.values() for point in part.data_points.values()]
    counts["FalsePos"] = sum(not correct for _, correct, _ in points)
    counts["FalseNeg"] = sum(map(len, run.false_negatives.values()))
    gains = [*run.fix_main_errors().items(), *run.fix_special_errors().items()]
    costs = {TIDECV_NAMES[kind.short_name]: (counts[kind.short_name], gain) for kind, gain in gains}
    return {"AP": (sum(run.ap_data.get_gt_positives().values()), run.ap), **costs}


def by_us(drawn: Scene) -> dict[str, tuple[int, float]]:
    """Return the same of ours."""
    errors = tide_errors(drawn.found, drawn.objects, [str(number) for number in range(drawn.classes)])
    costs = [*errors["kinds"].items(), *errors["totals"].items()]
    objects = sum(row["objects"] for row in errors["classes"].values())
    ours = {str(name): (cost["count"], 100 * cost["dap"]) for name, cost in costs}
    return {"AP": (objects, 100 * errors["ap"]), **ours}


def main() -> None:
    """Print both, side by side, and the largest difference."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--more", type=int, default=200, help="number of small scenes behind the last line")
    more = parser.parse_args().more
    for name, numbers in SCENES.items():
        data = scene(*numbers)
        ours, theirs = by_us(data), by_tidecv(data)
        print(f"{name:<18}{'count':>8}{'tidecv':>8}{'points':>10}{'tidecv':>10}")
        for kind, (count, points) in ours.items():
            print(f"  {kind:<16}{count:>8}{theirs[kind][0]:>8}{points:>10.4f}{theirs[kind][1]:>10.4f}")
    rng = np.random.default_rng(0)
    differences = []
    for seed in range(more):
        data = scene(int(rng.integers(5, 25)), int(rng.integers(1, 6)), int(rng.integers(2, 8)), seed + 100)
        ours, theirs = by_us(data), by_tidecv(data)
        differences += [np.abs(np.subtract(ours[kind], theirs[kind])) for kind in ours]
    count, points = np.max(differences, axis=0)
    print(f"{more} more scenes: counts differ by {count:.0f} at most, points by {points:.1e}")


if __name__ == "__main__":
    main()
