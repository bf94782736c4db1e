"""Cells of text in CSV for spreadsheets: none is taken for a formula."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a cell that begins with one of these for a formula."""

BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""Excel needs it to recognise UTF-8; LibreOffice, pandas and R's readr accept it."""


def text_cell(text: str) -> str:
    """A cell of text, with an apostrophe before what a spreadsheet would take for a formula.

    Examples:
        >>> text_cell("=1+1"), text_cell("Ada"), text_cell("-")
        ("'=1+1", 'Ada', '-')
    """
    return f"'{text}" if text.startswith(FORMULA) and text != "-" else text
