"""Images of every kind are read as a viewer shows them: Pillow's own turning and compositing is the oracle."""

import io
import struct
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms, ImageFile, ImageOps

from gradcam_lab.data.image_files import CheckedImage, ProblemError, check_image, read_image
from gradcam_lab.errors import LabError

SIZE = (75, 50)
SMOOTH = cv2.resize(np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8), SIZE, interpolation=cv2.INTER_CUBIC)
PHOTO = Image.fromarray(SMOOTH)
GREY = PHOTO.convert("L")
OPACITY = Image.fromarray(np.linspace(0, 255, SIZE[0], dtype=np.uint8)[None].repeat(SIZE[1], 0))
CLEAR = Image.merge("RGBA", (*PHOTO.split(), OPACITY))
PALETTE = PHOTO.quantize(32)
FRAMES = (ImageOps.mirror(PHOTO), ImageOps.flip(PHOTO))
LAB = ImageCms.profileToProfile(PHOTO, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB")


def turned(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def several(*frames, **more):
    return {"save_all": True, "append_images": [frame.copy() for frame in frames], **more}


def saved(image, name, more, path) -> None:
    image.copy().save(path, name, **more)


def png(path, depth, colour, rows, *, interlaced=0, before=(), after=()):
    """Write a PNG by hand: rows are bytes, each with its filter; chunks go before and after the pixels."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", *SIZE, depth, colour, 0, 0, interlaced)
    chunks = [(b"IHDR", header), *before, (b"IDAT", zlib.compress(b"".join(rows))), *after, (b"IEND", b"")]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks))


ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
"""Of each pass the first row and column, and the steps between rows and between columns."""


def interlaced(path):
    passes = [SMOOTH[top::down, left::across] for top, left, down, across in ADAM7]
    png(path, 8, 2, [b"\0" + row.tobytes() for part in passes for row in part], interlaced=1)


def plain_rows():
    return [b"\0" + row.tobytes() for row in SMOOTH]


def ycck(path):
    """Write a JPEG of four channels as Photoshop does: CMYK, inverted, and its CMY as YCbCr."""
    cyan_magenta_yellow = np.array(PHOTO.convert("CMYK"))[..., :3]
    luma = np.array(Image.fromarray(cyan_magenta_yellow).convert("YCbCr"))
    Image.fromarray(np.dstack([255 - luma, np.zeros_like(luma[..., 0])]), "CMYK").save(
        path, "JPEG", quality=98, subsampling=0
    )
    data = path.read_bytes()
    at = data.index(b"Adobe") + 11
    path.write_bytes(data[:at] + b"\2" + data[at + 1 :])  # the marker's transform: 0 was CMYK


KINDS: dict[str, Callable[[Path], None]] = {
    "jpeg": partial(saved, PHOTO, "JPEG", {"quality": 95}),
    "jpeg, grey": partial(saved, GREY, "JPEG", {"quality": 95}),
    "jpeg, progressive": partial(saved, PHOTO, "JPEG", {"progressive": True}),
    "jpeg, all colours": partial(saved, PHOTO, "JPEG", {"subsampling": 0}),
    "jpeg, cmyk inverted": partial(saved, PHOTO.convert("CMYK"), "JPEG", {"quality": 95}),
    "jpeg, cmyk turned": partial(saved, PHOTO.convert("CMYK"), "JPEG", {"exif": turned(6)}),
    "jpeg, ycck": ycck,
    "jpeg, mpo": partial(saved, PHOTO, "MPO", several(*FRAMES)),
    "jpeg, mpo turned": partial(saved, PHOTO, "MPO", several(*FRAMES, exif=turned(8))),
    "png": partial(saved, PHOTO, "PNG", {}),
    "png, grey": partial(saved, GREY, "PNG", {}),
    "png, grey and opacity": partial(saved, Image.merge("LA", (GREY, OPACITY)), "PNG", {}),
    "png, opacity": partial(saved, CLEAR, "PNG", {}),
    "png, opacity turned": partial(saved, CLEAR, "PNG", {"exif": turned(5)}),
    "png, opaque opacity": partial(saved, PHOTO.convert("RGBA"), "PNG", {}),
    "png, palette": partial(saved, PALETTE, "PNG", {}),
    "png, palette with a hole": partial(saved, PALETTE, "PNG", {"transparency": 3}),
    "png, palette with opacities": partial(saved, PALETTE, "PNG", {"transparency": bytes(range(0, 256, 8))}),
    "png, a transparent colour": partial(saved, PHOTO, "PNG", {"transparency": tuple(SMOOTH[3, 4].tolist())}),
    "png, a transparent grey": partial(saved, GREY, "PNG", {"transparency": GREY.getpixel((4, 3))}),
    "png, 1 bit": partial(saved, PHOTO.convert("1"), "PNG", {}),
    "png, interlaced": interlaced,
    "png, animated": partial(saved, PHOTO, "PNG", several(*FRAMES)),
    "png, animated and clear": partial(saved, CLEAR, "PNG", several(ImageOps.mirror(CLEAR))),
    "webp": partial(saved, PHOTO, "WEBP", {"quality": 95}),
    "webp, opacity": partial(saved, CLEAR, "WEBP", {"lossless": True}),
    "webp, animated": partial(saved, PHOTO, "WEBP", several(*FRAMES)),
    "webp, animated and clear": partial(saved, CLEAR, "WEBP", several(ImageOps.mirror(CLEAR))),
    "gif": partial(saved, PALETTE, "GIF", {}),
    "gif, a hole": partial(saved, PALETTE, "GIF", {"transparency": 3}),
    "gif, animated": partial(saved, PHOTO, "GIF", several(*FRAMES)),
    "gif, animated and clear": partial(saved, CLEAR, "GIF", several(ImageOps.mirror(CLEAR))),
    "bmp": partial(saved, PHOTO, "BMP", {}),
    "bmp, opacity": partial(saved, CLEAR, "BMP", {}),
    "bmp, palette": partial(saved, PALETTE, "BMP", {}),
    "bmp, 1 bit": partial(saved, PHOTO.convert("1"), "BMP", {}),
    "tiff, cmyk": partial(saved, PHOTO.convert("CMYK"), "TIFF", {}),
    "tiff, lab": partial(saved, LAB, "TIFF", {}),
    "tiff, opacity": partial(saved, CLEAR, "TIFF", {}),
    "tiff, opacity turned": partial(saved, CLEAR, "TIFF", {"exif": turned(7)}),
    "tiff, palette": partial(saved, PALETTE, "TIFF", {}),
    "tiff, jpeg inside": partial(saved, PHOTO, "TIFF", {"compression": "jpeg"}),
    "tiff, fax": partial(saved, PHOTO.convert("1"), "TIFF", {"compression": "group4"}),
    "tiff, pages": partial(saved, PHOTO, "TIFF", several(*FRAMES)),
    "avif": partial(saved, PHOTO, "AVIF", {"quality": 90}),
    "avif, opacity": partial(saved, CLEAR, "AVIF", {"quality": 90}),
    "avif, animated": partial(saved, PHOTO, "AVIF", several(*FRAMES)),
}
TURNED: dict[str, Callable[[Path], None]] = {
    f"{name.lower()}, turned {orientation}": partial(saved, PHOTO, name, {"exif": turned(orientation)})
    for name in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF")
    for orientation in range(1, 9)
}


def shown(path):
    """What Pillow shows: the first picture, turned, on white."""
    with Image.open(io.BytesIO(path.read_bytes())) as file:  # of a path Pillow 13 turns a TIFF of four channels wrongly
        file.load()  # a TIFF is turned by this
        image = ImageOps.exif_transpose(file).convert("RGBA")
    return np.array(Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB"))


@pytest.mark.parametrize("kind", [*KINDS, *TURNED])
def test_as_a_viewer_shows_it(tmp_path, kind):
    path = tmp_path / "a.any"
    (KINDS | TURNED)[kind](path)
    expected, pixels = shown(path), read_image(path)
    assert check_image(path) == CheckedImage(pixels.shape[1::-1])
    assert pixels.flags.c_contiguous
    assert pixels.dtype == np.uint8
    np.testing.assert_allclose(pixels.astype(int), expected, atol=2)


class TestTheOracle:
    """That Pillow shows what was meant, where it is not plain from the file."""

    def test_ycck_is_the_photo(self, tmp_path):
        ycck(tmp_path / "a.jpg")
        with Image.open(tmp_path / "a.jpg") as image:
            assert image.mode == "CMYK"
        assert np.abs(read_image(tmp_path / "a.jpg").astype(int) - SMOOTH).max() < 12

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_each_turn_is_undone(self, tmp_path, orientation):
        undo = {5: 5, 6: 8, 7: 7, 8: 6}.get(orientation, orientation)
        TURNED[f"png, turned {undo}"](tmp_path / "undo.png")
        Image.fromarray(read_image(tmp_path / "undo.png")).save(tmp_path / "a.png", exif=turned(orientation))
        np.testing.assert_array_equal(read_image(tmp_path / "a.png"), SMOOTH)

    def test_the_first_frame(self, tmp_path):
        for name in ("PNG", "WEBP", "GIF", "TIFF", "AVIF", "MPO"):
            saved(PHOTO, name, several(*FRAMES), tmp_path / "a.any")
            assert np.abs(read_image(tmp_path / "a.any").astype(int) - SMOOTH).mean() < 8, name

    def test_what_is_clear_is_white_and_what_is_half_clear_is_mixed_with_it(self, tmp_path):
        pixels = np.array([[[200, 100, 0, 0], [200, 100, 0, 255], [200, 100, 0, 51]]], np.uint8)
        Image.fromarray(pixels).save(tmp_path / "a.png")
        assert read_image(tmp_path / "a.png").tolist() == [[[255, 255, 255], [200, 100, 0], [244, 224, 204]]]


class TestOrientation:
    @pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP"])
    def test_what_xmp_says_of_it_turns_nothing(self, tmp_path, name):
        path, xmp = tmp_path / "a.any", b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r tiff:Orientation="6"/></x:xmpmeta>'
        PHOTO.copy().save(path, name, xmp=xmp)
        assert check_image(path).size == read_image(path).shape[1::-1] == SIZE

    def test_a_png_may_say_it_behind_its_pixels(self, tmp_path):
        png(tmp_path / "a.png", 8, 2, plain_rows(), after=[(b"eXIf", turned(6).tobytes()[6:])])
        assert check_image(tmp_path / "a.png").size == read_image(tmp_path / "a.png").shape[1::-1] == SIZE[::-1]

    @pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP"])
    @pytest.mark.parametrize("exif", [b"Exif\0\0", b"Exif\0\0II*\0", b"Exif\0\0MM\0*\xff\xff\xff\xff", b"nothing" * 9])
    def test_damaged_exif_turns_nothing(self, tmp_path, name, exif):
        PHOTO.copy().save(tmp_path / "a.any", name, exif=exif)
        assert check_image(tmp_path / "a.any").size == read_image(tmp_path / "a.any").shape[1::-1] == SIZE

    @pytest.mark.parametrize("value", [0, 9, 65535])
    def test_an_orientation_that_there_is_not(self, tmp_path, value):
        PHOTO.copy().save(tmp_path / "a.jpg", exif=turned(value))
        assert check_image(tmp_path / "a.jpg").size == read_image(tmp_path / "a.jpg").shape[1::-1] == SIZE


class TestSixteenBitsWithOpacity:
    @pytest.mark.parametrize("suffix", [".png", ".tif"])
    def test_it_lies_on_white(self, tmp_path, suffix):
        path, deep = tmp_path / f"a{suffix}", np.array(CLEAR).astype(np.uint16) * 257
        path.write_bytes(cv2.imencode(suffix, np.ascontiguousarray(deep[..., [2, 1, 0, 3]]))[1].tobytes())
        CLEAR.copy().save(tmp_path / "8.png")
        assert check_image(path) == CheckedImage(SIZE, 16)
        np.testing.assert_allclose(read_image(path).astype(int), shown(tmp_path / "8.png"), atol=2)

    def test_grey_of_12_bits(self, tmp_path):
        grey, opacity = np.array(GREY).astype(">u2") * 16, np.array(OPACITY).astype(">u2") * 257
        rows = [b"\0" + row.tobytes() for row in np.dstack([grey, opacity]).astype(">u2")]
        png(tmp_path / "a.png", 16, 4, rows)
        Image.merge("LA", (GREY, OPACITY)).save(tmp_path / "8.png")
        assert check_image(tmp_path / "a.png").bits == 12
        np.testing.assert_allclose(read_image(tmp_path / "a.png").astype(int), shown(tmp_path / "8.png"), atol=2)

    @pytest.mark.parametrize("colour", [0, 2])
    def test_a_transparent_colour_is_compared_in_16_bits(self, tmp_path, colour):
        deep = (np.array(GREY if colour == 0 else PHOTO).astype(np.uint16) * 256 + 1).astype(">u2")
        near, key = deep[0, 0] + 1, np.array(deep[0, 0])  # in 8 bits the two are one
        deep[10, 20] = near
        rows = [b"\0" + row.tobytes() for row in deep]
        png(tmp_path / "a.png", 16, colour, rows, before=[(b"tRNS", key.astype(">u2").tobytes())])
        pixels = read_image(tmp_path / "a.png")
        assert check_image(tmp_path / "a.png") == CheckedImage(SIZE, 16)
        assert pixels[0, 0].tolist() == [255, 255, 255]
        assert pixels[10, 20].tolist() == np.broadcast_to(near >> 8, 3).tolist()


class TestWhatIsNotRead:
    @pytest.mark.parametrize("brand", [b"heic", b"mif1"])
    def test_heic_is_called_so(self, tmp_path, brand):
        (tmp_path / "a.heic").write_bytes(b"\0\0\0\x18ftyp" + brand + b"\0" * 60)
        with pytest.raises(ProblemError, match=r"a\.heic' is HEIC, which is not read \(save it as JPEG\)$"):
            check_image(tmp_path / "a.heic")
        with pytest.raises(LabError, match=r"is HEIC, which is not read \(save it as JPEG\): replace it\.$"):
            read_image(tmp_path / "a.heic")

    def test_a_missing_file(self, tmp_path):
        with pytest.raises(LabError, match=r"The image '.*a\.jpg' is missing: replace it\."):
            read_image(tmp_path / "a.jpg")


def test_threads_leave_pillows_settings_as_they_were(tmp_path):
    before = ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS
    paths = [tmp_path / f"{number}.png" for number in range(40)]
    for path in paths:
        PHOTO.convert("RGBA").save(path)
    cut = io.BytesIO()
    PHOTO.convert("RGBA").save(cut, "PNG")
    paths[7].write_bytes(cut.getvalue()[:-900])

    def size(path):
        try:
            return check_image(path).size
        except ProblemError:
            return None

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(size, paths * 5))
    assert [found[place] is None for place in range(40)] == [place == 7 for place in range(40)]
    assert before == (ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS)
