"""Short readable names for runs, made of what was asked."""

import re
import unicodedata

_MOST_WORDS = 3
_LONGEST_WORD = 16
_STOP_WORDS = """
    a an and any are as at be by can could do does for from get give has have how i if in into is it its let
    me my need of on or our out please should so some such than that the their them then there these they this
    to up us use using want was we what when where which who why will with would write you your
"""


def slug(text: str) -> str:
    """Give up to three telling words of the text in ASCII, joined by hyphens; `run` where there are none."""
    plain = unicodedata.normalize("NFKD", text[:2000]).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)
    stop_words = set(_STOP_WORDS.split())
    telling = [word for word in words if word not in stop_words] or words
    # A name that is only a number would read as the number of another run.
    if not any(re.search("[a-z]", word) for word in telling[:_MOST_WORDS]):
        telling = ["run", *telling]
    return "-".join(word[:_LONGEST_WORD] for word in telling[:_MOST_WORDS])
