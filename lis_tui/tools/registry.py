"""Which tools a run has."""

from lis_tui.core.ports import Tool
from lis_tui.tools.bash import ExecuteBash
from lis_tui.tools.editor import Editor
from lis_tui.tools.submit import Submit


def default_tools() -> tuple[Tool, ...]:
    """Give the paper's three tools, fresh: they remember what happened in their run."""
    return ExecuteBash(), Editor(), Submit()
