"""One event of a stream as the OpenAI protocol writes it, as far as we read it."""

from msgspec import Struct

Json = dict[str, object]


class FunctionPart(Struct):
    """What a call calls; arguments may come as text or, from some servers, as an object."""

    name: str | None = None
    arguments: object = None


class CallPart(Struct):
    """A piece of a call."""

    index: int | None = None
    id: str | None = None
    function: FunctionPart | None = None


class Delta(Struct):
    """What a choice adds."""

    content: object = None
    reasoning_content: str | None = None
    reasoning: object = None
    thinking_blocks: list[Json] | None = None
    tool_calls: list[CallPart] | None = None


class Choice(Struct):
    """One of the answers; we ask for one."""

    delta: Delta | None = None
    finish_reason: str | None = None


class Details(Struct):
    """Parts of a token count."""

    cached_tokens: int | None = None
    reasoning_tokens: int | None = None


class UsageTold(Struct):
    """Tokens as the server counts them."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: Details | None = None
    completion_tokens_details: Details | None = None
    prompt_cache_hit_tokens: int | None = None
    cost: float | None = None


class Chunk(Struct):
    """One event of a stream, as far as we read it."""

    choices: list[Choice] | None = None
    usage: UsageTold | None = None


class Pairs:
    """Joins characters that a server cut in two at a surrogate pair; a half that stays alone is replaced."""

    def __init__(self) -> None:
        self._halves: dict[str, str] = {}

    def join(self, stream: str, text: str) -> str:
        """Take more of one of the streams; a half at its end waits for the other."""
        text = self._halves.pop(stream, "") + text
        if text.isascii():
            return text
        if "\ud800" <= text[-1] <= "\udbff":
            self._halves[stream], text = text[-1], text[:-1]
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
