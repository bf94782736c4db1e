"""Whether a text is an answer at all: long enough, in words of its own, and not the question copied back."""

ENOUGH_WORDS = 20
"""Number of words of one's own from which a written answer counts as given; a person reads it."""

DIFFERENT_WORDS = 10
"""Number of different words among them: "bla" twenty times is no answer."""

COPIED = 5
"""So many words in a row that the question has too are copied from it."""


def shortcoming(answer: str, question: str) -> str:
    """Say why a text does not count as an answer, in a few words; "" where it does.

    Args:
        answer: the text, without the quoted question.
        question: the question.

    Examples:
        >>> shortcoming("bla " * 20, "Why?")
        'no answer yet (1 different word, 10 needed)'
    """
    words = _words(answer)
    if len(words) < ENOUGH_WORDS:
        return f"too short ({len(words)} of {ENOUGH_WORDS} words)"
    own = _own(words, _words(question))
    if len(own) < ENOUGH_WORDS and len(own) < len(words):
        return f"no answer yet (the question copied, and {len(own)} of {ENOUGH_WORDS} own words)"
    if (different := len(set(own))) < DIFFERENT_WORDS:
        return f"no answer yet ({different} different word{'s' * (different > 1)}, {DIFFERENT_WORDS} needed)"
    return ""


def _words(text: str) -> list[str]:
    return [word.strip(".,;:!?()[]\"'`*_").casefold() for word in text.split()]


def _own(words: list[str], question: list[str]) -> list[str]:
    """The words that are not part of a run of words of the question."""
    runs = {tuple(question[at : at + COPIED]) for at in range(len(question) - COPIED + 1)}
    copied: set[int] = set()
    for at in range(len(words) - COPIED + 1):
        if tuple(words[at : at + COPIED]) in runs:
            copied.update(range(at, at + COPIED))
    return [word for at, word in enumerate(words) if at not in copied]
