"""The model is told of the network that its sandbox really has, also where its home was yet to be chosen."""

from pathlib import Path

from lis_tui.core.errors import EngineMissing
from lis_tui.core.events import MessageSent, RunStarted
from lis_tui.core.spec import Network
from tests.fakes import MemorySandbox, bash, calls, submit
from tests.playing import Game


async def play(folder: Path, sandbox: MemorySandbox) -> tuple[str, list[str]]:
    """Give the system prompt of a run whose spec leaves its network open, and what is said before turns."""
    game = Game(folder, calls(bash("echo x", "1")), calls(submit("x", "2")), sandbox=sandbox)
    await game.play()
    return game.all(RunStarted)[0].system_prompt, [one.text for one in game.all(MessageSent)]


def sandbox_with(network: Network, foreseen: Network = "auto") -> MemorySandbox:
    sandbox = MemorySandbox(network=network)
    sandbox.foreseen = foreseen
    return sandbox


async def test_the_system_prompt_names_the_network_of_the_home_that_is_chosen(tmp_path: Path) -> None:
    prompt, said = await play(tmp_path, sandbox_with("allow", "allow"))
    assert "Public hosts can be reached, by HTTP and HTTPS only, through a proxy." in prompt
    assert said == [], "once is enough"


async def test_a_network_without_limits_needs_no_words(tmp_path: Path) -> None:
    prompt, said = await play(tmp_path, sandbox_with("bridge", "bridge"))
    assert "The network" not in prompt
    assert said == []


async def test_where_the_home_shows_only_when_it_is_up_the_model_is_told_before_its_next_turn(
    tmp_path: Path,
) -> None:
    prompt, said = await play(tmp_path, sandbox_with("allow"))
    assert "The network" not in prompt
    assert len(said) == 1
    assert said[0].startswith("[The network\n- Public hosts can be reached")


async def test_a_home_that_cannot_be_had_now_keeps_no_run_from_beginning(tmp_path: Path) -> None:
    class Late(MemorySandbox):
        async def foresee(self) -> Network:
            raise EngineMissing("No container engine answers.")

    prompt, said = await play(tmp_path, Late(network="bridge"))
    assert "The network" not in prompt
    assert said == []
