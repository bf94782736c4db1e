"""Messages: plain lines, a progress bar at a terminal, and a heartbeat at each."""

import io
import sys

import pytest

from gradcam_lab.console import on_heartbeat, progress, say, tracked, warn


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def beats():
    """A list that grows by one at every heartbeat."""
    heard: list[int] = []
    on_heartbeat(lambda: heard.append(1))
    yield heard
    on_heartbeat(None)


def test_lines_go_where_they_belong(capsys):
    say("a [b] line")
    warn("a warning")
    assert capsys.readouterr() == ("a [b] line\n", "a warning\n")


def test_a_warning_is_one_line_whatever_names_it_holds(capsys):
    warn("skipped: 'a\nb\x1b[2J\ufeff'")
    assert capsys.readouterr().err == r"skipped: 'a\nb\x1b[2J\ufeff'" + "\n"


def test_every_line_and_every_step_is_a_heartbeat(beats, capsys):
    say("one")
    warn("two")
    assert list(tracked("abc", "letters", 3)) == ["a", "b", "c"]
    with progress("steps", 9) as advance:
        advance()
        advance(8)
    assert len(beats) == 2 + 3 + 2


def test_nothing_is_drawn_where_stderr_is_no_terminal(capsys):
    assert list(tracked("ab", "letters", 2)) == ["a", "b"]
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("rank", "shown"), [("0", True), ("1", False)])
def test_at_a_terminal_the_first_process_draws_a_bar(beats, monkeypatch, rank, shown):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("RANK", rank)
    monkeypatch.setenv("TERM", "xterm")
    assert list(tracked("ab", "letters [of] it", 2)) == ["a", "b"]
    assert ("letters [of] it" in terminal.getvalue()) is shown
    assert len(beats) == 2
