"""No backup is lost, and nothing is changed without one."""

from datetime import datetime

from gradcam_lab.course.workspace import backup
from gradcam_lab.course.workspace import reset as resetting
from tests.course.workspace.helpers import FILE, refusal, replace


def test_no_backup_overwrites_an_older_one(workspace, file, monkeypatch):
    class Clock(datetime):
        hours = iter([12, 12, 11, 13])  # twice in a second, then put back

        @classmethod
        def now(cls, tz=None):
            return cls(2026, 11, 21, next(cls.hours), 0, 0, 500)

    monkeypatch.setattr(backup, "datetime", Clock)
    for number in range(4):
        file.write_text(f"x = {number}\n", encoding="utf-8")
        resetting.reset("2", yes=True)
    backups = backup.all_backups(workspace)
    assert [b.name[11:] for b in backups] == ["12-00-00", "12-00-01", "12-00-02", "13-00-00"]
    assert [(b / FILE).read_text(encoding="utf-8") for b in backups] == [f"x = {n}\n" for n in range(4)]


def test_without_a_backup_nothing_is_changed(workspace, file):
    replace(file)
    before = file.read_bytes()
    (workspace.state_folder / "backups").write_text("a file in the way", encoding="utf-8")
    assert "nothing was changed" in refusal(resetting.reset, "2.1", yes=True)
    assert file.read_bytes() == before
