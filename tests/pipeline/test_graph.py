"""The stage graph: what every stage of a run reads and depends on, and what a change reaches."""

import shutil
from dataclasses import replace
from typing import Any

import pytest

from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.data.masks import with_masks
from gradcam_lab.files import digest, write_json
from gradcam_lab.lesson_modules import STEP_NAMES
from gradcam_lab.pipeline.engine import Engine
from gradcam_lab.pipeline.graph import MEASURING, STAGES
from gradcam_lab.pipeline.import_closure import ROOT
from gradcam_lab.pipeline.run import Run
from tests.pipeline.conftest import LIMIT

GRAPH = """
stage        | artifact             | depends on                                                          | lessons
data         | ground_truth.json    | data target                                                         |
all maps     | class_maps.npz       | data network                                                        | 2
heatmaps     | heatmaps.npz         | data target network                                                 | 2
classifier   | classification.json  | data target seed                                                    |
cam          | comparison.json      | data target network                                                 | 1 2
methods      | methods.json         | data target network seed min_area max_detections given_threshold ap | 1 2 3 4 5
maps         | maps.npz             | data target network method                                          | 1 2 3 4 5
alignment|alignment.json|data target network method seed min_area max_detections given_threshold ap align|1 2 3 4 5 6
threshold    | threshold.json       | data target method min_area max_detections given_threshold ap       | 3 4
classes      | classes.json         | data seed min_area max_detections given_threshold ap                | 3 4
boxes        | detections.json      | data target method min_area max_detections                          | 3 4
scores       | scores.json          | data target method seed min_area max_detections given_threshold ap  | 3 4
reference|reference.json|data target network seed min_area max_detections given_threshold ap references|
masks        | segmentation.json    | data masks target network seed                                      | 2 3 5
faithfulness | truth.json           | data target network seed                                            | 2 3 4 6
throughput   | throughput.json      | data target network min_area                                        | 2 3 4
results      | results.json         | settings texts                                                      | 3
figures      | figures/figures.json | seed network templates ap                                           | 1 2 3 4 5 6
report       | report.html          | templates date                                                      |
pdf          | report.pdf           | date                                                                |
"""
"""The rows are the stages in order; a stage also depends on the code of its module's import closure."""

READS = """
stage        | whole                | quick               | --method gradcam    | --target all
data         |                      |                     |                     |
all maps     | -                    | -                   | -                   |
heatmaps     |                      |                     |                     | all maps
classifier   | heatmaps             | heatmaps            | heatmaps            | heatmaps
cam          |                      |                     |                     |
methods      | heatmaps             | -                   | heatmaps            | -
maps         | heatmaps             | -                   | -                   | -
alignment    | heatmaps, methods, maps | -                | heatmaps, methods   | heatmaps
threshold    | maps, methods, alignment | heatmaps        | heatmaps, methods, alignment | heatmaps, alignment
classes      | -                    | -                   | -                   | all maps
boxes|maps, alignment, threshold|heatmaps, threshold|heatmaps, alignment, threshold|heatmaps, alignment, threshold
scores       | heatmaps, maps, boxes | heatmaps, boxes    | heatmaps, boxes     | heatmaps, boxes
reference    | -                    | -                   | -                   | -
masks        |                      | -                   |                     |
faithfulness | heatmaps, alignment  | -                   | heatmaps, alignment | heatmaps, alignment
throughput   | methods              | -                   | methods             | threshold
results      | *                    | *                   | *                   | *
figures      | *                    | *                   | *                   | *
report       | results, figures     | results, figures    | results, figures    | results, figures
pdf          | report               | report              | report              | report
"""
"""What each stage reads in four kinds of runs; "-": it is no part of the run, "*": every stage down to throughput."""

KINDS: dict[str, dict[str, Any]] = {
    "whole": {},
    "quick": {"quick": True},
    "--method gradcam": {"method": "gradcam"},
    "--target all": {"target": "all"},
}


