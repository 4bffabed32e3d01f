"""Files of other programs for tests: written down, read back as the importers give them."""

import json
from pathlib import Path

from lis_tui.core.events import StepAddress
from lis_tui.core.messages import Observation
from lis_tui.core.parts import StepView
from lis_tui.core.view import RunView
from lis_tui.trajectory.foreign.material import Material
from lis_tui.trajectory.foreign.recording import Imported, Importer, Recording


def material(folder: Path, content: object, name: str = "file.json") -> Material:
    """Write plain data as JSON, or text as it is, and read it back."""
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return Material.of(path)


def held(content: object, name: str = "file.json") -> Material:
    """Give a file without writing it down: bytes as they are, plain data as JSON."""
    return Material(Path(name), content if isinstance(content, bytes) else json.dumps(content).encode())


def recorded(importer: Importer, folder: Path, content: object) -> Recording:
    """Recognise a file that is of the importer's format."""
    found = importer.recognise(material(folder, content))
    assert found is not None
    return found


def imported(importer: Importer, folder: Path, content: object, index: int = 0) -> Imported:
    """Read one trajectory of a file."""
    return recorded(importer, folder, content).read(index)


def taken(importer: Importer, content: object, index: int = 0) -> Imported:
    """Read one trajectory of a file that was not written down."""
    found = importer.recognise(held(content))
    assert found is not None
    return found.read(index)


def fold(given: Imported) -> RunView:
    """Give a trajectory as a screen shows it."""
    return RunView().apply_all(given.records)


def observed(view: RunView, turn: int, step: int) -> Observation:
    """Give what came of the step at an address."""
    shown = view.step(StepAddress(turn, step))
    assert shown is not None
    return seen(shown)


def seen(step: StepView) -> Observation:
    """Give what came of a step."""
    assert step.observation is not None
    return step.observation


def lines(*values: object) -> str:
    """Write one JSON value a line."""
    return "".join(json.dumps(value) + "\n" for value in values)
