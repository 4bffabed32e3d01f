"""What a screen knows of a re-execution: how a step differs, and what one needs from here."""

import os
from typing import TYPE_CHECKING

from lis_tui.core.parts import StepView
from lis_tui.core.text import one_line
from lis_tui.core.view import RunView

if TYPE_CHECKING:
    from lis_tui.ui.paint import Paint
    from lis_tui.ui.screens.diff import DiffScreen


def difference(step: StepView, paint: "Paint") -> "DiffScreen | None":
    """Give how what came of a step differs from the recording; None where it does not, or is none."""
    replayed, seen = step.replayed, step.observation
    if replayed is None or seen is None or replayed.verdict not in ("diverged", "normalised"):
        return None
    from lis_tui.core.differing import diff_texts
    from lis_tui.trajectory.envelopes import printed
    from lis_tui.trajectory.judging import VERDICTS
    from lis_tui.ui.screens.diff import DiffScreen

    sign, words = VERDICTS[replayed.verdict]
    because = ", ".join(replayed.rules) if replayed.rules else replayed.because
    codes = [
        "" if code is None else f" (exit code {code})"
        for code in (replayed.expected_exit_code, seen.exit_code)
    ]
    names = (f"recorded{codes[0]}", f"now{codes[1]}")
    diff = diff_texts(printed(replayed.expected), printed(seen.text), names)
    title = f"{step.address} {sign} {words}: {one_line(because, 200)}"
    return DiffScreen(title, [("What came of it", diff)], paint)


def counted(view: RunView) -> str:
    """Say how the steps compare with the recording; empty where nothing was done again."""
    verdicts = [step.replayed.verdict for step in view.steps if step.replayed is not None]
    if not verdicts:
        return ""
    from lis_tui.trajectory.judging import Counts

    counts = Counts()
    for verdict in verdicts:
        counts = counts.plus(verdict)
    return str(counts)


def variables_of(view: RunView) -> dict[str, str]:
    """Give the variables that the run had in its sandbox, as far as they are set here."""
    if view.started is None:
        return {}
    from lis_tui.config.secrets import VARIABLE

    names = [name for name in view.started.spec.sandbox.env_names if name in os.environ]
    return {VARIABLE + name: os.environ[name] for name in names}
