"""The same maps in several ways: what is compared, and what a machine or a network does not allow. No test of times."""

from dataclasses import replace
from itertools import count

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gradcam_lab.evaluate import throughput
from gradcam_lab.evaluate.throughput import bytes_of, mean_box_iou, mean_cosine, measure
from gradcam_lab.evaluate.timing import running_on
from gradcam_lab.localise.experiment import Experiment

ALL = ["batch", "one by one", "bf16", "int8"]


@pytest.fixture
def threads():
    """Let a test choose the number of threads; it is put back."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.fixture
def measured(experiment, splits):
    """Measure on three images, by a clock that runs on by one at every look."""

    def run(experiment: Experiment = experiment):
        ticks = count()
        return measure(experiment, splits["test"][:3], splits["val"][:3], 0.3, lambda: float(next(ticks)))

    return run


def by_way(found):
    return {row["way"]: row for row in found["rows"]}


def test_each_way_has_its_cost_and_what_it_changes(measured, threads):
    threads(1)
    found = measured()
    rows = by_way(found)
    assert list(rows) == ALL
    assert {row["cost"] for row in rows.values()} == {1.0}  # a tick each
    assert rows["batch"]["milliseconds"] == pytest.approx(1000 / 3)
    assert (rows["batch"]["cosine"], rows["batch"]["box_iou"]) == (pytest.approx(1), pytest.approx(1))
    assert rows["one by one"]["cosine"] == pytest.approx(1, abs=1e-4)
    assert 0.5 < rows["int8"]["cosine"] < 1
    assert 0.5 < rows["bf16"]["cosine"] < 1
    assert (found["images"], found["timed"], found["threads"]) == (3, 3, 1)
    assert 0 < found["int8_bytes"] < 0.5 * found["float32_bytes"]
    assert found["int8_problem"] is None
    assert (found["gpu"] is None) is not torch.cuda.is_available()


def test_several_threads_are_a_row_where_the_run_has_them_and_are_kept(measured, threads):
    threads(2)
    found = measured()
    assert [*by_way(found)] == ["batch", "one by one", "threads", "bf16", "int8"]
    assert by_way(found)["threads"]["cosine"] == pytest.approx(1, abs=1e-4)
    assert (found["threads"], torch.get_num_threads()) == (2, 2)


def test_the_cost_is_the_median_of_ratios_taken_side_by_side(experiment, splits, monkeypatch, threads):
    """The first way and another take turns; a pause of the machine hits both of a pair, or one of five."""
    threads(1)
    monkeypatch.setattr(throughput, "ROUNDS", 3)
    lasting = [2, 4, 2, 4, 2, 4, 20, 40, 20, 40, 20, 40, 2, 4, 2, 99, 2, 4]  # first, another, first, another, ...
    looks = iter(np.cumsum([value for seconds in lasting for value in (0, seconds)]).tolist())
    rows = by_way(measure(experiment, splits["test"][:2], splits["val"][:2], 0.3, lambda: next(looks)))
    assert [rows[way]["cost"] for way in ALL] == [1, 2, 2, 2]


class Deciding(nn.Module):
    """A network whose way depends on the image, so that it cannot be traced."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        logits = self.network(x)
        return logits if logits.isfinite().all() else logits.zero_()


def test_a_network_that_cannot_be_quantised_has_no_row_and_a_reason(experiment, measured, threads):
    threads(1)
    classifier = experiment.classifier
    deciding = replace(classifier, network=Deciding(classifier.network), layer=f"network.{classifier.layer}")
    found = measured(replace(experiment, classifier=deciding))
    assert [*by_way(found)] == ["batch", "one by one", "bf16"]
    assert found["int8_bytes"] is None
    assert found["int8_problem"].startswith("its forward pass cannot be traced")


def test_the_cosine_is_of_the_maps_that_have_evidence():
    first = np.array([[[1.0, 0.0]], [[0.0, 2.0]], [[0.0, 0.0]]])
    maps = np.array([[[5.0, 0.0]], [[1.0, 1.0]], [[9.0, 9.0]]])
    assert mean_cosine(maps, first) == pytest.approx((1 + 0.5**0.5) / 2)
    assert mean_cosine(np.zeros((3, 1, 2)), first) == 0
    assert mean_cosine(maps, np.zeros((3, 1, 2))) is None


def test_the_boxes_are_the_surest_ones(experiment):
    none = np.zeros((4, 4), np.float32)
    left, right = none.copy(), none.copy()
    left[0, 0] = right[3, 3] = 1
    both = left + 0.9 * right
    size = (40, 40)

    def overlap(*pairs):
        maps, first = (np.stack(part) for part in zip(*pairs, strict=True))
        return mean_box_iou(experiment, maps, first, [size] * len(pairs), 0.5)

    assert overlap((left, left), (both, left)) == 1
    assert overlap((left, right)) == overlap((left, none)) == overlap((none, left)) == 0
    assert overlap((left, left), (none, none)) == 1  # where neither has a box there is nothing to compare
    assert overlap((left, left), (left, none)) == 0.5
    assert overlap((none, none)) is None


def test_the_number_of_threads_is_put_back_after_an_error(threads):
    threads(2)

    def break_off():
        with running_on(1):
            assert torch.get_num_threads() == 1
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        break_off()
    assert torch.get_num_threads() == 2


def test_the_size_is_that_of_the_weights():
    small, large = (bytes_of(nn.Linear(inputs, 100)) for inputs in (1000, 2000))
    assert large - small == pytest.approx(4 * 100_000, rel=0.01)
