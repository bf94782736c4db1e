"""The sample report, which names no path of the machine that made it."""

import json
from pathlib import Path

from gradcam_lab.report import render, sample
from tests.synthetic_run import results


def test_the_sample_names_no_path_of_this_machine(run, tmp_path, monkeypatch):
    monkeypatch.setattr(render, "write_pdf", lambda html, path: path.write_text(html, encoding="utf-8") and None)
    home = str(Path.home())
    content = results()
    content["run"].update(data_root="/somewhere/deep/toyvoc-1", weights=f"{home}/weights.pth")
    content["provenance"]["command"] = f"gradcam-lab run-all --weights {home}/weights.pth"
    (run / "results.json").write_text(json.dumps(content), encoding="utf-8")
    sample.copy_sample(run, tmp_path / "sample")
    assert {path.name for path in (tmp_path / "sample").iterdir()} == {
        "results.json",
        "report.html",
        "report.pdf",
        "hero.jpg",
    }
    for name in ("results.json", "report.html", "report.pdf"):
        text = (tmp_path / "sample" / name).read_text(encoding="utf-8")
        assert "/somewhere/deep" not in text
        assert home not in text
        assert "toyvoc-1" in text
