"""What a text is: markup by its root, JSON by its grammar, a table by its rows; the name breaks ties."""

import csv
import json
import re

from lis_tui.preview.formats import Format

_BEFORE_ROOT = re.compile(r"\s+|<\?.*?\?>|<!--.*?-->", re.DOTALL)
_DOCTYPE = re.compile(r"<!doctype\s+([\w:.-]+)[^\[>]*", re.IGNORECASE)
_ROOT = re.compile(r"<(?:[\w-]+:)?([A-Za-z][\w-]*)(?=[\s/>])")
_PAGES = {"html", "head", "body", "title", "meta", "base"}
_PARTS_OF_PAGES = _PAGES | {
    *(
        "script",
        "style",
        "link",
        "iframe",
        "div",
        "p",
        "table",
        "span",
        "a",
        "ul",
        "ol",
        "h1",
        "h2",
        "h3",
        "h4",
        "img",
    ),
    *(
        "form",
        "center",
        "canvas",
        "video",
        "audio",
        "section",
        "main",
        "article",
        "header",
        "nav",
        "button",
        "pre",
        "b",
    ),
}
_PAGE_NAMES = {"html", "htm", "xhtml"}
_TOKENS = re.compile(
    r'(?:[\s{}\[\],:]+|"(?:[^"\\]|\\.)*+"|-?[0-9][0-9.eE+-]*|true|false|null|NaN|-?Infinity)*+', re.DOTALL
)
_UNFINISHED = re.compile(r'"(?:[^"\\]|\\.)*+\\?\Z|[-a-zA-Z]{0,8}\Z', re.DOTALL)
_OPENINGS = re.compile(r'\{\s*(?:["}]|\Z)|\[\s*(?:[\[{"\]0-9tfnN-]|\Z)')
_DELIMITERS = ",\t;|"
_TABLE_NAMES = {"csv", "tsv", "tab", "psv"}
_MAY_BE_TABLES = _TABLE_NAMES | {"", "txt", "dat", "data", "out"}
_TEXTS = {
    *(
        "c",
        "cc",
        "cfg",
        "conf",
        "cpp",
        "css",
        "diff",
        "go",
        "h",
        "hpp",
        "ini",
        "java",
        "jl",
        "js",
        "json",
        "jsx",
        "log",
    ),
    *(
        "lua",
        "m",
        "md",
        "patch",
        "php",
        "pl",
        "py",
        "r",
        "rb",
        "rs",
        "rst",
        "sh",
        "sql",
        "srt",
        "tex",
        "toml",
        "ts",
    ),
    *("tsx", "vtt", "xml", "yaml", "yml", "markdown", "html", "htm"),
}
_ROWS = 50
_FEWEST_ROWS = 3
_MOST_RAGGED = 0.2


def by_text(text: str, name: str, *, is_whole: bool) -> Format | None:
    """Tell what a text is by its beginning; None: nothing but a text."""
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    start = text.lstrip("\ufeff \t\r\n")
    if start.startswith("<"):
        return _markup(start, ending)
    if start.startswith(("{", "[")):
        found = _json(start, ending, is_whole=is_whole)
        if found:
            return found
    if ending in ("md", "markdown", "mdown", "mkd"):
        return Format("markdown", "a Markdown text")
    if ending in _PAGE_NAMES and re.search(r"</?[A-Za-z][^<>]{0,500}>", text):
        return Format("html", "an HTML page")
    return _table(text, ending, is_whole=is_whole)


def _markup(start: str, ending: str) -> Format | None:
    """Tell it by the doctype, else by the first element; comments and instructions are passed by."""
    root = _root(start)
    if root == "svg":
        return Format("svg", "an SVG drawing")
    is_named_otherwise = ending in _TEXTS - _PAGE_NAMES or ending in ("vue", "svelte")
    if root in _PAGES or (root in _PARTS_OF_PAGES and not is_named_otherwise):
        return Format("html", "an HTML page")
    if ending in _PAGE_NAMES and not start.startswith("<?xml"):
        return Format("html", "an HTML page")
    if ending in ("md", "markdown", "mdown", "mkd"):
        return Format("markdown", "a Markdown text")
    return Format("text", "an XML document") if root and start.startswith("<?xml") else None


