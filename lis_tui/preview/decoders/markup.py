"""HTML as a row of tags and texts, in one pass however broken: the usual parser takes minutes for some."""

import html
import re
from collections.abc import Iterator
from typing import NamedTuple

_RAW = {"script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes"}
"""In these everything is text up to their end."""
_TAG = re.compile(
    r"<(/?)([A-Za-z][^\s/>]{0,40})((?:[^>=]++|=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s>\"']?+))*+)>", re.DOTALL
)
_TEXT = re.compile(r"(?:[^<]++|<(?!/?[A-Za-z]|[!?]))++")
_ATTRIBUTE = re.compile(r"([^\s=>/\"']++)(?:\s*+=\s*+(\"[^\"]*+\"|'[^']*+'|[^\s>\"']*+))?", re.DOTALL)


class Begin(NamedTuple):
    """A tag that begins an element."""

    name: str
    said: dict[str, str]


class End(NamedTuple):
    """A tag that ends one."""

    name: str


def tokens(text: str) -> Iterator[Begin | End | str]:
    """Give what is in it, in order; a tag that never ends takes the rest with it."""
    place = 0
    while place < len(text):
        said = _TEXT.match(text, place)
        if said:
            yield html.unescape(said[0])
            place = said.end()
            continue
        tag = _TAG.match(text, place)
        if tag is None:
            place = _past_the_rest(text, place)
            continue
        place = tag.end()
        name = tag[2].lower()
        if tag[1]:
            yield End(name)
            continue
        yield Begin(name, _said(tag[3]))
        if name in _RAW:
            end = _end_of(name, text, place)
            yield html.unescape(text[place:end]) if name in ("title", "textarea") else text[place:end]
            place = end


def _past_the_rest(text: str, start: int) -> int:
    """Pass by a comment or a declaration; a tag that never ends is passed by with all that follows."""
    if text.startswith("<!--", start):
        return _past(text.find("-->", start + 2), 3, text)
    if text[start + 1] in "!?":
        return _past(text.find(">", start), 1, text)
    return len(text)


def _past(found: int, length: int, text: str) -> int:
    return len(text) if found < 0 else found + length


def _end_of(name: str, text: str, place: int) -> int:
    found = re.compile(f"</{re.escape(name)}(?=[\\s/>])", re.IGNORECASE).search(text, place)
    return found.start() if found else len(text)


def _said(attributes: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in _ATTRIBUTE.findall(attributes):
        bare = value[1:-1] if value[:1] in ("'", '"') else value
        found.setdefault(key.lower(), html.unescape(bare))
    return found