def rows_of(table):
    """The rows of a table as dictionaries by the head of each column."""
    head, *rows = [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]
    return [dict(zip(head, row, strict=True)) for row in rows]


class TestTable:
    @pytest.fixture(params=KINDS)
    def kind(self, request):
        return request.param

    @pytest.fixture
    def run(self, kind, settings, tmp_path):
        """A run of this kind, in a folder where the comparison has chosen a method other than plain Grad-CAM."""
        write_json(tmp_path / "methods.json", {"default": "flip"})
        return Run(settings(tmp_path, **KINDS[kind]))

    def test_every_stage_has_its_name_its_artifact_its_fields_and_its_lessons(self, run):
        numbers = {name: name.removeprefix("step")[0] for name in STEP_NAMES}
        found = [
            {
                "stage": stage.name,
                "artifact": stage.output,
                "depends on": " ".join(stage.depends),
                "lessons": " ".join(numbers[name] for name in stage.lessons_of(run)),
            }
            for stage in STAGES
        ]
        assert found == rows_of(GRAPH)

    def test_every_stage_reads_what_is_part_of_the_run(self, kind, run):
        engine = Engine(run, STAGES)
        wanted = {row["stage"]: row[kind] for row in rows_of(READS) if row[kind] != "-"}
        assert list(wanted) == [stage.name for stage in STAGES if stage.when(run)]
        measured = [name for name in wanted if wanted[name] != "*" and name not in ("report", "pdf")]
        for stage in STAGES:
            if stage.when(run):
                reads = wanted[stage.name]
                assert engine.reads_of(stage) == (measured if reads == "*" else [*filter(None, reads.split(", "))])

    def test_every_field_has_a_value(self, run):
        for field in {field for stage in STAGES for field in stage.depends}:
            digest(run.value_of(field))


def test_step_5_has_a_part_in_the_boxes_of_its_masks(settings, tmp_path):
    run = Run(settings(tmp_path, method="refined"))
    lessons = {stage.name: tuple(stage.lessons_of(run)) for stage in STAGES}
    assert lessons["threshold"] == lessons["boxes"] == STEP_NAMES[2:5]


