"""The files in which two work folders differ, and a diff line by line."""

from collections.abc import Hashable, Sequence

from lis_tui.core.differing import FileDifference, TextDiff
from lis_tui.core.text import one_line
from lis_tui.ui import words
from lis_tui.ui.paint import Paint
from lis_tui.ui.rows import Ink, Row, plain_inks
from lis_tui.ui.widgets.blocks import BlockList
from lis_tui.ui.widgets.pairs import TONES

_SIGNS = {"new": "→", "gone": "←", "changed": "≠"}
_DIFF_TONES = {"+": "file-new", "-": "file-gone", "@": "accent"}


class Differing(BlockList):
    """One line a file."""

    has_bar = False

    def __init__(self, paint: Paint) -> None:
        super().__init__(paint, id="differing")
        self.files: tuple[FileDifference, ...] = ()
        self._where = ""
        self._problem = "reading the checkpoints…"
        self.is_following = False

    def show(self, files: Sequence[FileDifference], where: str, problem: str = "") -> None:
        """List these; `where` says of which steps they are."""
        self.files, self._where, self._problem = tuple(files), where, problem
        self.cursor = 0
        self.rebuild()

    @property
    def file(self) -> FileDifference | None:
        """The file under the cursor."""
        return self.files[min(self.cursor, len(self.files) - 1)] if self.files else None

    def block_count(self) -> int:
        """Files, or a sentence."""
        return max(len(self.files), 1)

    def block_version(self, number: int) -> Hashable:
        """A list is replaced whole."""
        return (self._where, self._problem)

    def is_countable(self, number: int) -> bool:
        """Nothing arrives."""
        return False

    def title(self) -> tuple[list[Ink], list[Ink]]:
        """Say how many, and of which steps."""
        tone = "accent bold" if self.has_focus else "muted"
        count = f" 2 Files: {len(self.files)} differ" if self._where and not self._problem else " 2 Files"
        return [(count, tone), (f"  {self._where}", "muted")], []

    def block_rows(self, number: int, *, is_lit: bool) -> list[Row]:
        """Give a file's line."""
        if not self.files:
            return [Row(plain_inks(self._problem or "no file differs", "muted"), lead=[("  ", "")], most=2)]
        file = self.files[number]
        sign = _SIGNS[file.kind]
        inks = [*plain_inks(one_line(file.path, 300), "command"), (f"  {one_line(file.about, 80)}", "muted")]
        return [Row(inks, lead=[(f"  {sign} ", TONES[sign])], right=[(f"{_sizes(file)} ", "muted")])]


def _sizes(file: FileDifference) -> str:
    found = [
        words.size(node.size_bytes)
        for node in (file.left, file.right)
        if node is not None and node.kind == "file"
    ]
    return " → ".join(dict.fromkeys(found))


class DiffLines(BlockList):
    """A diff, a block a line."""

    def __init__(self, paint: Paint, diffs: Sequence[tuple[str, TextDiff]]) -> None:
        super().__init__(paint, id="diff")
        self.is_following = False
        self._rows = _lines(diffs)

    def show(self, diffs: Sequence[tuple[str, TextDiff]]) -> None:
        """Show others, from the top."""
        self._rows = _lines(diffs)
        self.cursor = 0
        self.rebuild()
        self.scroll_to(y=0, animate=False)

    def block_count(self) -> int:
        """Lines."""
        return len(self._rows)

    def block_version(self, number: int) -> Hashable:
        """Nothing changes."""
        return 0

    def is_countable(self, number: int) -> bool:
        """Nothing arrives."""
        return False

    def title(self) -> tuple[list[Ink], list[Ink]]:
        """Say how much differs."""
        added = sum(tone == "file-new" for _, tone in self._rows)
        taken = sum(tone == "file-gone" for _, tone in self._rows)
        return [(f" +{added}", "file-new"), (f"  −{taken}", "file-gone")], []

    def block_rows(self, number: int, *, is_lit: bool) -> list[Row]:
        """Give a line."""
        text, tone = self._rows[number]
        return [Row(plain_inks(text, tone), lead=[("  ", "")], most=20)]


def _tone(line: str) -> str:
    return "muted" if line.startswith(("--- ", "+++ ")) else _DIFF_TONES.get(line[:1], "output")


def _lines(diffs: Sequence[tuple[str, TextDiff]]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for title, diff in diffs:
        if title:
            found.append((title, "command bold"))
        found += [(line, _tone(line)) for line in diff.lines]
        if diff.note:
            found.append((diff.note, "muted"))
        found.append(("", ""))
    return found
