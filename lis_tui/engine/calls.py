"""What a model may call, and what is wrong with a call."""

from collections.abc import Mapping

import msgspec

from lis_tui.core.messages import ToolCall
from lis_tui.core.ports import Tool
from lis_tui.engine.hands import parsed


class Calls:
    """Checks calls against the run's tools."""

    def __init__(self, tools: Mapping[str, Tool]) -> None:
        self._tools = tools

    def problem(self, call: ToolCall) -> str:
        """Say why the call cannot run as it is; empty where it can."""
        return self.problem_with(call.name, call.arguments)

    def problem_with(self, name: str, arguments: str) -> str:
        """Say why this tool cannot be called like this; empty where it can."""
        tool = self._tools.get(name)
        if tool is None:
            return f"There is no tool {name!r}. The tools are: {', '.join(self._tools)}."
        try:
            return tool.problem(parsed(arguments))
        except msgspec.DecodeError as error:
            return (
                f"The arguments are no whole JSON object ({error}); they may have been cut off. "
                "Call the tool again with complete arguments."
            )
