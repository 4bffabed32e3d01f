"""How the parts of a run's engine are put together."""

from lis_tui.engine.act import Actor
from lis_tui.engine.calls import Calls
from lis_tui.engine.changes import Changes
from lis_tui.engine.computer import Computer
from lis_tui.engine.controls import Controls
from lis_tui.engine.hands import Hands
from lis_tui.engine.injecting import Injecting
from lis_tui.engine.loop import Loop
from lis_tui.engine.models import Models
from lis_tui.engine.progress import Progress
from lis_tui.engine.recovery import Recovery
from lis_tui.engine.replaying import Pace
from lis_tui.engine.think import Thinker
from lis_tui.engine.versions import Versions


def assemble(
    progress: Progress,
    models: Models,
    hands: Hands,
    computer: Computer,
    recovery: Recovery,
    pace: Pace,
    *,
    is_plain: bool,
) -> tuple[Loop, Controls]:
    """Give the loop of a run, and what carries out decisions about it."""
    calls = Calls(hands.tools)
    thinker = Thinker(progress, models, [tool.schema for tool in hands.tools.values()])
    injecting = Injecting(progress, hands, computer, recovery)
    versions = Versions(progress, thinker, calls)
    actor = Actor(progress, hands, calls, injecting, versions, recovery, pace)
    loop = Loop(progress, thinker, actor, versions, injecting, computer, recovery, pace, is_plain=is_plain)
    changes = Changes(progress, models, injecting, versions)
    return loop, Controls(progress, models, hands.sandbox, changes)
