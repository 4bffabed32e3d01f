import asyncio
import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from lis_tui.config.load import Loaded, load
from lis_tui.core.errors import LisError
from lis_tui.trajectory.foreign import beginning, material, opening
from lis_tui.ui.app import LisApp
from lis_tui.ui.gathering import Gathering
from lis_tui.ui.opening import table
from lis_tui.ui.screens.path import PathDialog, completions
from lis_tui.ui.screens.start import StartScreen
from lis_tui.ui.screens.table import TableScreen
from lis_tui.ui.screens.workbench import Workbench
from lis_tui.ui.themes import read_themes
from tests import story
from tests.screens import FakeSource, pressing, settle, start_app, text_of, workbench_app

Compare = Callable[..., bool]
"""The plugin's: draws the app and compares it with the stored picture."""
SIZES = [(80, 24), (120, 40)]
MODELS = ("qwen3-coder", "gpt-5-mini", "claude-sonnet-4-5")


def sample(number: int) -> dict[str, object]:
    """One sample of a log as Inspect writes it; every fourth says nothing of score and tokens."""
    model = f"provider/{MODELS[number % 3]}"
    turns = number % 5 + 1
    messages: list[dict[str, object]] = [{"role": "user", "content": f"Count the words of text {number}."}]
    messages += [{"role": "assistant", "content": f"There are {number * 7 + turn}."} for turn in range(turns)]
    told: dict[str, object] = {
        "id": f"text-{number:02}",
        "epoch": 1,
        "input": f"Count the words of text {number}.",
        "target": str(number * 7),
        "messages": messages,
        "output": {"model": model, "choices": []},
        "model_usage": {
            model: {"input_tokens": 900 * turns, "output_tokens": 40, "total_tokens": 940 * turns}
        },
        "scores": {"match": {"value": ("C", "I", 0.5)[number % 3]}},
    }
    if number % 4 == 3:
        del told["scores"], told["model_usage"]
    return told


def log(count: int) -> dict[str, object]:
    return {
        "version": 2,
        "status": "success",
        "eval": {
            "created": "2026-03-01T10:00:00+00:00",
            "task": "words",
            "model": "provider/qwen3-coder",
            "dataset": {},
            "config": {},
        },
        "samples": [sample(number) for number in range(count)],
    }


def write_log(folder: Path, count: int = 12) -> Path:
    path = folder / "words.json"
    path.write_text(json.dumps(log(count)))
    return path


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    return load({}, {}, tmp_path)


def table_app(loaded: Loaded, path: Path, failures: list[LisError] | None = None) -> LisApp:
    themes, _ = read_themes()
    kept: list[LisError] = [] if failures is None else failures
    return LisApp(lambda app: table(app, Gathering(path), loaded, kept.append), themes)


async def quiet(pilot: Pilot[int]) -> None:
    """Let everything be found, read and drawn."""
    names = ("gathering", "feed", "files then", "names", "reading")
    while tasks := [task for task in asyncio.all_tasks() if task.get_name() in names]:
        await asyncio.gather(*tasks)
        await pilot.pause()
    await settle(pilot)


def shown(app: LisApp) -> list[str]:
    """The first words of the rows that are in sight."""
    assert isinstance(app.screen, TableScreen)
    return [app.screen.found.rows[place].entry.name for place in app.screen.rows.order]


async def test_a_log_of_many_samples_is_a_table_that_sorts_by_any_column(
    tmp_path: Path, loaded: Loaded
) -> None:
    app = table_app(loaded, write_log(tmp_path))
    async with app.run_test(size=(120, 40)) as pilot:
        await quiet(pilot)
        assert shown(app) == [f"text-{number:02}" for number in range(12)]
        await pilot.press("S")
        assert shown(app)[0] == "text-11"
        heads = [column.head for column in app.screen.rows.columns]  # type: ignore[attr-defined]
        await pilot.press(str(heads.index("tokens") + 1))
        tokens = [sample(int(name[-2:])).get("model_usage") is not None for name in shown(app)]
        assert tokens == [True] * 9 + [False] * 3
        first = shown(app)[0]
        await pilot.press(str(heads.index("tokens") + 1))
        assert shown(app)[-4] == first or shown(app)[0] != first
        assert [sample(int(name[-2:])).get("model_usage") for name in shown(app)[-3:]] == [None] * 3


