"""HTML to PDF by WeasyPrint, the same bytes for the same SOURCE_DATE_EPOCH."""

import contextlib
import io
from pathlib import Path

from gradcam_lab.files import moved_into_place

PANGO_IS_MISSING = (
    "No PDF: WeasyPrint needs the Pango library (Debian, Ubuntu: apt install libpango-1.0-0 libpangoft2-1.0-0 "
    "libharfbuzz-subset0; macOS: brew install pango; Windows: pacman -S mingw-w64-x86_64-pango in MSYS2). "
    "The HTML report is complete."
)

# Downsampled to 150 dots an inch, photos are sharp on paper and the file stays small.
DPI = 150
JPEG_QUALITY = 85

FONTS = {
    ("STIXGeneral", "normal", "normal"): "STIXGeneral.ttf",
    ("STIXGeneral", "bold", "normal"): "STIXGeneralBol.ttf",
    ("STIXGeneral", "normal", "italic"): "STIXGeneralItalic.ttf",
    ("STIXGeneral", "bold", "italic"): "STIXGeneralBolIta.ttf",
    ("DejaVu Sans Mono", "normal", "normal"): "DejaVuSansMono.ttf",
    ("DejaVu Sans Mono", "bold", "normal"): "DejaVuSansMono-Bold.ttf",
    ("DejaVu Sans Mono", "normal", "italic"): "DejaVuSansMono-Oblique.ttf",
}
"""(family, weight, style) -> file: fonts that come with matplotlib, so that pages are the same on every machine."""


class PdfError(Exception):
    """There is no PDF; the text is one line that says what to install."""


def write_pdf(html: str, path: Path) -> None:
    """Print an HTML page to PDF.

    Args:
        html: the page; images and fonts are fetched from `data:` and from matplotlib's folder of fonts alone.
        path: the PDF to write.

    Raises:
        PdfError: Pango is missing.
        LabError: the file cannot be written.
    """
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            import weasyprint  # without Pango it prints a banner of its own, and then raises
    except OSError as error:
        raise PdfError(PANGO_IS_MISSING) from error
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher

    fonts = FontConfiguration()
    fetcher = URLFetcher(allowed_protocols=("data", "file"))
    faces = weasyprint.CSS(string=_font_faces(), font_config=fonts, url_fetcher=fetcher)
    document = weasyprint.HTML(string=html, url_fetcher=URLFetcher(allowed_protocols=("data",)))
    data = document.write_pdf(
        stylesheets=[faces], font_config=fonts, dpi=DPI, jpeg_quality=JPEG_QUALITY, pdf_tags=True, optimize_images=True
    )
    with moved_into_place(path) as temporary:
        temporary.write_bytes(data)


def _font_faces() -> str:
    from matplotlib import get_data_path

    folder = Path(get_data_path()) / "fonts" / "ttf"
    return "\n".join(
        f'@font-face {{ font-family: "{family}"; font-weight: {weight}; font-style: {style}; '
        f'src: url("{(folder / file).as_uri()}") }}'
        for (family, weight, style), file in FONTS.items()
        if (folder / file).is_file()
    )