class TestWhatRunsAgain:
    """Which stages take something in: asked of the whole chain without running any of it."""

    @pytest.fixture
    def touched(self, flip, settings):
        """Let `change` and `spoil` change the run and its records in memory; say which stages' inputs changed."""

        def ask(spoil=lambda records: None, change=lambda run: None, root=ROOT, **more):
            run = Run(settings(flip[0], **{"method": "flip", **more}))
            change(run)
            engine = Engine(run, STAGES, root)
            spoil(engine.records)
            return {
                stage.name
                for stage in MEASURING
                if stage.when(run) and engine.reason(stage) in ("its inputs changed", "not there yet")
            }

        return ask

    def test_nothing_without_a_change(self, touched):
        assert touched() == set()

    @pytest.mark.parametrize(
        ("stage", "readers"),
        [
            ("data", ""),
            ("heatmaps", "classifier methods maps alignment scores faithfulness"),
            ("classifier", ""),
            ("cam", ""),
            ("methods", "alignment threshold throughput"),
            ("maps", "alignment threshold boxes scores"),
            ("alignment", "threshold boxes faithfulness"),
            ("threshold", "boxes"),
            ("boxes", "scores"),
            ("scores", ""),
            ("masks", ""),
            ("faithfulness", ""),
            ("throughput", ""),
        ],
    )
    def test_a_changed_artifact_reaches_all_that_read_it(self, touched, stage, readers):
        def spoil(records):
            records[stage]["files"] = {"other": "0"}

        assert touched(spoil) == {*readers.split(), "results", "figures"}

    @pytest.mark.parametrize(
        ("step", "stages"),
        [
            ("step1_cam", "cam methods maps alignment"),
            ("step2_gradcam", "heatmaps cam methods maps alignment masks faithfulness throughput"),
            ("step3_boxes", "methods maps alignment threshold boxes scores masks faithfulness throughput"),
            ("step4_metrics", "methods maps alignment threshold boxes scores faithfulness throughput"),
            ("step5_segmentation", "methods maps alignment masks"),
            ("step6_faithfulness", "alignment faithfulness"),
        ],
    )
    def test_a_changed_lesson_reaches_all_that_run_it(self, touched, step, stages):
        def change(run):
            lessons = run.lessons
            run.lessons = replace(
                lessons, sha256={**lessons.sha256, step: "other"}, code_sha256={**lessons.code_sha256, step: "other"}
            )

        assert touched(change=change) == {*stages.split(), "results", "figures"}

    @pytest.mark.parametrize(("choice", "more"), [({"threshold": 0.3}, set()), ({"max_detections": 1}, {"boxes"})])
    def test_a_wish_about_the_boxes_makes_no_map_again(self, touched, choice, more):
        assert touched(**choice) == {"methods", "alignment", "threshold", "scores", "results", *more}

    def test_another_input_size_makes_new_maps(self, touched):
        def change(run):
            network = run.classifier
            run.classifier = replace(network, preprocessing=replace(network.preprocessing, size=192))

        again = {"heatmaps", "cam", "methods", "maps", "alignment", "masks", "faithfulness", "throughput"}
        again |= {"results", "figures"}
        assert touched(change=change) == again

    @pytest.mark.parametrize(
        ("helper", "stages"),
        [
            # stages/threshold.py -> localise/threshold.py -> localise/detector.py -> ...
            ("localise/watershed.py", "methods alignment threshold boxes scores masks faithfulness throughput figures"),
            # stages/scores.py -> evaluate/scores.py -> evaluate/bootstrap.py, and others
            ("evaluate/bootstrap.py", "classifier methods alignment scores masks faithfulness figures"),
        ],
    )
    def test_a_changed_helper_reaches_all_whose_code_imports_it(self, touched, tmp_path, helper, stages):
        root = shutil.copytree(ROOT, tmp_path / "package", ignore=shutil.ignore_patterns("*.pyc"))
        (root / helper).write_text((root / helper).read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
        assert touched(root=root) == set(stages.split())

    def test_a_changed_mask_reaches_the_masks_alone(self, touched, toy, tmp_path):
        data = shutil.copytree(toy, tmp_path / toy.name)
        assert touched(data=str(data)) == {"results"}  # which name the folder
        for split in ("val", "test"):
            sample = with_masks(read_split(data, split).samples[:LIMIT])[0]
            assert sample.mask
            sample.mask.write_bytes(sample.mask.read_bytes() + b" ")
            assert touched(data=str(data)) == {"masks", "results"}

    def test_another_network_sees_everything_again(self, touched):
        again = {"heatmaps", "cam", "methods", "maps", "alignment", "masks", "faithfulness", "throughput"}
        assert touched(precision="bf16") == again | {"results", "figures"}

    def test_another_method_finds_other_boxes_even_where_its_maps_are_the_same(self, touched):
        assert touched(method="watershed") == {"maps", "alignment", "threshold", "boxes", "scores", "results"}

    def test_a_shift_that_stays_in_is_asked_for_once_more(self, touched):
        assert touched(align="off") == {"alignment", "results"}

    def test_another_target_and_other_images_are_another_run(self, touched):
        readers = {"cam", "methods", "maps", "threshold", "boxes", "scores", "masks", "faithfulness", "throughput"}
        readers |= {"alignment", "results"}
        assert touched(target="horse") == {"data", "heatmaps", "classifier", *readers}
        assert touched(limit=LIMIT - 1) == {"data", "heatmaps", "classifier", *readers}

    def test_another_seed_draws_again_and_looks_at_nothing_again(self, touched):
        again = {"classifier", "methods", "alignment", "scores", "masks", "faithfulness", "results", "figures"}
        assert touched(seed=1) == again
