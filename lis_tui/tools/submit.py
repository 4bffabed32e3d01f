"""The tool that ends a run with its answer."""

from lis_tui.core.errors import FileRefused
from lis_tui.core.messages import Observation, ToolSchema
from lis_tui.core.ports import StepContext
from lis_tui.core.text import safe_str
from lis_tui.tools.arguments import problem_with

MOST_ANSWER_BYTES = 1 << 20

_PARAMETERS = """{
  "type": "object",
  "properties": {
    "answer": {
      "type": "string",
      "description": "The final answer, used only where answer.txt does not exist."
    }
  }
}"""


class Submit:
    """Takes the answer from `answer.txt`; where there is none, asks once and then believes it."""

    def __init__(self) -> None:
        self._has_asked = False

    @property
    def schema(self) -> ToolSchema:
        """What the model is told."""
        return ToolSchema(
            "submit",
            "End the task. Call it once, when the final answer stands in answer.txt in the work folder "
            "and every file the task asks for is in output/.",
            _PARAMETERS,
        )

    def problem(self, arguments: dict[str, object]) -> str:
        """Why these arguments cannot be used."""
        return problem_with(arguments, texts=("answer",))

    async def run(self, arguments: dict[str, object], context: StepContext) -> Observation:
        """Read the answer; the run is over with it."""
        path = f"{context.sandbox.workdir.rstrip('/')}/answer.txt"
        problem = ""
        notes: tuple[str, ...] = ()
        try:
            data = await context.sandbox.read_file(path, MOST_ANSWER_BYTES + 1)
        except FileRefused as error:
            data, problem = b"", error.sentence
        answer = safe_str(data[:MOST_ANSWER_BYTES].decode("utf-8", errors="replace")).strip()
        if answer:
            if len(data) > MOST_ANSWER_BYTES:
                notes = (f"Only the first {MOST_ANSWER_BYTES:,} bytes of answer.txt were taken.",)
            return Observation(text="Submitted.", answer=answer, notes=notes)
        return self._without_file(str(arguments.get("answer") or "").strip(), path, problem)

    def _without_file(self, given: str, path: str, problem: str) -> Observation:
        if given:
            note = f"The answer was given with the call; {path} holds none."
            return Observation(text="Submitted.", answer=safe_str(given), notes=(note,))
        if not self._has_asked:
            self._has_asked = True
            text = (
                f"Not submitted: {path} is missing or empty. {problem} Write the final answer there and call "
                "submit again. Calling submit again without it ends the task without an answer."
            )
            return Observation(text=text, status="failed")
        note = f"It was submitted without an answer: {path} is missing or empty."
        return Observation(text="Submitted without an answer.", answer="", notes=(note,))
