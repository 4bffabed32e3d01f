from typing import cast

from lis_tui.core.messages import Observation, ToolSchema
from lis_tui.core.ports import StepContext
from lis_tui.core.text import Secrets
from lis_tui.host.discretion import DiscreetTool


class Teller:
    """A tool that tells what it was given."""

    schema = ToolSchema("tell", "Tells.", "{}")

    def problem(self, arguments: dict[str, object]) -> str:
        return "" if arguments else "nothing given"

    async def run(self, arguments: dict[str, object], context: StepContext) -> Observation:
        said = str(arguments["said"])
        return Observation(text=said, diff=f"+{said}", answer=said)


async def test_known_values_are_told_nowhere_and_all_else_is_left_as_it_is() -> None:
    tool = DiscreetTool(Teller(), Secrets(["tremendous"], has_shapes=False))
    said = "tremendous OPENAI_API_KEY=sk-test0123456789abcdef"
    seen = await tool.run({"said": said}, cast(StepContext, None))
    assert seen.text == "[hidden] OPENAI_API_KEY=sk-test0123456789abcdef"
    assert seen.diff == f"+{seen.text}"
    assert seen.answer == seen.text
    assert (tool.schema.name, tool.problem({})) == ("tell", "nothing given")
