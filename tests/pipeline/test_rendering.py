"""The stages that render a finished run: what they depend on."""

import pytest

from gradcam_lab.pipeline.engine import Engine
from gradcam_lab.pipeline.graph import RENDERING, STAGES
from gradcam_lab.pipeline.rendering import Rendering


@pytest.fixture
def reason(whole):
    """Say why the report would be rendered again; nothing where it would not."""
    return lambda: Engine(Rendering(whole, pdf=False), STAGES).reason(RENDERING[0])


def test_a_finished_report_is_not_rendered_again(reason):
    assert reason() == ""


def test_another_date_is_another_report(reason, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert reason() == "its inputs changed"


def test_the_pdf_is_a_stage_only_where_it_is_wanted(whole):
    wanted = [[stage.name for stage in RENDERING if stage.when(Rendering(whole, pdf))] for pdf in (True, False)]
    assert wanted == [["report", "pdf"], ["report"]]


def test_no_lesson_runs_in_them(whole):
    assert not any(stage.lessons for stage in RENDERING)
    with pytest.raises(KeyError):
        Rendering(whole, pdf=False).lesson_hash("step1_cam")