def _root(start: str) -> str:
    place = 0
    while True:
        passed = _BEFORE_ROOT.match(start, place)
        if passed and passed.end() > place:
            place = passed.end()
        elif doctype := _DOCTYPE.match(start, place):
            if doctype[1].lower() == "html":
                return "html"
            place = _after_doctype(start, doctype.end())
        else:
            root = _ROOT.match(start, place)
            return root[1].lower() if root else ""


def _after_doctype(start: str, place: int) -> int:
    """Pass by the declarations that a doctype may hold in brackets."""
    if start[place : place + 1] == "[":
        close = re.compile(r"\]\s*>").search(start, place)
        return close.end() if close else len(start)
    return place + 1


def _json(start: str, ending: str, *, is_whole: bool) -> Format | None:
    if not _OPENINGS.match(start):
        return None
    lines = [line for line in start.split("\n") if line.strip()]
    if len(lines) > 1 and _is_json(lines[0]) and (_is_json(lines[1]) or (len(lines) == 2 and not is_whole)):
        return Format("jsonl", "JSON lines")
    if not (_is_json(start) if is_whole else _goes_on_as_json(start)):
        return None
    if ending in ("jsonl", "ndjson") and (len(lines) == 1 or not is_whole):
        return Format("jsonl", "JSON lines")
    return Format("json", "a JSON document")


def _is_json(text: str) -> bool:
    if not text.lstrip().startswith(("{", "[")):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        # What nests too deeply for this is JSON all the same where every sign of it is.
        return text.startswith(("[" * 500, '{"a":' * 200)) and _goes_on_as_json(text)
    return True


def _goes_on_as_json(start: str) -> bool:
    """Whether every sign up to the end may stand in JSON; the last may be cut off."""
    tokens = _TOKENS.match(start)
    return tokens is not None and _UNFINISHED.match(start, tokens.end()) is not None


def is_notebook(head: str, tail: str) -> bool:
    """Whether JSON is a notebook: it has cells, and its version stands at the end as a rule."""
    return '"cells"' in head + tail and '"nbformat"' in head + tail and '"cell_type"' in head + tail


def _table(text: str, ending: str, *, is_whole: bool) -> Format | None:
    if ending in _TEXTS:
        return None
    is_named = ending in _TABLE_NAMES
    lines = text[: 1 << 16].splitlines()
    if not is_whole:
        lines = lines[:-1]
    lines = [line for line in lines if line.strip()][:_ROWS]
    order = "\t," if ending == "tsv" else _DELIMITERS
    delimiter = next((sign for sign in order if _is_table(lines, sign, is_named=is_named)), "")
    if delimiter:
        return Format(
            "csv",
            "a table separated by tabs" if delimiter == "\t" else f"a table separated by {_SIGNS[delimiter]}",
        )
    is_one_column = is_named and len(lines) > 1
    return Format("csv", "a table of one column") if is_one_column else None


_SIGNS = {",": "commas", ";": "semicolons", "|": "bars"}


def _is_table(lines: list[str], delimiter: str, *, is_named: bool) -> bool:
    """Whether the rows have one length; where the name says that it is a table some may differ."""
    if len(lines) < (1 if is_named else _FEWEST_ROWS) or delimiter not in lines[0]:
        return False
    try:
        widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
    except csv.Error:
        return False
    if not widths or widths[0] < 2:  # one column is no table
        return False
    ragged = sum(width != widths[0] for width in widths) / len(widths)
    if is_named:
        return ragged <= _MOST_RAGGED
    # A comma in every line is what prose has too: it takes more columns, or a first row of names.
    return ragged == 0 and (widths[0] > 2 or delimiter == "\t" or _is_header(lines[0], delimiter))


def _is_header(line: str, delimiter: str) -> bool:
    return (
        all(re.fullmatch(r'"?[\w .()%/-]{1,40}"?', field) for field in line.split(delimiter))
        and f"{delimiter} " not in line
    )
