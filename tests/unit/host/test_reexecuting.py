"""With what a re-execution begins: image, first files, limits, who goes on; and what is said of all that."""

from pathlib import Path

import pytest
from msgspec import structs

from lis_tui.core import wire
from lis_tui.core.errors import ImageMissing, UsageWrong
from lis_tui.core.events import Record, RunStarted, SandboxStarted, StepAddress
from lis_tui.core.spec import Limits, ModelSpec, RunSpec, SandboxSpec
from lis_tui.host import setting
from lis_tui.host.origin import origin_of
from lis_tui.host.reexecuting import Reexecution, as_reexecution
from lis_tui.host.setting import Setting
from lis_tui.trajectory.adopting import adopt
from lis_tui.trajectory.foreign.building import Builder
from lis_tui.trajectory.journal import read
from lis_tui.trajectory.replay import Recorded
from tests.fakes import call

SANDBOX = SandboxStarted(
    kind="docker", image="img", image_id="sha256:abc", container="c", network="bridge", took_s=1.0
)


def records(image: str | None = None) -> list[Record]:
    builder = Builder("mini-swe-agent", name="talk")
    builder.begin(task="Do it.", image=image)
    builder.reply(calls=[call("bash", '{"command":"echo x"}', "a")])
    builder.observe("x\n", exit_code=0)
    return builder.finish().records


def ours(*inputs: str) -> list[Record]:
    """The same as if we had recorded it, in an image."""
    first, _, *rest = records()
    assert isinstance(first.event, RunStarted)
    spec = RunSpec(
        task="Do it.",
        model=ModelSpec(name="openai/m"),
        sandbox=SandboxSpec(image="img"),
        inputs=inputs,
        limits=Limits(max_turns=7),
    )
    started = structs.replace(first, event=structs.replace(first.event, run="own", spec=spec))
    return [started, Record(2, 1.0, SANDBOX), *rest]


@pytest.fixture
def images(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The images that are here."""
    here: set[str] = set()
    monkeypatch.setattr(setting, "has_image", here.__contains__)
    return here


def setting_of(folder: Path, made: list[Record], **given: object) -> Setting:
    run = adopt(folder, made)
    ask = wire.Reexecute(id=0, run=run.name, **given)  # type: ignore[arg-type]  # as the test says
    return Setting(folder, origin_of(folder, run, None), ask)


def test_another_programs_image_is_taken_where_it_is_here_and_else_ours_and_that_is_said(
    tmp_path: Path, images: set[str]
) -> None:
    found = setting_of(tmp_path, records("their/image"), fallback_image="mine")
    assert (found.sandbox.image, found.image_id) == ("mine", "")
    assert "The image it ran in, their/image, is not here; this is mine." in found.notes
    images.add("their/image")
    assert setting_of(tmp_path, records("their/image")).sandbox.image == "their/image"
    unknown = setting_of(tmp_path, records(), fallback_image="mine")
    assert "The image it ran in is not known; this is mine." in unknown.notes


def test_our_own_image_must_be_the_very_one_unless_another_is_asked_for(
    tmp_path: Path, images: set[str]
) -> None:
    with pytest.raises(ImageMissing, match="--image"):
        setting_of(tmp_path, ours())
    images.add("sha256:abc")
    assert setting_of(tmp_path, ours()).image_id == "sha256:abc"
    other = setting_of(tmp_path, ours(), image="other")
    assert (other.sandbox.image, other.image_id) == ("other", "")


def test_another_home_is_one_without_what_was_kept_of_the_recorded(
    tmp_path: Path, images: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def choose(spec: SandboxSpec) -> str:
        asked.append(spec.kind)
        return spec.kind

    monkeypatch.setattr(setting, "choose", choose)
    found = setting_of(tmp_path, ours(), sandbox="embedded")
    assert (found.sandbox.kind, found.image_id, found.manifest) == ("embedded", "", None)
    assert "The sandbox is embedded, as was asked for; recorded: docker." in found.notes
    assert asked == ["embedded"], "whether it can be had is asked first"
    images.add("sha256:abc")
    same = setting_of(tmp_path, ours(), sandbox="docker")
    assert (same.sandbox.kind, same.image_id) == ("docker", "sha256:abc")
    assert not any("as was asked for" in note for note in same.notes)
    with pytest.raises(UsageWrong, match="has no image"):
        setting_of(tmp_path, ours(), sandbox="embedded", image="other")


def test_inputs_are_those_on_this_computer_where_no_checkpoint_has_them(
    tmp_path: Path, images: set[str]
) -> None:
    images.add("sha256:abc")
    here = tmp_path / "here.txt"
    here.write_text("x")
    found = setting_of(tmp_path / "data", ours(str(here), "/gone/away.txt"))
    assert found.inputs == (str(here),)
    assert any("as they are now, not as they were" in note for note in found.notes)
    assert any("are gone: /gone/away.txt" in note for note in found.notes)
    other = setting_of(tmp_path / "data", ours(str(here)), inputs=("/other",))
    assert other.inputs == ("/other",)


def made(folder: Path, of: list[Record], **given: object) -> Reexecution:
    run = adopt(folder, of)
    ask = wire.Reexecute(id=0, run=run.name, **given)  # type: ignore[arg-type]  # as the test says
    origin = origin_of(folder, run, None)
    return Reexecution(origin, Recorded(read(run)), Setting(folder, origin, ask), ask, is_headless=True)


def test_no_limit_of_the_recorded_run_ends_its_re_execution(tmp_path: Path, images: set[str]) -> None:
    images.add("sha256:abc")
    spec = made(tmp_path, ours()).spec
    assert (spec.model.name, spec.limits.max_turns, spec.limits.max_cost_usd) == ("replay/own", 7, None)
    assert spec.sandbox.checkpoints


def test_who_goes_on_must_be_said_of_another_programs_run(tmp_path: Path, images: set[str]) -> None:
    assert made(tmp_path, records()).live({}) is None
    with pytest.raises(UsageWrong, match="which model goes on"):
        made(tmp_path, records(), takes_over=True).live({})
    changes = wire.Changes(model=ModelSpec(name="script/demo"), message="Look.")
    live = made(tmp_path, records(), takes_over=True, changes=changes).live({})
    assert live is not None
    assert (live.spec.name, live.message, live.limits.max_turns) == ("script/demo", "Look.", 101)
    assert "done by another program" in live.note


def test_a_run_in_which_nothing_has_run_is_refused(tmp_path: Path, images: set[str]) -> None:
    images.add("sha256:abc")
    with pytest.raises(UsageWrong, match="Nothing has run"):
        made(tmp_path, ours()[:2])


def test_a_fork_that_is_rebuilt_is_a_re_execution_up_to_its_point(tmp_path: Path) -> None:
    fork = wire.Fork(id=3, run="r", point=StepAddress(2, 1), is_before=True, rebuild=True)
    ask = as_reexecution(fork)
    assert (ask.run, ask.last, ask.is_before, ask.takes_over) == ("r", StepAddress(2, 1), True, True)
