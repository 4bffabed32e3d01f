"""What a file is: told by its content, never by its name alone; of a text the name may tell which."""

from lis_tui.preview.containers import by_container
from lis_tui.preview.encoding import decoded, text_encoding
from lis_tui.preview.file import File
from lis_tui.preview.formats import Format, Kind
from lis_tui.preview.signatures import by_signature
from lis_tui.preview.texts import by_text, is_notebook

__all__ = ["Format", "Kind", "called", "format_of", "kind_of"]
_HEAD = 65536
_TAIL = 4096


def kind_of(file: File, name: str = "") -> Kind:
    """Tell which kind of preview a file has; reads its first 64 KB and a little of its end."""
    return format_of(file, name).kind


def called(file: File, name: str = "") -> str:
    """Say what a file is: `a PNG picture`, `a tar archive packed with gzip`."""
    return format_of(file, name).called


def format_of(file: File, name: str = "") -> Format:
    """Tell both. What can be read in two ways is read by its first bytes, as nothing that runs."""
    head = file.read_at(0, _HEAD)
    if not head:
        return Format("empty", "an empty file")
    return (
        by_signature(head)
        or by_container(file, head)
        or _text(file, head, name)
        or Format("binary", "a binary file")
    )


def _text(file: File, head: bytes, name: str) -> Format | None:
    encoding = text_encoding(head)
    if encoding is None:
        return None
    is_whole = file.size_bytes <= len(head)
    text = decoded(head, encoding)
    found = by_text(text if is_whole else text.removesuffix("\ufffd"), name, is_whole=is_whole)
    if found is None:
        return Format("text", f"a text in {encoding.called}" if encoding.called else "a text")
    if found.kind == "json":
        tail = "" if is_whole else decoded(file.read_at(file.size_bytes - _TAIL, _TAIL), encoding)
        return Format("notebook", "a Jupyter notebook") if is_notebook(text, tail) else found
    return found