async def test_a_large_file_begins_to_be_shown_before_it_is_read_and_has_no_table_to_come_back_to(
    tmp_path: Path, loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beginning, "LARGE_BYTES", 4_000)
    monkeypatch.setattr(beginning, "BEGINNING_BYTES", 2_000)
    steps = [{"action": f"echo {n}", "observation": "x" * 99, "response": "On."} for n in range(99)]
    path = tmp_path / "large"
    path.write_text(json.dumps({"environment": "e", "history": [], "info": {}, "trajectory": steps}))
    app = table_app(loaded, path)
    async with app.run_test(size=(120, 40)) as pilot:
        await quiet(pilot)
        assert isinstance(app.screen, Workbench)
        replay = app.screen.walk.replay
        assert replay is not None
        assert replay.step == 0
        assert len(replay.timeline.whole.steps) == 99
        assert "replay 1/99" in text_of(app)
        await pilot.press("q")
        await quiet(pilot)
    assert app.return_code == 0


async def test_the_first_rows_of_a_large_file_are_shown_and_opened_before_it_is_read(
    tmp_path: Path, loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beginning, "LARGE_BYTES", 4_000)
    monkeypatch.setattr(beginning, "BEGINNING_BYTES", 2_000)
    may_read, open_path = threading.Event(), opening.open_path

    def opened(path: Path) -> object:
        may_read.wait(9)
        return open_path(path)

    monkeypatch.setattr("lis_tui.ui.gathering.open_path", opened)
    messages = [{"role": "user", "content": "Go."}, {"role": "assistant", "content": "x" * 99}]
    path = tmp_path / "large.jsonl"
    path.write_text("".join(json.dumps({"messages": messages}) + "\n" for _ in range(99)))
    app = table_app(loaded, path)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = app.screen
        assert isinstance(screen, TableScreen)
        while not screen.rows.order:
            await pilot.pause()
        assert 1 < len(screen.rows.order) < 99
        assert "reading… " in text_of(app)
        await pilot.press("enter")
        await pilot.pause()
        may_read.set()
        await quiet(pilot)
        assert isinstance(app.screen, Workbench)
        assert "line 1 · OpenAI chat" in text_of(app)
        assert len(screen.rows.order) == 99


async def test_a_large_file_that_turns_out_to_be_unreadable_says_so_beside_its_beginning(
    tmp_path: Path, loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beginning, "LARGE_BYTES", 4_000)
    monkeypatch.setattr(beginning, "BEGINNING_BYTES", 2_000)
    monkeypatch.setattr(material, "MOST_LINES", 90)
    lines = [{"type": "session_meta", "payload": {"id": "s", "cwd": "/w"}}]
    for n in range(99):
        call = {"type": "function_call", "name": "shell", "arguments": "{}", "call_id": f"c{n}"}
        lines.append({"type": "response_item", "payload": call})
    path = tmp_path / "large.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    app = table_app(loaded, path)
    async with app.run_test(size=(120, 40)) as pilot:
        await quiet(pilot)
        said = text_of(app).replace("│", " ")  # of a dialog, which folds it
        assert "has more than 90 lines" in " ".join(said.split())
        assert "the rest cannot be read" in text_of(app)


async def test_what_a_file_does_not_say_is_shown_empty(tmp_path: Path, loaded: Loaded) -> None:
    app = table_app(loaded, write_log(tmp_path, 4))
    async with app.run_test(size=(120, 40)) as pilot:
        await quiet(pilot)
        line = next(line for line in text_of(app).splitlines() if "text-03" in line)
        assert "0" not in line.replace("text-03", "").replace("2026-03-01 10:00", "").split("Count")[0]
        assert "None" not in text_of(app)
        assert "cost" not in text_of(app)


