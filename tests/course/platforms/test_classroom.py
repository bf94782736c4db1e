"""What `classroom` writes for platforms that import a table, and the wheel that the others install."""

import base64
import csv
import hashlib
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from gradcam_lab.course.platforms import wheel
from tests.commands import lab, refused
from tests.documents import commands


@pytest.mark.parametrize("platform", ["canvas", "moodle"])
def test_the_instructions_are_complete(tmp_path, monkeypatch, platform):
    monkeypatch.chdir(tmp_path)
    done = lab("classroom", platform)
    assert (done.code, Path(done.out.strip())) == (0, Path(platform, "README.md"))
    text = (tmp_path / platform / "README.md").read_text(encoding="utf-8")
    assert "@" not in text
    assert any(
        f"--{platform} {platform}.csv" in command
        for command in commands(text.replace("   ```", "```").replace("   gradcam-lab", "gradcam-lab"))
    )


def test_a_file_in_the_place_of_the_folder_is_one_sentence(tmp_path):
    (tmp_path / "x").write_text("")
    refused(lab("classroom", "canvas", "--out", tmp_path / "x"), "Cannot make the folder")


def test_without_an_index_it_is_said_what_pip_will_take(tmp_path):
    done = lab("classroom", "gradescope", "--out", tmp_path, "--index", "")
    assert "give --index URL" in done.out


class TestWheel:
    @pytest.fixture(scope="class")
    @classmethod
    def path(cls, tmp_path_factory):
        return wheel.write(tmp_path_factory.mktemp("wheel"))

    def test_its_record_is_right(self, path):
        with zipfile.ZipFile(path) as archive:
            (name,) = [name for name in archive.namelist() if name.endswith("RECORD")]
            record = list(csv.reader(io.StringIO(archive.read(name).decode())))
            assert sorted(row[0] for row in record) == sorted(archive.namelist())
            for file, digest, size in record:
                if file != name:
                    content = archive.read(file)
                    found = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
                    assert (digest, int(size)) == (f"sha256={found}", len(content))

    def test_unpacked_it_has_its_own_lessons_and_templates(self, path, tmp_path):
        with zipfile.ZipFile(path) as archive:
            archive.extractall(tmp_path)
        code = (
            f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
            "import gradcam_lab, gradcam_lab.lessons, gradcam_lab.templates\n"
            "print(gradcam_lab.__file__, *gradcam_lab.lessons.__path__, *gradcam_lab.templates.__path__)"
        )
        done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count(str(tmp_path)) == 3

    def test_the_same_content_is_the_same_wheel(self, path, tmp_path):
        assert wheel.write(tmp_path).read_bytes() == path.read_bytes()
