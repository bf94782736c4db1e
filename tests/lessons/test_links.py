"""Every lesson leads on: to the papers, to their authors' code, and to the pages that the CSC413 lab links."""

import re
from pathlib import Path

import pytest

from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.report.text.markdown import to_html

LINKS = {
    1: ["arxiv.org/abs/1512.04150", "zhoubolei/CAM", "413/cat.jpg", "413/boat.jpg", "imagenet-simple-labels"],
    2: [
        *("arxiv.org/abs/1610.02391", "ramprs/grad-cam", "watch?v=COjUB9Izk6E", "torchvision/models/vgg.py"),
        *("deepimagesent", "karpathy/neuraltalk2", "ruotianluo/ImageCaptioning.pytorch", "arxiv.org/abs/1312.6034"),
    ],
    3: ["arxiv.org/abs/1512.04150", "arxiv.org/abs/2001.07437", "clovaai/wsolevaluation"],
    4: ["doi.org/10.1007/s11263-009-0275-4", "pascal/VOC", "arxiv.org/abs/1405.0312"],
    5: ["doi.org/10.1145/1015706.1015720", "arxiv.org/abs/1603.06098", "docs.opencv.org"],
    6: ["arxiv.org/abs/1608.00507", "arxiv.org/abs/1806.07421", "eclique/RISE", "arxiv.org/abs/1810.03292"],
}


def prose(source: str) -> str:
    """The text of a lesson: its comments without their signs, and everything else as it stands."""
    return re.sub(r"^ *# ?", "", source, flags=re.MULTILINE)


@pytest.mark.parametrize("step", all_steps(), ids=lambda step: step.name)
def test_a_lesson_links_its_sources_and_every_link_is_whole(step):
    """As Markdown reads them, also where a title runs over the end of a line."""
    addresses = re.findall(r'<a href="(https?://[^"]+)">', to_html(prose(step.source)))
    assert all(any(part in address for address in addresses) for part in LINKS[step.number])
    assert len(addresses) == step.source.count("](http")


def test_the_report_links_the_papers():
    folder = Path(__file__).parents[2] / "templates" / "sections"
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.md.j2")))
    for paper in ("1512.04150", "1610.02391", "1312.6034", "1608.00507", "1806.07421", "1810.03292"):
        assert f"](https://arxiv.org/abs/{paper})" in text
