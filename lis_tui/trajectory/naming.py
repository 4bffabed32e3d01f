"""Short readable names for runs, made of what was asked; and which folder is one."""

import re
import unicodedata
from pathlib import Path

_MOST_WORDS = 3
_MOST_WORDS_OF_A_NAME = 8
_LONGEST_WORD = 16
_STOP_WORDS = """
    a an and any are as at be by can could do does for from get give has have how i if in into is it its let
    me my need of on or our out please should so some such than that the their them then there these they this
    to up us use using want was we what when where which who why will with would write you your
"""


def slug(text: str) -> str:
    """Give up to three telling words of the text in ASCII, joined by hyphens; `run` where there are none."""
    words = _words(text)
    stop_words = set(_STOP_WORDS.split())
    return _joined([word for word in words if word not in stop_words] or words, _MOST_WORDS)


def name_slug(name: str) -> str:
    """Give a name that a person chose in ASCII: all its words, up to eight; `run` where there are none."""
    return _joined(_words(name), _MOST_WORDS_OF_A_NAME)


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text[:2000]).encode("ascii", "ignore").decode().lower()
    return re.findall(r"[a-z0-9]+", plain)


def _joined(words: list[str], most: int) -> str:
    # A name that is only a number would read as the number of another run.
    if not any(re.search("[a-z]", word) for word in words[:most]):
        words = ["run", *words]
    return "-".join(word[:_LONGEST_WORD] for word in words[:most])


def has_journal(folder: Path) -> bool:
    """Whether it is a run's folder, as far as one may look into it."""
    try:
        return (folder / "journal.jsonl").is_file()
    except OSError:
        return False
