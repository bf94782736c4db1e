"""Annotations in every encoding that they declare."""

import pytest

from gradcam_lab.data.image_files import ProblemError
from gradcam_lab.data.layouts.repair import LATIN, Repairs
from gradcam_lab.data.layouts.xml_file import read_xml

TEXT = "<annotation><name>{}</name></annotation>"


def written(path, text, encoding, declared=None):
    first = f'<?xml version="1.0" encoding="{declared}"?>\n' if declared else ""
    path.write_bytes((first + TEXT.format(text)).encode(encoding))
    return path


@pytest.mark.parametrize(
    ("encoding", "declared", "text"),
    [
        ("gb2312", "gb2312", "狗"),
        ("gb18030", "GB2312", "犇镕"),  # letters that gb2312 has not, as Windows writes them under its name
        ("gbk", "GBK", "狗"),
        ("big5", "Big5", "狗"),
        ("shift_jis", "Shift_JIS", "犬"),
        ("euc_kr", "EUC-KR", "개"),
        ("cp1252", "windows-1252", "Köter"),
        ("latin-1", "ISO-8859-1", "Köter"),
        ("utf-8", "UTF-8", "狗"),
        ("utf-8", None, "狗"),
        ("utf-8-sig", None, "狗"),
        ("utf-8-sig", "utf-8", "狗"),
        ("utf-16", "utf-16", "狗"),
        ("utf-16", None, "狗"),
        ("utf-16-le", "utf-16", "狗"),
        ("utf-16-be", None, "狗"),
    ],
)
def test_is_read(tmp_path, encoding, declared, text):
    assert read_xml(written(tmp_path / "a.xml", text, encoding, declared), Repairs()).findtext("name") == text


@pytest.mark.parametrize(
    ("encoding", "declared", "message"),
    [
        ("gbk", "utf-8", r"a\.xml' is not text in the encoding 'utf-8', which it declares \(line 2\)$"),
        ("utf-8", "ascii", r"is not text in the encoding 'ascii', which it declares \(line 2\)$"),
        ("utf-8", "klingon", r"declares the encoding 'klingon', which does not exist$"),
        ("utf-8", "hex", r"is not valid XML"),
        ("utf-8", "utf-16", r"is not valid XML"),
    ],
)
def test_another_encoding_than_the_declared_one_is_named(tmp_path, encoding, declared, message):
    with pytest.raises(ProblemError, match=message):
        read_xml(written(tmp_path / "a.xml", "狗", encoding, declared), Repairs())


def test_what_declares_nothing_and_is_not_unicode_is_latin_1_and_counted(tmp_path):
    repairs = Repairs()
    assert read_xml(written(tmp_path / "a.xml", "Köter", "latin-1"), repairs).findtext("name") == "Köter"
    assert repairs == {LATIN: 1}
    read_xml(written(tmp_path / "b.xml", "Köter", "utf-8"), repairs)
    assert repairs == {LATIN: 1}


def test_entities_are_refused_in_every_encoding(tmp_path):
    for encoding in ("utf-8", "gb2312"):
        text = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>'
        (tmp_path / "a.xml").write_bytes(text.encode(encoding))
        with pytest.raises(ProblemError, match="EntitiesForbidden"):
            read_xml(tmp_path / "a.xml", Repairs())
