"""Sessions of Codex: rollout files with envelopes and without, the oldest as one object, printed streams."""

from collections.abc import Iterator
from functools import cached_property

from lis_tui.core.errors import NoTrajectory
from lis_tui.trajectory.foreign.building import Builder
from lis_tui.trajectory.foreign.codex_stream import CodexStream, is_stream
from lis_tui.trajectory.foreign.codex_talk import ENVELOPES, ITEMS, CodexTalk
from lis_tui.trajectory.foreign.fields import items, mapping, short, word
from lis_tui.trajectory.foreign.material import Json, Material
from lis_tui.trajectory.foreign.recording import Entry, Imported, Recording, name_of

FORMAT = "Codex"
_LOOKED_AT = 60


class _Rollout:
    """One file: one session."""

    format = FORMAT

    def __init__(
        self, material: Material, listed: list[object] | None = None, *, is_printed: bool = False
    ) -> None:
        self._material = material
        self._listed = listed
        self._kind = CodexStream if is_printed else CodexTalk
        self._talk: CodexTalk | CodexStream | None = None

    @property
    def version(self) -> str:
        """The program's."""
        first = next((mapping(line) for _, line, _ in self._read()), {})
        return word((mapping(first.get("payload")) or first).get("cli_version"))

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """The session."""
        turns, talk = self._imported.report.turns, self._talk
        assert talk is not None
        entry = Entry(
            name=name_of(self._material.path),
            task=short(talk.task),
            model=talk.model,
            turns=turns,
            tokens=talk.tokens or None,
            started_at=talk.started_at or None,
        )
        return (entry,)

    def read(self, index: int = 0) -> Imported:
        """Give it. Raises NoTrajectory."""
        if index:
            raise NoTrajectory(f"There is one session in {self._material.path}.")
        return self._imported

    @cached_property
    def _imported(self) -> Imported:
        path = self._material.path
        builder = Builder(FORMAT, self.version, name=name_of(path), file=str(path))
        self._talk = talk = self._kind(builder)
        for number, line, why in self._read():
            if isinstance(line, dict):
                talk.take(number, line)
            else:
                builder.problem(f"line {number}", why or "is no JSON object")
        return talk.finish()

    def _read(self) -> Iterator[tuple[int, object, str]]:
        if self._listed is None:
            return self._material.read_lines()
        return ((number, line, "") for number, line in enumerate(self._listed, 1))


class _Codex:
    format = FORMAT

    def recognise(self, material: Material) -> Recording | None:
        """Look for envelopes, or for the head of a session with bare items after it."""
        if not material.is_text:
            return None
        whole = mapping(material.json)
        if isinstance(whole.get("session"), dict) and isinstance(whole.get("items"), list):
            listed = [whole["session"], *items(whole["items"])]
            return _Rollout(material, listed) if _are_bare(list(map(mapping, listed))) else None
        first = [mapping(line) for line in _first(material)]
        if any(_is_envelope(line) for line in first) or _are_bare(first):
            return _Rollout(material)
        return _Rollout(material, is_printed=True) if is_stream(first) else None


def _first(material: Material) -> Iterator[object]:
    if material.json is not None:
        yield material.json
        return
    for number, value, _ in material.read_lines():
        yield value
        if number >= _LOOKED_AT:
            return


def _is_envelope(line: Json) -> bool:
    return word(line.get("type")) in ENVELOPES and isinstance(line.get("payload"), dict)


def _are_bare(lines: list[Json]) -> bool:
    """The older layout: a head that has an id and a time and no type, and items without envelopes."""
    head = lines[0] if lines else {}
    if "type" in head or not (word(head.get("id")) and word(head.get("timestamp"))):
        return False
    rest = lines[1:]
    return any("record_type" in line or word(line.get("type")) in ITEMS for line in rest)


CODEX = _Codex()
