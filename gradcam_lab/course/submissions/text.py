"""Text that comes from students: names of files and folders, messages, answers."""

import unicodedata


def clean(text: str) -> str:
    """Text from a student as every export can hold it: without control characters and halves of surrogate pairs."""
    composed = unicodedata.normalize("NFC", text)  # macOS takes letters and their accents apart
    return "".join(letter if _harmless(letter) else "\N{REPLACEMENT CHARACTER}" for letter in composed)


def _harmless(letter: str) -> bool:
    return letter in "\n\t" or (unicodedata.category(letter) not in ("Cc", "Cs") and letter not in "\ufffe\uffff")


def in_one_line(text: str) -> str:
    """Clean text in one line, "?" where nothing is left."""
    return " ".join(clean(text).split()) or "?"
