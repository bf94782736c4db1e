"""VOC's colours."""

from gradcam_lab.data.voc_classes import voc_palette


def test_the_palette_is_that_of_voc():
    known = {0: (0, 0, 0), 1: (128, 0, 0), 8: (64, 0, 0), 12: (64, 0, 128), 15: (192, 128, 128), 255: (224, 224, 192)}
    palette = voc_palette()
    assert {i: tuple(palette[i].tolist()) for i in known} == known
