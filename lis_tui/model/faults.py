"""Turns what a vendor's library raised into our own errors: by status, then message, class last."""

import re
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime

import msgspec

from lis_tui.core.errors import KeyMissing, ModelFailed, ModelRefused, ModelUnreachable
from lis_tui.core.text import safe_str

_SHORTEST_KEY = 8
_NO_PROVIDER = (
    "The model's name says no provider: write PROVIDER/NAME, such as openai/gpt-4o, "
    "or give the server's address with --api-base."
)
_MESSAGE = re.compile(r'"message"\s*:\s*("(?:[^"\\]|\\.)*")')
_PASSING = (408, 409, 425, 429)
_MOST = 400
"""Characters of a server's own words in our sentence."""
_CLOSED = ("ConnectError", "ConnectTimeout", "ConnectionRefusedError")
_CLOSED_BECAUSE = (
    ("ConnectionRefusedError", "nothing listens there. Start the server, or correct its address."),
    ("gaierror", "its name cannot be found. Check the address and the network."),
    (
        "SSLCertVerificationError",
        "its certificate is not trusted. Set SSL_CERT_FILE to a bundle that has it.",
    ),
    ("SSLError", "it does not speak TLS as expected. Check the address: http or https?"),
    ("ConnectTimeout", "it does not answer. Check the address and the network."),
)
"""Kinds of error under a connection that never was, and what to do about each."""
_BROKEN = (
    "ConnectError",
    "APIConnectionError",
    "ProxyError",
    "RemoteProtocolError",
    "ReadError",
    "WriteError",
    "ConnectionError",
)
_SLOW = ("APITimeoutError", "TimeoutException", "Timeout")
_QUOTA = re.compile(r"insufficient_quota|exceeded your current quota|billing|credit balance", re.IGNORECASE)
_BUSY = re.compile(r"overloaded|rate.?limit|too many requests|try again|temporarily", re.IGNORECASE)
_NO_TOOLS = re.compile(
    r"(does not|doesn't) support tools|tool.?(choice|call)\S* (is|are) not supported", re.IGNORECASE
)


def failure_of(error: BaseException, *, where: str, secret: str | None) -> ModelFailed:
    """Give our error for one that litellm (or what is under it) raised; `where` names the server."""
    subject = where[:1].upper() + where[1:]
    chain = list(_chain(error))
    status = _status(chain)
    words = _words(chain, secret)
    if "LLM Provider NOT provided" in str(error):
        return ModelRefused(_NO_PROVIDER)
    if status is not None and _is_answer(chain):
        return _answered(status, words, _retry_after(chain), subject)
    if _is_one_of(chain, _CLOSED):
        return ModelUnreachable(f"{subject} cannot be reached: {_why_closed(chain, words)}")
    if _is_one_of(chain, _SLOW):
        return ModelUnreachable(f"{subject} took too long to answer.")
    if _is_one_of(chain, _BROKEN):
        return ModelUnreachable(f"The connection to {where} broke: {words}.")
    if status is not None and 400 <= status < 500 and status not in _PASSING:
        return ModelRefused(f"The request to {where} cannot be made: {words}", status=status)
    if _BUSY.search(words):
        return ModelUnreachable(f"{subject} is busy: {words}", status=status)
    return ModelUnreachable(f"{subject} failed: {words}", status=status)


def wants_no_usage(error: ModelFailed) -> bool:
    """Whether the server refused to be asked for usage."""
    return error.status in (400, 422) and "stream_options" in str(error)


def _answered(status: int, words: str, retry_after_s: float | None, where: str) -> ModelFailed:
    said = f"{where} answered {status}: {words}"
    if status == 429 and _QUOTA.search(words):
        return ModelRefused(f"{said}. The account has no quota left.", status=status)
    if status in _PASSING or status >= 500:
        return ModelUnreachable(said, status=status, retry_after_s=retry_after_s)
    return ModelRefused(said + _next_step(status, words), status=status)


def _next_step(status: int, words: str) -> str:
    if _NO_TOOLS.search(words):
        return '. Set tool_style = "text" in the profile: the model is then told of its tools in words.'
    steps = {
        401: ". Check the API key.",
        403: ". The key may not use this model.",
        404: ". Check the model's name and the address.",
    }
    return steps.get(status, "")


def key_refused(error: ModelFailed, where: str) -> ModelFailed:
    """A 401 where no key was given means that one is needed."""
    if error.status != 401:
        return error
    subject = where[:1].upper() + where[1:]
    return KeyMissing(f"{subject} wants an API key and none was found: see `lis-tui doctor`.", status=401)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        inner = getattr(current, "original_exception", None)
        current = (
            current.__cause__ or current.__context__ or (inner if isinstance(inner, Exception) else None)
        )


def _status(chain: list[BaseException]) -> int | None:
    """Find the status that the server really sent: the innermost error knows best."""
    for error in reversed(chain):
        status = getattr(error, "status_code", None)
        if isinstance(status, int) and 100 <= status < 600:
            return status
        code = getattr(error, "code", None)
        if str(code).isdigit() and 400 <= int(str(code)) < 600:
            return int(str(code))
    return None


def _is_answer(chain: list[BaseException]) -> bool:
    """Whether a server answered, rather than litellm inventing a status for what never reached one."""
    if _is_one_of(chain, ("HTTPStatusError",)):
        return True
    if _is_one_of(chain, ("UnsupportedParamsError", "TransportError")):
        return False
    return _is_one_of(chain, ("APIStatusError",)) or not _is_one_of(chain, _BROKEN + _SLOW)


def _why_closed(chain: list[BaseException], words: str) -> str:
    for name, why in _CLOSED_BECAUSE:
        if _is_one_of(chain, (name,)):
            return why
    return f"{words}. Is the server up, and is its address right?"


def _is_one_of(chain: list[BaseException], names: tuple[str, ...]) -> bool:
    kinds = {kind.__name__ for error in chain for kind in type(error).__mro__}
    return not kinds.isdisjoint(names)


def _retry_after(chain: list[BaseException]) -> float | None:
    for error in chain:
        headers = getattr(getattr(error, "response", None), "headers", None)
        if isinstance(headers, Mapping) and (value := headers.get("retry-after")):
            return retry_seconds(str(value), str(headers.get("date", "")))
    return None


def retry_seconds(value: str, date: str) -> float | None:
    """Read a Retry-After header: seconds, or a moment compared with the server's own clock."""
    try:
        return max(float(value), 0.0)
    except ValueError:
        pass
    try:
        then, now = parsedate_to_datetime(value), parsedate_to_datetime(date)
        return max((then - now).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None


def _words(chain: list[BaseException], secret: str | None) -> str:
    """Give the server's own words on one line, without the key."""
    for error in reversed(chain):
        body = getattr(error, "body", None)
        if isinstance(body, dict) and isinstance(body.get("message"), str):
            return _short(body["message"], secret)
    told = next((error for error in chain if type(error).__module__.startswith("openai")), chain[0])
    text = str(told)
    if found := _MESSAGE.search(text):
        text = _unquoted(found.group(1))
    return _short(text, secret)


def _unquoted(text: str) -> str:
    try:
        return msgspec.json.decode(text, type=str)
    except msgspec.DecodeError:
        return text


def _short(text: str, secret: str | None) -> str:
    if secret and len(secret) >= _SHORTEST_KEY:
        text = text.replace(secret, "•••")
    line = " ".join(safe_str(text).split()).rstrip(".")
    return line if len(line) <= _MOST else line[:_MOST] + "…"
