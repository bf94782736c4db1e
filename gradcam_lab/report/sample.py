"""`python -m gradcam_lab.report.sample RUN DEST` copies a run's report for publication, with neutral paths."""

import json
import shutil
import sys
import tempfile
from pathlib import Path

from gradcam_lab.errors import LabError
from gradcam_lab.files import make_folder, write_json
from gradcam_lab.report.render import render
from gradcam_lab.report.results import read_results

FILES = ("results.json", "report.html", "report.pdf", "figures/hero.jpg")


def copy_sample(run: Path, destination: Path) -> None:
    """Render a run again with neutral paths, and copy the report, its numbers and its hero into a folder.

    Raises:
        LabError: the folder is no finished run, the PDF cannot be made, or the destination cannot be written.
    """
    results = read_results(run)
    root, text = results["run"]["data_root"], json.dumps(results)
    for path, name in ((root, Path(root).name), (str(Path.home()), "~")):
        text = text.replace(json.dumps(path)[1:-1], name)
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary)
        shutil.copytree(run / "figures", copy / "figures")
        write_json(copy / "results.json", json.loads(text))
        rendered = render(copy)
        if rendered.problem:
            raise LabError(rendered.problem)
        make_folder(destination)
        for file in FILES:
            shutil.copyfile(copy / file, destination / Path(file).name)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python -m gradcam_lab.report.sample RUN DEST")
    try:
        copy_sample(Path(sys.argv[1]), Path(sys.argv[2]))
    except LabError as error:
        sys.exit(str(error))