async def test_the_filter_narrows_while_one_types_and_keeps_the_cursor_on_its_row(
    tmp_path: Path, loaded: Loaded
) -> None:
    app = table_app(loaded, write_log(tmp_path))
    async with app.run_test(size=(120, 40)) as pilot:
        await quiet(pilot)
        await pilot.press("j", "j", "slash", *"score=0.5")
        await quiet(pilot)
        assert shown(app) == ["text-02", "text-05", "text-08"]
        assert app.screen.rows.place == 2  # type: ignore[attr-defined]
        await pilot.press("escape")
        await quiet(pilot)
        assert len(shown(app)) == 12
        assert app.screen.rows.place == 2  # type: ignore[attr-defined]


async def test_a_filter_that_cannot_be_read_says_why_and_leaves_the_rows(
    tmp_path: Path, loaded: Loaded
) -> None:
    app = table_app(loaded, write_log(tmp_path))
    async with app.run_test(size=(120, 40)) as pilot:
        await quiet(pilot)
        await pilot.press("slash", *"text tokens>", "m")
        await quiet(pilot)
        assert "Of runs one can ask" in text_of(app)
        await pilot.press(*["backspace"] * 9)
        await quiet(pilot)
        assert "Of runs one can ask" not in text_of(app)
        assert len(shown(app)) == 12


async def test_one_opens_a_row_and_comes_back_to_it(tmp_path: Path, loaded: Loaded) -> None:
    app = table_app(loaded, write_log(tmp_path))
    async with app.run_test(size=(120, 40)) as pilot:
        await quiet(pilot)
        await pilot.press("j", "j", "enter")
        await quiet(pilot)
        assert isinstance(app.screen, Workbench)
        assert "Count the words of text 2." in text_of(app)
        await pilot.press("q")
        await quiet(pilot)
        assert isinstance(app.screen, TableScreen)
        assert app.screen.rows.place == 2


async def test_curly_brackets_turn_the_pages_in_the_order_of_the_table(
    tmp_path: Path, loaded: Loaded
) -> None:
    app = table_app(loaded, write_log(tmp_path, 3))
    async with app.run_test(size=(120, 40)) as pilot:
        await quiet(pilot)
        await pilot.press("S", "j", "enter")
        await quiet(pilot)
        for key, wanted in (
            ("", "text 1."),
            ("right_curly_bracket", "text 0."),
            ("right_curly_bracket", "this is the last of the table"),
            ("left_curly_bracket", "2 of 3 of the table"),
            ("left_curly_bracket", "text 2."),
            ("left_curly_bracket", "this is the first of the table"),
        ):
            await pilot.press(*[key] if key else [])
            await quiet(pilot)
            assert wanted in text_of(app)
        await pilot.press("escape")
        await quiet(pilot)
        assert isinstance(app.screen, TableScreen)
        assert app.screen.rows.place == 2
        assert app.screen.rows.cursor == 0


async def test_what_was_not_opened_from_a_table_has_no_pages_to_turn() -> None:
    app = workbench_app(FakeSource(story.ended(), is_recorded=True))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("right_curly_bracket")
        await settle(pilot)
        assert "this was not opened from a table" in text_of(app)


async def test_of_a_file_that_tells_no_end_it_is_not_said_that_the_run_was_cut_off(
    tmp_path: Path, loaded: Loaded
) -> None:
    messages = [{"role": "user", "content": "Hello?"}, {"role": "assistant", "content": "Hello."}]
    (tmp_path / "chat.json").write_text(json.dumps({"messages": messages}))
    app = table_app(loaded, tmp_path / "chat.json")
    async with app.run_test(size=(120, 40)) as pilot:
        await quiet(pilot)
        assert "no end is recorded" in text_of(app)
        assert "cut off" not in text_of(app)


async def test_a_single_trajectory_opens_at_once_and_leaves_no_table_behind(
    tmp_path: Path, loaded: Loaded
) -> None:
    app = table_app(loaded, write_log(tmp_path, 1))
    async with app.run_test(size=(120, 40)) as pilot:
        await quiet(pilot)
        assert isinstance(app.screen, Workbench)
        await pilot.press("q")
        await quiet(pilot)
    assert app.return_code == 0


