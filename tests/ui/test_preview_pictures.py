"""Previews as pictures, in their pane and on a screen of their own."""

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from lis_tui.preview.parts import CannotShow, Lines, Preview
from lis_tui.ui.app import LisApp
from tests import previewed, story
from tests.previewed import FakePreviews, app_with
from tests.screens import hold_still
from tests.ui.test_preview import look_at, rest

Compare = Callable[..., bool]
"""The plugin's: draws the app and compares it with the stored picture."""
SIZES = [(80, 24), (120, 40)]
MADE: dict[str, previewed.Make | Preview | CannotShow] = {
    "output/set.png": previewed.picture,
    "output/seen.csv": previewed.rows,
    "output/event.json": previewed.OUTLINE,
    "output/model.bin": previewed.HEX,
    "output/paper.pdf": previewed.page,
    "output/rows.parquet": previewed.REFUSED,
}
KINDS = ("picture", "table", "outline", "hex", "page", "refusal")
NOTES = """# The set

Its **area** is about `1.507`:

- counted on a grid of a thousand points a side
- [x] *checked* twice

> no proof

```python
area = inside.mean() * 7.2
```
"""


def shown_app(folder: Path, theme: str = "dark") -> LisApp:
    app = app_with(folder, FakePreviews(MADE), theme)
    (folder / "plot.py").write_text(story.PLOT)
    app.previews.made["plot.py"] = Preview(  # type: ignore[attr-defined]  # a fake
        kind="text", called="a text", parts=(Lines(tuple(story.PLOT.split("\n")), "python"),)
    )
    (folder / "notes.md").write_text(NOTES)
    return app


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", [*MADE, "plot.py", "notes.md"], ids=[*KINDS, "code", "prose"])
def test_a_preview_looks_as_it_did(
    snap_compare: Compare, name: str, size: tuple[int, int], tmp_path: Path
) -> None:
    app = shown_app(tmp_path)

    async def run_before(pilot: Pilot[int]) -> None:
        await look_at(app, pilot, name)
        await pilot.press("4")
        hold_still(app)
        await rest(pilot)

    assert snap_compare(app, terminal_size=size, run_before=run_before)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", [*MADE, "plot.py"], ids=[*KINDS, "code"])
def test_a_preview_on_a_screen_of_its_own_looks_as_it_did(
    snap_compare: Compare, name: str, size: tuple[int, int], tmp_path: Path
) -> None:
    app = shown_app(tmp_path)

    async def run_before(pilot: Pilot[int]) -> None:
        await look_at(app, pilot, name)
        await pilot.press("4", "enter")
        await rest(pilot)

    assert snap_compare(app, terminal_size=size, run_before=run_before)


def test_pictures_stand_on_the_ground_of_a_light_theme(snap_compare: Compare, tmp_path: Path) -> None:
    app = shown_app(tmp_path, "light")

    async def run_before(pilot: Pilot[int]) -> None:
        await look_at(app, pilot, "output/set.png")
        await rest(pilot)

    assert snap_compare(app, terminal_size=(120, 40), run_before=run_before)
