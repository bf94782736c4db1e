"""The commands of the panel Data and machine; what the checks find is in `tests/test_doctor.py`."""

import json

import pytest

from gradcam_lab import doctor
from gradcam_lab.data.download import official
from tests.commands import lab


class TestDoctor:
    @pytest.mark.parametrize("ok", [True, False])
    def test_the_exit_code_says_whether_all_is_well(self, monkeypatch, ok):
        findings = [
            doctor.Finding("Python", True, "3.11"),
            doctor.Finding("Pango", ok, "found", "" if ok else "get it"),
        ]
        monkeypatch.setattr(doctor, "examine", lambda: findings)
        done = lab("doctor")
        assert (done.code, done.err) == (0 if ok else 1, "")
        assert ("remedy: get it" in done.out) != ok
        done = lab("doctor", "--json")
        assert done.code == (0 if ok else 1)
        assert [finding["ok"] for finding in json.loads(done.out)] == [True, ok]


def test_fetch_prints_the_folder_of_a_set_that_is_there(toy):
    done = lab("fetch", "voc2007", "--data-root", toy)
    assert done.code == 0, done.err
    assert done.out.strip() == str(toy)
    assert "voc2007" in official.DATA_SETS