async def test_a_folder_is_filled_while_it_is_read_and_names_what_was_left_out(
    tmp_path: Path, loaded: Loaded
) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    write_log(folder, 3)
    (folder / "broken.json").write_text('{"messages": [1, 2')
    app = table_app(loaded, folder)
    async with app.run_test(size=(120, 40)) as pilot:
        await quiet(pilot)
        assert len(shown(app)) == 3
        assert "3 trajectories · 1 file left out" in text_of(app)
        await pilot.press("x")
        await quiet(pilot)
        assert "broken.json" in text_of(app)


async def test_what_cannot_be_opened_is_told_to_who_asked(tmp_path: Path, loaded: Loaded) -> None:
    (tmp_path / "notes.txt").write_text("no trajectory")
    failures: list[LisError] = []
    app = table_app(loaded, tmp_path / "notes.txt", failures)
    async with app.run_test(size=(120, 40)) as pilot:
        await quiet(pilot)
    assert [str(tmp_path / "notes.txt") in error.sentence for error in failures] == [True]


async def test_thousands_of_rows_are_sorted_and_filtered(tmp_path: Path, loaded: Loaded) -> None:
    app = table_app(loaded, write_log(tmp_path, 5000))
    async with app.run_test(size=(80, 24)) as pilot:
        await quiet(pilot)
        assert len(shown(app)) == 5000
        await pilot.press("3", "G", "slash", *"text-49")
        await quiet(pilot)
        assert len(shown(app)) == 111


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("keys", [("j", "j", "3"), ("slash", *"turns>2")], ids=["sorted", "filtered"])
def test_a_table_looks_as_it_did(
    snap_compare: Compare, tmp_path: Path, loaded: Loaded, keys: tuple[str, ...], size: tuple[int, int]
) -> None:
    path = write_log(tmp_path)
    app = table_app(loaded, path)

    async def run_before(pilot: Pilot[int]) -> None:
        await pressing(*keys, settled=quiet)(pilot)
        assert isinstance(app.screen, TableScreen)
        app.screen.found.path = Path("logs/words.json")
        app.screen.head.refresh()
        await quiet(pilot)

    assert snap_compare(app, terminal_size=size, run_before=run_before)


# ---- asking for a path


async def test_ctrl_o_asks_for_a_path_and_completes_its_names(tmp_path: Path) -> None:
    for name in ("log-one.json", "log-two.json", "other.txt", ".hidden"):
        (tmp_path / name).write_text("{}")
    (tmp_path / "logs").mkdir()
    asked: list[object] = []
    app = start_app([], asked=asked)
    async with app.run_test(size=(120, 40)) as pilot:
        await quiet(pilot)
        assert isinstance(app.screen, StartScreen)
        await pilot.press("ctrl+o")
        await quiet(pilot)
        assert isinstance(app.screen, PathDialog)
        app.screen.query_one(Input).value = f"{tmp_path}/l"
        await quiet(pilot)
        offered = [option.id for option in app.screen.query_one(OptionList).options]
        assert offered == [f"{tmp_path}/logs/", f"{tmp_path}/log-one.json", f"{tmp_path}/log-two.json"]
        await pilot.press("tab")
        await quiet(pilot)
        assert app.screen.query_one(Input).value == f"{tmp_path}/log"
        await pilot.press(*"-t", "enter")
        await quiet(pilot)
    assert asked == [tmp_path / "log-two.json"]


async def test_a_path_that_is_not_there_is_said_and_the_dialog_stays(tmp_path: Path) -> None:
    app = start_app([])
    async with app.run_test(size=(120, 40)) as pilot:
        await quiet(pilot)
        await pilot.press("ctrl+o")
        app.screen.query_one(Input).value = f"{tmp_path}/nothing"
        await quiet(pilot)
        await pilot.press("enter")
        await quiet(pilot)
        assert "There is nothing at" in text_of(app)
        assert isinstance(app.screen, PathDialog)


def test_hidden_names_are_completed_only_where_they_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / ".hidden").write_text("")
    assert completions(f"{tmp_path}/") == []
    assert completions(f"{tmp_path}/.h") == [f"{tmp_path}/.hidden"]
    assert completions("/no/such/folder/x") == []
    assert completions("a\0b/") == []
