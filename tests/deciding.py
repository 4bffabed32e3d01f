"""Programs that answer gates, and runs that are answered by them."""

import asyncio
import shlex
import sys
from pathlib import Path

from lis_tui.cli.decide import Decider
from lis_tui.core.bus import Listener
from lis_tui.core.spec import GateSpec
from tests.playing import Game


def program(folder: Path, source: str) -> str:
    """Write a program that has read what it is asked; gives its command."""
    path = folder / "decide.py"
    path.write_text(f"import json, sys, time\nasked = json.loads(sys.stdin.readline())\n{source}\n")
    return shlex.join([sys.executable, "-S", "-E", str(path)])


async def play_with(game: Game, command: str, gate: GateSpec) -> None:
    """Play the run; the program answers its gates."""
    decider = Decider(command, game.run.decide, gate)
    listener = game.bus.listen()

    async def hear(listener: Listener) -> None:
        async for record in listener:
            decider.hear(record)

    hearing = asyncio.ensure_future(hear(listener))
    await asyncio.wait_for(game.play(), 30)
    game.bus.leave(listener)
    await hearing
    await decider.close()
