"""The model's window: when the conversation outgrows it, the oldest observations are shortened, visibly."""

from collections.abc import Callable

from lis_tui.core.conversation import Conversation
from lis_tui.core.events import ContextTrimmed, StepAddress, Trim

KEPT_LENGTHS = (2000, 400, 120)
"""Characters that stay of a shortened observation: gently first, harder where that is not enough."""
TARGET = 0.8
"""How much of the room is used after trimming, so that not every turn must trim again."""


def room_for(context_tokens: int, max_tokens: int) -> int:
    """Tokens the request may have, so that a reply still fits into the window."""
    return context_tokens - min(max_tokens, context_tokens // 4)


def trim(
    conversation: Conversation, turn: int, most_tokens: int, count: Callable[[], int]
) -> ContextTrimmed | None:
    """Find which observations to shorten until `count()` would be at most `most_tokens`.

    Nothing is changed. The newest turn's observations are shortened only where the older ones are not enough.
    Gives None where there is nothing left to shorten.
    """
    now = count()
    texts = {address: message.text for address, message in conversation.observations.items()}
    size = sum(len(text) for text in texts.values())
    if not size:
        return None
    newest = max(address.turn for address in texts)
    tokens_per_sign = min(1.0, now / max(1, sum(_sizes(conversation))))
    wanted = (now - TARGET * most_tokens) / tokens_per_sign
    older = [address for address in texts if address.turn != newest]
    recent = [address for address in texts if address.turn == newest]
    trims: dict[StepAddress, str] = {}
    for addresses in (older, recent):
        for keep in KEPT_LENGTHS:
            wanted = _shorten_some(texts, trims, addresses, keep, wanted)
    if not trims:
        return None
    return ContextTrimmed(turn=turn, trims=tuple(Trim(address, text) for address, text in trims.items()))


def _sizes(conversation: Conversation) -> list[int]:
    return [len(str(message)) for message in conversation.messages]


def _shorten_some(
    texts: dict[StepAddress, str],
    trims: dict[StepAddress, str],
    addresses: list[StepAddress],
    keep: int,
    wanted: float,
) -> float:
    """Shorten the oldest first until `wanted` characters are gone; gives what is still wanted."""
    for address in addresses:
        if wanted <= 0:
            break
        short = shorten(texts[address], keep)
        gain = len(texts[address]) - len(short)
        if gain > 0:
            texts[address] = trims[address] = short
            wanted -= gain
    return wanted


def shorten(text: str, keep: int) -> str:
    """Keep head and tail of a text and say what is gone; a text that would not get shorter stays."""
    half = keep // 2
    gone = len(text) - 2 * half
    short = f"{text[:half]}\n[… {gone} characters were cut here to fit the context window …]\n{text[-half:]}"
    return short if len(short) < len(text) else text


def is_context_overflow(sentence: str) -> bool:
    """Tell from a server's refusal whether the request was too long."""
    said = sentence.lower()
    return any(words in said for words in _OVERFLOW_WORDS)


_OVERFLOW_WORDS = (
    "context length",
    "context_length",
    "context window",
    "context size",
    "maximum context",
    "prompt is too long",
    "too many tokens",
    "input is too long",
    "exceeds the available context",
    "maximum number of tokens",
)
