"""A web page as text: its title, what it says, and what it would ask for; nothing of it is loaded or run."""

import re

from lis_tui.preview.decoders.markup import Begin, End, tokens
from lis_tui.preview.encoding import decoded, encoding_of
from lis_tui.preview.file import File
from lis_tui.preview.parts import MOST_TEXT, Lines, Preview, Wanted

_MOST_BYTES = 1 << 20
_MOST_LINES = 20_000
_SILENT = {"script", "style", "template", "noscript", "svg", "math", "object", "head"}
_OF_HEADS = {"title", "meta", "link", "base"}
_VOID = {
    "img",
    "br",
    "hr",
    "input",
    "meta",
    "link",
    "source",
    "area",
    "base",
    "col",
    "embed",
    "track",
    "wbr",
    "param",
}
_BREAKING = {
    *(
        "p",
        "div",
        "section",
        "article",
        "header",
        "footer",
        "main",
        "nav",
        "aside",
        "form",
        "table",
        "tr",
        "ul",
        "ol",
    ),
    *(
        "dl",
        "dt",
        "dd",
        "blockquote",
        "pre",
        "figure",
        "figcaption",
        "address",
        "body",
        "html",
        "li",
        "hr",
        "br",
    ),
    *("h1", "h2", "h3", "h4", "h5", "h6", "option", "fieldset", "legend", "details", "summary", "center"),
}
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_ASKING = {
    "script": ("src",),
    "img": ("src", "srcset"),
    "iframe": ("src",),
    "frame": ("src",),
    "link": ("href",),
    "video": ("src", "poster"),
    "audio": ("src",),
    "source": ("src", "srcset"),
    "embed": ("src",),
    "object": ("data",),
    "track": ("src",),
    "input": ("src",),
    "body": ("background",),
    "image": ("href", "xlink:href"),
    "use": ("href", "xlink:href"),
}
_IN_TEXT = re.compile(r"(?:https?:)?//[a-z0-9{][^\s'\"<>()`\\,;]{2,300}", re.IGNORECASE)
_NAMED = 5
_LONGEST = 80


def decode(file: File, wanted: Wanted) -> Preview:
    """Give the wanted lines of what it says."""
    head = file.read_at(0, _MOST_BYTES)
    reader = _Reader()
    reader.read(decoded(head, encoding_of(head[:65536])))
    lines = reader.lines()
    first = max(wanted.first, 0)
    shown = tuple(lines[first : first + max(wanted.count, 1)])
    is_cut = file.size_bytes > len(head)
    return Preview(
        kind="html",
        called="an HTML page",
        facts=tuple(_facts(reader)),
        parts=(Lines(shown, first=first, title=reader.title[:MOST_TEXT]),),
        note=" ".join(_remarks(reader, is_cut=is_cut)),
        has_more=first + len(shown) < len(lines),
    )


def _facts(reader: "_Reader") -> list[str]:
    counts = (
        (reader.scripts, "script"),
        (reader.pictures, "picture"),
        (reader.frames, "frame"),
        (reader.forms, "form"),
    )
    found = [f"{count} {word}{'' if count == 1 else 's'}" for count, word in counts if count]
    return ([" ".join(reader.title.split())[:_LONGEST]] if reader.title.strip() else []) + found


def _remarks(reader: "_Reader", *, is_cut: bool) -> list[str]:
    remarks = []
    if reader.asked:
        named = ", ".join(list(reader.asked)[:_NAMED])
        count = len(reader.asked)
        more = ", …" if count > _NAMED else ""
        remarks.append(f"Opened, it asks for {count} address{'' if count == 1 else 'es'}: {named}{more}.")
    if reader.scripts and not reader.lines():
        remarks.append("It says nothing before its scripts run.")
    if is_cut:
        remarks.append(f"Only its first {_MOST_BYTES >> 20} MB was read.")
    return remarks


