"""Where a text stands in a file: what the model is told when `old_str` is not there, or there twice."""

from collections.abc import Iterator

from lis_tui.tools.textfile import TextFile, split_lines

MOST_PLACES = 10


def several(path: str, file: TextFile, old: str, count: int) -> str:
    """Say that a text stands in the file more than once, and in which lines."""
    lines = [
        file.line_of(place) for place, _ in zip(_places(file.text, old), range(MOST_PLACES), strict=False)
    ]
    return (
        f"old_str stands in {path} {count} times, from {_listed(lines, count)}. Nothing was changed; give "
        "more of the text around the one you mean."
    )


def not_found(path: str, file: TextFile, old: str) -> str:
    """Say that a text is not in the file, and where something like it is."""
    said = f"old_str does not stand in {path}; nothing was changed."
    wanted = [_bare(line) for line in split_lines(old) if _bare(line)]
    if not wanted:
        return said
    lines = [_bare(line) for line in file.lines]
    whole = [
        place + 1
        for place, line in enumerate(lines)
        if line == wanted[0]
        and [one for one in lines[place : place + 2 * len(wanted)] if one][: len(wanted)] == wanted
    ]
    if whole:
        return f"{said} The same words with other spaces begin at {_listed(whole[:MOST_PLACES], len(whole))}."
    first = [place + 1 for place, line in enumerate(lines) if wanted[0] in line]
    if first:
        where = _listed(first[:MOST_PLACES], len(first))
        return f"{said} Its first line stands at {where}, but what follows differs. View the file there."
    return f"{said} Not even its first line is there. View the file again."


def _places(text: str, part: str) -> Iterator[int]:
    place = text.find(part)
    while place >= 0:
        yield place
        place = text.find(part, place + len(part))


def _listed(lines: list[int], count: int) -> str:
    more = f" and {count - len(lines)} more" if count > len(lines) else ""
    return f"line{'s' if count > 1 else ''} {', '.join(map(str, lines))}{more}"


def _bare(line: str) -> str:
    return "".join(line.split())
