"""Asks an endpoint which models it serves."""

import msgspec
from msgspec import Struct

from lis_tui.core.errors import ModelFailed, ModelRefused, ModelUnreachable, ReplyUnreadable

_LIMIT_S = 10.0


class _Entry(Struct):
    id: str


class _Listed(Struct):
    data: list[_Entry]


async def list_models(
    api_base: str, key: str | None = None, *, timeout_s: float = _LIMIT_S
) -> tuple[str, ...]:
    """Name the models of `api_base` (GET /models), sorted. Raises ModelFailed."""
    import httpx

    url = api_base.rstrip("/") + "/models"
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        async with httpx.AsyncClient(timeout=timeout_s) as client:
            answer = await client.get(url, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ModelUnreachable(f"{url} cannot be reached: {error or type(error).__name__}.") from error
    if answer.status_code != httpx.codes.OK:
        raise _refusal(url, answer.status_code)
    try:
        listed = msgspec.json.decode(answer.content, type=_Listed)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ReplyUnreadable(f"{url} answered with something that is no list of models.") from error
    return tuple(sorted(entry.id for entry in listed.data))


def _refusal(url: str, status: int) -> ModelFailed:
    if 400 <= status < 500 and status != 429:
        return ModelRefused(f"{url} answered {status}.", status=status)
    return ModelUnreachable(f"{url} answered {status}.", status=status)
