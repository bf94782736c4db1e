"""The lock between processes, here between threads: each opens the file by itself, as processes do."""

import threading

from gradcam_lab.data.download.lock import alone


def test_one_process_at_a_time(tmp_path, capsys):
    order, begun = [], threading.Event()

    def second():
        begun.set()
        with alone(tmp_path / "x.lock", "a set"):
            order.append("second")

    with alone(tmp_path / "x.lock", "a set"):
        thread = threading.Thread(target=second)
        thread.start()
        begun.wait()
        thread.join(0.1)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    assert capsys.readouterr().err == "Another process is at work on a set: waiting for it.\n"
