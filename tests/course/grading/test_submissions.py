"""What is read of a submission, and what is refused."""

import stat
import zipfile

import pytest

from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.grading.submissions import read
from gradcam_lab.course.grading.submitted_files import lay_out
from gradcam_lab.course.judging.verdicts import Status
from gradcam_lab.course.submissions.archives.limits import Bounds
from gradcam_lab.course.submissions.text import clean
from gradcam_lab.course.workspace import renamed
from gradcam_lab.course.workspace.folder import Problem
from gradcam_lab.errors import LabError
from tests.course.grading.submitted import answered, pack, put, solved, stubs, within
from tests.students import step_of


class TestReading:
    """What is read of a submission, and what is refused."""

    def test_every_module_and_the_names_of_strays_and_nothing_else(self, tmp_path):
        strays = {"torch.py": "x", "numpy/__init__.py": "x"}
        modules = {"helpers.py": "x", "notes/__init__.py": "x", "data/json.py": "x", "a/b/c.py": "x"}
        more = {
            ".gradcam-lab/state.json": "{}",
            "report.pdf": "x",
            "test_step1_cam.py": "x",
            "my helpers.py": "x",
            "env/pyvenv.cfg": "",
            "a/b/c/d/e.py": "x",
        }
        texts = {**solved(), **answered(), **strays, **modules, **more}
        files = read(put(tmp_path / "anna", {**texts, "env/lib.py": "x"}), Bounds())
        assert set(files) == {*solved(), "answers.md", *strays, *modules, ".gradcam-lab/state.json"}
        assert files["torch.py"] == b""
        assert files == read(pack(tmp_path / "anna.zip", texts), Bounds())
        lower = put(tmp_path / "bea", within("deep/my-lab", texts))
        assert files == read(lower, Bounds())

    def test_own_modules_that_are_too_large_are_problems_of_their_own(self, tmp_path):
        texts = {
            "step1_cam.py": "import helpers\nfrom tools.boxes import nms\nfrom step3_boxes import detect\n",
            "step3_boxes.py": "import random\n",
            "helpers.py": "import deeper\n",
            "deeper.py": "x = 1\n",
            "tools/boxes.py": "",
            "random.py": "",
        }
        expected = {name: text.encode() for name, text in texts.items()}
        for path in (put(tmp_path / "ada", texts), pack(tmp_path / "bea.zip", within("lab", texts))):
            assert read(path, Bounds()) == expected
        put(tmp_path / "cem", {**texts, "helpers.py": "#" * 5000})
        found = read(tmp_path / "cem", Bounds(member=1000))
        assert found == {**expected, "helpers.py": Problem("helpers.py is larger than 0.001 MB", "it was not unpacked")}
        found = read(tmp_path / "cem", Bounds(total=1000))
        assert [name for name, content in found.items() if isinstance(content, Problem)] == ["helpers.py"]

    def test_laid_out_they_are_imported_by_the_checks(self, tmp_path, judge):
        step = step_of("2")
        source = cut.graft(step.source, {"2.1": "import helpers\nreturn helpers.mean(gradients)"})
        helpers = "def mean(x):\n    return x.mean(dim=(2, 3))\n"
        files = read(put(tmp_path / "ada", {step.file: source, "helpers.py": helpers}), Bounds())
        (verdict,) = lay_out(files, tmp_path / "laid out").judge(step, judge, seed=7, checks=step.checks_of("2.1"))
        assert verdict.status is Status.passed

    @pytest.mark.parametrize("prefix", ["my-lab", "deep/my-lab", "Käse & Hündchen", "windows\\my-lab"])
    def test_the_files_may_lie_lower(self, tmp_path, prefix):
        texts = within(prefix, solved())
        assert set(read(pack(tmp_path / "a.zip", {**texts, f"__MACOSX/{prefix}/x.py": ""}), Bounds())) == set(solved())
        assert set(read(put(tmp_path / "a", within(prefix.replace("\\", "/"), solved())), Bounds())) == set(solved())

    def test_a_step_file_with_the_name_of_an_older_package_is_read_as_that_step(self, tmp_path):
        old, new = "step6_truth.py", "step6_faithfulness.py"
        texts = {renamed.OLD_NAMES.get(name, name): text for name, text in solved().items()}
        assert old in texts
        assert set(read(pack(tmp_path / "a.zip", within("my-lab", texts)), Bounds())) == {*solved(), old}
        assert read(put(tmp_path / "alone", {old: "x = 1"}), Bounds())[new] == b"x = 1"
        assert read(put(tmp_path / "both", {old: "x = 1", new: "x = 2"}), Bounds())[new] == b"x = 2"

    def test_a_zip_alone_in_a_folder_is_opened(self, tmp_path):
        pack(tmp_path / "anna_123_assignsubmission_file" / "my lab.zip", within("my lab", solved()))
        assert set(read(tmp_path / "anna_123_assignsubmission_file", Bounds())) == set(solved())

    def test_backups_below_do_not_count_beside_the_files_themselves(self, tmp_path):
        files = read(put(tmp_path / "anna", {**solved(), **within("old", stubs())}), Bounds())
        assert files[all_steps()[0].file] == all_steps()[0].source.encode()

    def test_several_candidates_are_named(self, tmp_path):
        path = put(tmp_path / "anna", {**within("lab1", solved()), **within("lab2", stubs())})
        with pytest.raises(LabError, match=r"2 folders \('lab1' and 'lab2'\)"):
            read(path, Bounds())

    @pytest.mark.parametrize("path", ["../step.py", "a/../../x.py", "/etc/x.py", "C:\\x.py", "..\\x.py", "C:x.py"])
    def test_a_path_that_climbs_out_is_refused_and_nothing_is_written(self, tmp_path, path):
        archive = pack(tmp_path / "in" / "a.zip", {**solved(), path: "evil"})
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(LabError, match="leads out of it"):
            read(archive, Bounds())
        assert sorted(tmp_path.rglob("*")) == before

    def test_links_are_refused_in_zips_and_in_folders(self, tmp_path):
        link = zipfile.ZipInfo(all_steps()[0].file)
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.writestr(link, "/etc/passwd")
        with pytest.raises(LabError, match="is a link"):
            read(tmp_path / "a.zip", Bounds())
        put(tmp_path / "bob", solved())
        (tmp_path / "carl").mkdir()
        (tmp_path / "carl" / all_steps()[0].file).symlink_to(tmp_path / "bob" / all_steps()[0].file)
        with pytest.raises(LabError, match="is a link"):
            read(tmp_path / "carl", Bounds())

    def test_a_bomb_is_not_unpacked(self, tmp_path):
        bomb = pack(tmp_path / "a.zip", {**solved(), all_steps()[0].file: " " * 30_000_000})
        assert bomb.stat().st_size < 100_000
        assert read(bomb, Bounds())[all_steps()[0].file] == Problem(
            f"{all_steps()[0].file} is larger than 1 MB", "it was not unpacked"
        )

    def test_a_bomb_of_a_packing_without_limits_is_not_opened(self, tmp_path):
        bomb = pack(tmp_path / "a.zip", {all_steps()[0].file: " " * 1_000}, zipfile.ZIP_BZIP2)
        with pytest.raises(LabError, match="unusual way"):
            read(bomb, Bounds())

    def test_a_large_file_that_nobody_reads_does_not_matter(self, tmp_path):
        path = pack(tmp_path / "a.zip", {**solved(), "film.mp4": " " * 5_000_000})
        assert set(read(path, Bounds())) == set(solved())

    def test_the_sum_and_the_number_are_limited_too(self, tmp_path):
        path = pack(tmp_path / "a.zip", solved())
        total = sum(len(text.encode()) for text in solved().values())
        with pytest.raises(LabError, match="together"):
            read(path, Bounds(total=total - 1))
        with pytest.raises(LabError, match=f"{len(solved())} files, more than 1"):
            read(path, Bounds(members=1))
        assert read(path, Bounds(total=total, members=len(solved())))

    def test_a_broken_zip_at_every_place(self, tmp_path):
        whole = pack(tmp_path / "whole.zip", solved()).read_bytes()
        damaged = bytearray(whole)
        damaged[200:260] = bytes(60)
        for content, sentence in (
            (whole[: len(whole) // 2], "cannot be opened"),
            (b"", "cannot be opened"),
            (b"PK\x03\x04 no zip", "cannot be opened"),
        ):
            (tmp_path / "a.zip").write_bytes(content)
            with pytest.raises(LabError, match=sentence):
                read(tmp_path / "a.zip", Bounds())
        (tmp_path / "a.zip").write_bytes(damaged)
        problems = [content for content in read(tmp_path / "a.zip", Bounds()).values() if isinstance(content, Problem)]
        assert ["The zip is damaged" in problem.what for problem in problems] == [True]

    def test_an_encrypted_zip_says_so(self, tmp_path):
        content = bytearray(pack(tmp_path / "a.zip", {all_steps()[0].file: "x"}).read_bytes())
        content[content.index(b"PK\x01\x02") + 8] |= 1  # the flag in the directory
        (tmp_path / "a.zip").write_bytes(content)
        with pytest.raises(LabError, match="without a password"):
            read(tmp_path / "a.zip", Bounds())

    @pytest.mark.parametrize(
        ("make", "sentence"),
        [
            (lambda path: path.mkdir(), "nothing in it"),
            (lambda path: put(path, {"notes.txt": "x"}), "no step file"),
            (lambda path: path.write_text("x"), "neither a folder nor an archive"),
        ],
        ids=["empty", "no step file", "a file"],
    )
    def test_what_is_no_submission_says_so(self, tmp_path, make, sentence):
        make(tmp_path / "anna")
        with pytest.raises(LabError, match=sentence):
            read(tmp_path / "anna", Bounds())

    def test_clean_text_is_legal_everywhere(self):
        assert clean("a\x00b\x1b[0m\ud800\uffff\r\n\tü李") == "a\ufffdb\ufffd[0m\ufffd\ufffd\ufffd\n\tü李"