class _Reader:
    """Takes down what would be seen."""

    def __init__(self) -> None:
        self.title = ""
        self.scripts = self.pictures = self.frames = self.forms = 0
        self.asked: dict[str, None] = {}
        self._lines: list[str] = []
        self._line: list[str] = []
        self._prefix = ""
        self._silent: list[str] = []
        self._is_title = False
        self._pre = 0
        self._lists: list[int | None] = []
        self._link = ""

    def lines(self) -> list[str]:
        """Give what was said so far."""
        self._end_line()
        return self._lines

    def read(self, text: str) -> None:
        """Go through it once."""
        for token in tokens(text):
            match token:
                case Begin(name, said):
                    self._begins(name, said)
                case End(name):
                    self._ends(name)
                case said:
                    self._says(said)

    def _begins(self, tag: str, said: dict[str, str]) -> None:
        """Count it, and begin a line where one begins."""
        self._count(tag, said)
        if tag == "title" and not self.title:
            self._is_title = True
        if tag in _SILENT and tag not in _VOID:
            self._silent.append(tag)
        elif self._silent == ["head"] and tag not in _OF_HEADS:
            self._silent.clear()
        if self._silent:
            return
        if tag in _BREAKING:
            self._end_line()
        self._begin(tag, said)

    def _ends(self, tag: str) -> None:
        """End what it ends; a page that closes what it did not open is read on."""
        if tag == "title":
            self._is_title = False
        if self._silent:
            if tag in self._silent:
                del self._silent[self._silent.index(tag) :]
            return
        if tag in _BREAKING:
            self._end_line()
        self._end(tag)

    def _end(self, tag: str) -> None:
        if tag == "a" and self._link:
            self._line.append(f" ({self._link[:_LONGEST]})")
            self._link = ""
        elif tag in ("ul", "ol") and self._lists:
            self._lists.pop()
        elif tag == "pre":
            self._pre = max(self._pre - 1, 0)
        elif tag in ("td", "th"):
            self._line.append("  ")

    def _says(self, data: str) -> None:
        """Take down a text, or only what a script or a style asks for."""
        if self._is_title:
            self.title += data[:MOST_TEXT]
        elif self._silent:
            if self._silent[-1] in ("script", "style"):
                for address in _IN_TEXT.findall(data):
                    self._ask(address)
        elif self._pre:
            first, *others = data.split("\n")
            self._line.append(first)
            for line in others:
                self._end_line(keep_empty=True)
                self._line.append(line)
        else:
            self._line.append(re.sub(r"\s+", " ", data))

    def _begin(self, tag: str, said: dict[str, str]) -> None:
        if tag in _HEADINGS:
            self._prefix = "#" * _HEADINGS[tag] + " "
        elif tag == "li":
            self._prefix = self._item()
        elif tag in ("ul", "ol") and len(self._lists) < 20:
            self._lists.append(1 if tag == "ol" else None)
        elif tag == "a":
            self._link = said.get("href", "").strip()
        elif tag == "img":
            self._line.append(f"[{said.get('alt', '').strip()[:_LONGEST] or 'picture'}]")
        elif tag == "pre":
            self._pre += 1
        elif tag == "hr":
            self._lines.append("―" * 20)

    def _item(self) -> str:
        indent = "  " * max(len(self._lists) - 1, 0)
        number = self._lists[-1] if self._lists else None
        if number is None:
            return f"{indent}• "
        self._lists[-1] = number + 1
        return f"{indent}{number}. "

    def _count(self, tag: str, said: dict[str, str]) -> None:
        self.scripts += tag == "script" or any(key.startswith("on") for key in said)
        self.pictures += tag in ("img", "picture")
        self.frames += tag in ("iframe", "frame")
        self.forms += tag == "form"
        for key in _ASKING.get(tag, ()):
            # A list of sources gives a size after each.
            for address in said.get(key, "").split(",") if key == "srcset" else (said.get(key, ""),):
                self._ask(address.strip().partition(" ")[0])
        for address in re.findall(r"url\(\s*['\"]?([^)'\"]{1,300})", said.get("style", "")):
            self._ask(address)

    def _ask(self, address: str) -> None:
        is_inside = not address or address.startswith(("#", "data:", "blob:", "javascript:", "about:"))
        if not is_inside and len(self.asked) < 1000:
            self.asked.setdefault(address[:_LONGEST])

    def _end_line(self, *, keep_empty: bool = False) -> None:
        text = "".join(self._line)
        text = text.rstrip() if self._pre else text.strip()
        self._line.clear()
        if (text or keep_empty) and len(self._lines) < _MOST_LINES:
            if self._prefix.startswith("#") and self._lines:
                self._lines.append("")
            self._lines.append((self._prefix + text)[:MOST_TEXT])
            self._prefix = ""
