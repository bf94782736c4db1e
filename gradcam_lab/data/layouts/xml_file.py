"""Reading an XML file in any encoding that it declares."""

import codecs
import re
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import fromstring

from gradcam_lab.data.image_files import ProblemError
from gradcam_lab.data.layouts.repair import LATIN, Repairs
from gradcam_lab.files import names_a_file

DECLARED = re.compile(rb"""\s*<\?xml[^>]*?\bencoding\s*=\s*["']([A-Za-z][\w.-]*)["']""")

MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE, b"<\0", b"\0<")
"""How a file in UTF-8 or UTF-16 may begin, by which the parser knows it."""

SUPERSETS = {"gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949"}
"""What files that declare an encoding are written in: as in browsers, the larger set of letters that holds it."""


def read_xml(path: Path, repairs: Repairs) -> Element:
    """Read an XML file; Python's own parser knows encodings of one byte a letter and Unicode's alone.

    A file that declares no encoding and is not UTF-8, which XML takes then, is read as Latin-1 and counted.

    Returns:
        Its root.

    Raises:
        ProblemError: the file is missing or no XML.
    """
    if not names_a_file(path):
        raise ProblemError(f"The annotation '{path}' is missing")
    try:
        data = path.read_bytes()
        return fromstring(_decoded(path, data, repairs))
    except (ParseError, ValueError, LookupError, OSError) as error:  # ValueError: an entity that defusedxml refuses
        raise ProblemError(f"The annotation '{path}' is not valid XML ({error})") from error


def _decoded(path: Path, data: bytes, repairs: Repairs) -> bytes | str:
    """Decode text in an encoding that XML need not know; what Unicode's own marks say is left to the parser."""
    declared = DECLARED.match(data)
    name = declared[1].decode() if declared else "utf-8"
    try:
        codec = codecs.lookup(name).name
    except LookupError as error:
        raise ProblemError(f"The annotation '{path}' declares the encoding '{name}', which does not exist") from error
    if codec.startswith("utf-16") or data.startswith(MARKS):
        return data
    try:
        text = data.decode(SUPERSETS.get(codec, codec))
    except UnicodeDecodeError as error:
        if not declared:
            repairs[LATIN] += 1
            return data.decode("latin-1")
        line = data.count(b"\n", 0, error.start) + 1
        which = f"text in the encoding '{name}', which it declares"
        raise ProblemError(f"The annotation '{path}' is not {which} (line {line})") from error
    return text
