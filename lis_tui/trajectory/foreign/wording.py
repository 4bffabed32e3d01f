"""Puts what a message holds into words: its text; pictures and sound by their kind and place."""

from lis_tui.trajectory.foreign.fields import text, word

_MOST_NAME = 200
_TEXTS = ("text", "input_text", "output_text")
_SOURCES = ("source", "image_url", "image_urls", "image", "audio", "video", "document")


def told(content: object, between: str = "\n") -> str:
    """Give the text of a message; what is no text stands in brackets, by its kind and place."""
    if not isinstance(content, list):
        return _part(content) if isinstance(content, dict) else text(content)
    return between.join(_part(part) for part in content)


def _part(part: object) -> str:
    if not isinstance(part, dict):
        return text(part)
    kind = word(part.get("type"))
    if kind in _TEXTS or (not kind and "text" in part):
        return text(part.get("text"))
    place = next((_place(part[name]) for name in _SOURCES if name in part), "")
    return f"[{kind or 'part'}: {place}]" if place else f"[{kind or 'part'}]"


def _place(source: object, depth: int = 0) -> str:
    """Name where a picture is, never what is in it."""
    if depth > 3:
        return ""
    if isinstance(source, list):
        return ", ".join(filter(None, (_place(one, depth + 1) for one in source)))
    if isinstance(source, dict):
        found = (source.get(name) for name in ("path", "url", "media_type"))
        return next((place for value in found if (place := _place(value, depth + 1))), "")
    name = word(source)
    if name.startswith("data:"):
        return name[5:_MOST_NAME].partition(";")[0].partition(",")[0]
    return name[:_MOST_NAME]
