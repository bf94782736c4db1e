"""Image files: which are read, how deep and how large, and what is said of the others."""

import io
import struct
import warnings
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image, ImageFile

from gradcam_lab.data.bit_depth import common_bits
from gradcam_lab.data.image_files import (
    FORMATS,
    KINDS,
    MEGAPIXELS,
    CheckedImage,
    ProblemError,
    check_image,
    find_image,
    is_image,
    left_out,
    opened,
    read_image,
)
from gradcam_lab.errors import LabError
from tests import folders

COLOURS = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
COLOURS[0, 0] = 255
LOSSY = ("JPEG", "WEBP", "GIF", "AVIF")
RAMP = np.arange(600, dtype=np.uint16).reshape(20, 30)


def deep(path, values):
    """Write 16 bits a channel; values of shape (h, w) or (h, w, 3), RGB."""
    pixels = values[..., ::-1] if values.ndim == 3 else values
    path.write_bytes(cv2.imencode(path.suffix, np.ascontiguousarray(pixels))[1].tobytes())
    return path


class TestFormats:
    @pytest.mark.parametrize("name", [f for f in FORMATS if f not in LOSSY])
    def test_formats_without_loss_yield_their_pixels(self, tmp_path, name):
        path = tmp_path / "a.any"
        Image.fromarray(COLOURS).save(path, name)
        assert check_image(path) == CheckedImage((30, 20))
        np.testing.assert_array_equal(read_image(path), COLOURS)

    @pytest.mark.parametrize("name", LOSSY)
    def test_formats_with_loss_yield_nearly_their_pixels(self, tmp_path, name):
        path = tmp_path / "a.any"
        smooth = np.broadcast_to(np.linspace(0, 255, 30, dtype=np.uint8)[None, :, None], (20, 30, 3))
        Image.fromarray(smooth.copy()).save(path, name)
        assert check_image(path) == CheckedImage((30, 20))
        assert np.abs(read_image(path).astype(int) - smooth).max() < 12

    @pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_the_size_is_that_of_the_pixels_however_a_photo_is_turned(self, tmp_path, name, orientation):
        path, exif = tmp_path / "a.any", Image.Exif()
        exif[0x0112] = orientation
        Image.fromarray(COLOURS).save(path, name, exif=exif)
        assert check_image(path).size == read_image(path).shape[1::-1] == ((20, 30) if orientation > 4 else (30, 20))

    @pytest.mark.parametrize("mode", ["F", "I"])
    def test_numbers_of_32_bits_are_found_when_it_is_checked(self, tmp_path, mode):
        Image.fromarray(COLOURS[..., 0]).convert(mode).save(tmp_path / "a.tif")
        with pytest.raises(ProblemError, match=r"a\.tif' has pixels of 32 bits, which should be of 8 or 16$"):
            check_image(tmp_path / "a.tif")

    @pytest.mark.parametrize("name", [f for f in FORMATS if f not in ("BMP", "GIF")])
    def test_truncated_files_are_refused(self, tmp_path, name, capfd):
        path = tmp_path / "a.any"
        Image.fromarray(np.kron(COLOURS, np.ones((4, 4, 1), np.uint8))).save(path, name)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        with pytest.raises(ProblemError, match=f"is broken, truncated or no {KINDS}"):
            check_image(path)
        assert capfd.readouterr().err == ""


class TestNoLibrarySpeaks:
    def test_of_a_colour_profile_that_it_does_not_like(self, tmp_path, capfd):
        Image.fromarray(COLOURS).save(tmp_path / "a.png", icc_profile=b"no profile" * 30)
        np.testing.assert_array_equal(read_image(tmp_path / "a.png"), COLOURS)
        assert capfd.readouterr().err == ""

    def test_of_an_unknown_tag(self, tmp_path, capfd):
        Image.fromarray(COLOURS).save(tmp_path / "a.tif", tiffinfo={65000: "hello"})
        check_image(tmp_path / "a.tif")
        np.testing.assert_array_equal(read_image(tmp_path / "a.tif"), COLOURS)
        assert capfd.readouterr().err == ""


