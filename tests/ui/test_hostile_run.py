"""A run made of nothing but hostile text: nothing raw is drawn, no action fires, nothing breaks.

The net at Textual's lines is taken out here, so that what is tested is the cleaning before it.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from lis_tui.core import events
from lis_tui.core.events import FileEntry, Record, StepAddress
from lis_tui.core.messages import Observation, Reply, ToolCall, ToolSchema
from lis_tui.core.spec import ModelSpec, RunSpec
from lis_tui.core.text import safe_str
from lis_tui.trajectory.summary import RunSummary
from lis_tui.ui.app import LisApp
from tests.hostile import PAYLOADS, danger
from tests.screens import NOW, FakeSource, settle, start_app, text_of, workbench_app

ALL = safe_str(" ".join(PAYLOADS.values()))
ALONE = ["unterminated", "cut csi", "c1 osc", "title", "surrogate", "markup"]
"""Those that may hide what comes after them, or that read otherwise at a beginning."""
SCREENS = [
    (),
    ("v",),
    ("question_mark",),
    ("colon",),
    ("q",),
    ("1", "g", "enter"),
    ("g", "enter"),
    ("3", "j"),
    ("e",),
]


def hostile_run(bad: str) -> Iterator[Record]:
    """Put the text wherever text can be."""
    here = StepAddress(1, 1)
    call = ToolCall(bad, "execute_bash", json.dumps({"command": f"echo {bad}\n{bad}"}))
    create = {"command": "create", "path": f"/testbed/{bad}", "file_text": bad}
    edit = ToolCall(bad, "str_replace_editor", json.dumps(create))
    odd = ToolCall(bad, bad, bad)
    spec = RunSpec(task=bad, model=ModelSpec(name=f"openai/{bad}"), mode="confirm")
    story: list[events.Event] = [
        events.RunStarted(
            run=bad,
            spec=spec,
            system_prompt=bad,
            task_prompt=bad,
            tools=(ToolSchema(bad, bad, "{}"),),
        ),
        events.SandboxStarted(
            kind=bad, image=bad, image_id=bad, container=bad, network=bad, took_s=0.1, notes=(bad,)
        ),
        events.FilesChanged(
            (FileEntry(bad), FileEntry("l", "link", target=bad), FileEntry(f"{bad}/x")), is_whole=True
        ),
        events.NoticeGiven(bad, "warning"),
        events.ModelAsked(turn=1, model=bad, message_count=2, prompt_tokens_estimate=1),
        events.ModelRetried(turn=1, attempt=1, max_attempts=6, wait_s=9, reason=bad),
        events.ReasoningArrived(1, bad),
        events.TextArrived(1, bad),
        events.CallArrived(1, 0, bad, bad),
        events.ReplyFinished(
            turn=1,
            reply=Reply(
                reasoning=f"# {bad}\n- {bad}\n`{bad}`", text=bad, calls=(call, edit, odd), raw_json=bad
            ),
        ),
        events.StepProposed(address=here, call=call),
        events.StepProposed(address=StepAddress(1, 2), call=edit),
        events.StepProposed(address=StepAddress(1, 3), call=odd, problem=bad),
        events.StepStarted(address=here, tool=bad, arguments=bad, changed_by="person"),
        events.OutputArrived(here, bad.encode()),
        events.StepFinished(
            address=here,
            call_id=bad,
            tool=bad,
            observation=Observation(
                text=bad, notes=(bad,), status="failed", exit_code=1, cwd=bad, output_name="x"
            ),
        ),
        events.StepFinished(
            address=StepAddress(1, 2),
            call_id=bad,
            tool=bad,
            observation=Observation(text=bad, diff=f"+{bad}\n-{bad}"),
        ),
        events.MessageSent(turn=1, text=bad, origin="nudge"),
        events.ReplyCutOff(turn=2, text=bad, reasoning=bad, reason=bad),
        events.GateOpened(address=StepAddress(1, 3), gate="before_step", because=bad),
    ]
    return (Record(n, NOW + n, event) for n, event in enumerate(story, 1))


def ending(bad: str) -> list[Record]:
    saved = events.OutputsSaved(folder=bad, files=(bad,), problems=(bad,))
    ended = events.RunEnded(status="model_failed", reason=bad, answer=bad, exit_code=5)
    return [Record(90, NOW + 90, saved), Record(91, NOW + 91, ended)]


async def shown(app: LisApp, keys: tuple[str, ...], size: tuple[int, int] = (160, 50)) -> str:
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        for key in keys:
            await pilot.press(key)
            await settle(pilot)
        assert app.is_running

        return text_of(app)


@pytest.mark.parametrize("keys", SCREENS, ids=["-".join(keys) or "workbench" for keys in SCREENS])
async def test_no_pane_or_dialog_draws_hostile_text_raw(keys: tuple[str, ...]) -> None:
    app = workbench_app(FakeSource(list(hostile_run(ALL))), now=NOW + 100, is_netted=False)
    assert danger(await shown(app, keys), allowed="\n") == ""


@pytest.mark.parametrize("name", ALONE)
async def test_a_payload_that_hides_others_is_harmless_by_itself(name: str) -> None:
    bad = safe_str(PAYLOADS[name])
    app = workbench_app(FakeSource([*hostile_run(bad), *ending(bad)]), now=NOW + 100, is_netted=False)
    assert danger(await shown(app, ("F",)), allowed="\n") == ""


async def test_the_same_check_finds_a_payload_that_is_not_cleaned() -> None:
    assert danger(ALL, allowed="\n") != ""


def actions_of(app: LisApp) -> set[str]:
    """Give what clicks on all that is drawn would do."""
    strips = app.screen._compositor.render_strips()
    styles = (segment.style for strip in strips for segment in strip if segment.style is not None)
    return {str(style.meta["@click"]) for style in styles if "@click" in style.meta}


async def test_markup_in_a_run_is_text_and_no_action_fires() -> None:
    bad = "[@click=app.quit]x[/]"
    app = workbench_app(FakeSource(list(hostile_run(bad))), now=NOW + 100, is_netted=False)
    async with app.run_test(size=(160, 50)) as pilot:
        await settle(pilot)
        lines = text_of(app).split("\n")
        places = [(line.index(bad) + bad.index("x"), y) for y, line in enumerate(lines) if bad in line]
        assert len(places) > 5
        actions = actions_of(app)
        assert any(action.startswith("screen.do") for action in actions)  # so links would be found
        assert not any(action.startswith("app.") for action in actions), actions
        for place in places:
            await pilot.click(offset=place)
        assert app.is_running


async def test_hostile_names_and_answers_of_earlier_runs_are_harmless() -> None:
    run = RunSummary(
        name=ALL, path=Path("x"), worktree=Path("x"), task=ALL, answer_head=ALL, problem=ALL, started_at=NOW
    )
    assert danger(await shown(start_app([run], ALL, is_netted=False), ()), allowed="\n") == ""


async def test_a_hostile_file_is_previewed_as_escapes(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text(ALL)
    records = list(hostile_run("plain"))
    source = FakeSource(records, worktree=tmp_path)
    source.add(Record(0, NOW + 99, events.FilesChanged((FileEntry("x.py", size_bytes=9),))))
    app = workbench_app(source, now=NOW + 100, is_netted=False)
    drawn = await shown(app, ("4", "z"))
    assert "x.py" in drawn
    assert danger(drawn, allowed="\n") == ""