def large_png(path, width, height):
    """Write a black PNG of one bit a pixel."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    row, packer, packed = b"\0" * (1 + -(-width // 8)), zlib.compressobj(1), io.BytesIO()
    for _ in range(height):
        packed.write(packer.compress(row))
    packed.write(packer.flush())
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    ends = chunk(b"IHDR", header), chunk(b"IDAT", packed.getvalue()) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + ends[0] + ends[1])


class TestLimits:
    def test_a_sound_image_of_192_megapixels_is_told_the_limit(self, tmp_path, capfd, recwarn):
        large_png(tmp_path / "a.png", 16000, 12000)
        with pytest.raises(
            ProblemError, match=r"a\.png' has 192 megapixels, more than the limit of 178 \(make it smal"
        ):
            check_image(tmp_path / "a.png")
        assert (capfd.readouterr().err, len(recwarn)) == ("", 0)

    def test_below_it_nothing_is_said(self, tmp_path, capfd, recwarn):
        Image.new("L", (12700, 10000)).save(tmp_path / "a.jpg")
        assert check_image(tmp_path / "a.jpg").size == (12700, 10000)
        assert (capfd.readouterr().err, len(recwarn)) == ("", 0)
        assert MEGAPIXELS > 127

    def test_a_side_that_opencv_does_not_take(self, tmp_path, capfd):
        large_png(tmp_path / "a.png", 2_000_000, 1)
        with pytest.raises(ProblemError, match="a side of 2000000 pixels, more than the limit of 1048576"):
            check_image(tmp_path / "a.png")
        Image.new("1", (2_000_000, 1)).save(tmp_path / "a.bmp")
        for name in ("a.png", "a.bmp"):
            with pytest.raises(LabError, match=r"limit of 1048576 \(make it smaller\): replace it"):
                read_image(tmp_path / name)
        assert "WARN" not in capfd.readouterr().err

    def test_pillows_own_limit_stays_what_it_was(self, tmp_path):
        before = Image.MAX_IMAGE_PIXELS
        folders.draw(tmp_path / "a.jpg")
        check_image(tmp_path / "a.jpg")
        assert before == Image.MAX_IMAGE_PIXELS


class TestDepth:
    @pytest.mark.parametrize("suffix", [".png", ".tif"])
    @pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
    def test_what_fills_its_bits_is_as_bright_as_in_8(self, tmp_path, suffix, bits):
        values = COLOURS.astype(np.uint16) << (bits - 8)
        values += RAMP[..., None] % (1 << (bits - 8))  # it has finer steps than 8 bits
        path = deep(tmp_path / f"a{suffix}", values)
        assert check_image(path) == CheckedImage((30, 20), bits)
        np.testing.assert_array_equal(read_image(path), COLOURS)

    @pytest.mark.parametrize("suffix", [".png", ".tif"])
    def test_grey_and_transparent(self, tmp_path, suffix):
        grey = RAMP * 6  # up to 3594, 12 bits
        path = deep(tmp_path / f"a{suffix}", grey)
        np.testing.assert_array_equal(read_image(path)[..., 1], grey >> 4)
        cv2.imwrite(str(path), np.dstack([grey, grey * 0, grey // 2, grey * 0 + 65535]))
        np.testing.assert_array_equal(read_image(path), np.dstack([grey // 2, grey * 0, grey]) >> 4)

    def test_a_dark_photo_of_8_bits_stretched_to_16_stays_dark(self, tmp_path):
        dark = COLOURS // 20
        for factor in (256, 257):
            path = deep(tmp_path / "a.png", dark.astype(np.uint16) * factor)
            np.testing.assert_array_equal(read_image(path), dark)

    def test_the_data_set_decides_what_is_white(self, tmp_path):
        path = deep(tmp_path / "a.png", RAMP)  # 10 bits by itself
        assert check_image(path).bits == 10
        np.testing.assert_array_equal(read_image(path, 12)[..., 0], RAMP >> 4)
        np.testing.assert_array_equal(read_image(path, 16)[..., 0], RAMP >> 8)

    def test_black(self, tmp_path):
        assert check_image(deep(tmp_path / "a.png", RAMP * 0)).bits == 8
        assert common_bits([8, 12])[0] == 12

    def test_dark_images_among_bright_ones_are_said(self):
        bits, note = common_bits([None, 16, 12, 14, 10])
        assert bits == 16
        assert note.startswith("2 of the 4 images of 16 bits have no value above 4095 and stay dark")
        assert common_bits([16, 14]) == (16, "")


class TestNames:
    @pytest.mark.parametrize(
        "ending", [".jpg", ".JPG", ".jpeg", ".JPEG", ".Png", ".png", ".webp", ".TIF", ".bmp", ".gif"]
    )
    def test_any_ending_in_any_case(self, tmp_path, ending):
        (tmp_path / f"a.b{ending}").touch()
        assert find_image(tmp_path, "a.b") == find_image(tmp_path, f"a.b{ending}") == tmp_path / f"a.b{ending}"
        assert is_image(tmp_path / f"a.b{ending}")

    def test_none(self, tmp_path):
        (tmp_path / "a.heic").touch()
        assert find_image(tmp_path, "a") == tmp_path / "a.jpg"
        assert not is_image(tmp_path / "a.heic")
        assert not is_image(tmp_path / "._a.jpg")

    def test_of_several_the_layouts_own_else_none(self, tmp_path):
        for ending in (".webp", ".png"):
            (tmp_path / f"a{ending}").touch()
        with pytest.raises(ProblemError, match=r"a\.png' and 'a\.webp' have one name"):
            find_image(tmp_path, "a")
        (tmp_path / "a.jpg").touch()
        assert find_image(tmp_path, "a") == tmp_path / "a.jpg"

    def test_what_is_left_out_is_counted(self, tmp_path):
        for name in ("a.jpg", "b.HEIC", "c.heic", "Thumbs.db", ".hidden", "README"):
            (tmp_path / name).touch()
        (tmp_path / "more.jpg").mkdir()
        assert left_out(sorted(tmp_path.iterdir())) == "4 of 5 (2 .heic, 1 without an ending, 1 folder)"
        assert left_out([tmp_path / "a.jpg"]) == ""


def test_threads_that_open_images_at_once_put_pillows_settings_back(tmp_path, monkeypatch):
    """Of two threads the one that came first leaves first, while the other still reads."""
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    path = tmp_path / "a.png"
    Image.new("RGB", (4, 4)).save(path)
    before = warnings.filters[:]
    first, second = opened(path, "bad"), opened(path, "bad")
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert not ImageFile.LOAD_TRUNCATED_IMAGES
    assert Image.MAX_IMAGE_PIXELS is None
    second.__exit__(None, None, None)
    assert ImageFile.LOAD_TRUNCATED_IMAGES
    assert Image.MAX_IMAGE_PIXELS is not None
    assert warnings.filters[:] == before
