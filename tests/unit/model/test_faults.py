"""Headers and chains of errors are read for what they mean."""

import socket
import ssl

import httpx
import pytest

from lis_tui.core.errors import ModelRefused, ModelUnreachable
from lis_tui.model.faults import failure_of, retry_seconds

NOW = "Wed, 21 Oct 2026 07:28:00 GMT"


class Wrapped(Exception):
    """As litellm raises them: a status that may be its own invention."""

    def __init__(self, text: str, status_code: int) -> None:
        super().__init__(text)
        self.status_code = status_code


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("Wed, 21 Oct 2026 07:28:30 GMT", 30.0),
        ("soon", None),
        ("", None),
    ],
)
def test_a_wait_is_told_in_seconds_or_as_a_moment(value: str, seconds: float | None) -> None:
    assert retry_seconds(value, NOW) == seconds


def test_the_status_that_was_really_sent_counts_not_the_one_wrapped_around_it() -> None:
    response = httpx.Response(404, request=httpx.Request("POST", "http://h/"))
    wrapped = Wrapped("MidStreamFallbackError", 500)
    wrapped.__cause__ = Wrapped("no such model", 404)
    wrapped.__cause__.__cause__ = httpx.HTTPStatusError("no", request=response.request, response=response)
    error = failure_of(wrapped, where="the server", secret=None)
    assert (type(error), error.status) == (ModelRefused, 404)


def test_what_breaks_is_told_apart_from_what_never_was() -> None:
    broke = failure_of(httpx.ReadError("gone"), where="the server", secret=None)
    never = failure_of(httpx.ConnectError("refused"), where="the server", secret=None)
    assert (type(broke), type(never)) == (ModelUnreachable, ModelUnreachable)
    assert broke.sentence == "The connection to the server broke: gone."
    assert never.sentence.startswith("The server cannot be reached: refused.")


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (ConnectionRefusedError(111, "refused"), "nothing listens there"),
        (socket.gaierror(-2, "unknown"), "name cannot be found"),
        (ssl.SSLCertVerificationError("self-signed"), "SSL_CERT_FILE"),
        (ssl.SSLError("wrong version number"), "http or https"),
        (httpx.ConnectTimeout("slow"), "does not answer"),
    ],
)
def test_a_server_that_was_never_reached_is_no_answer_of_500_and_the_way_out_is_told(
    cause: Exception, words: str
) -> None:
    wrapped = Wrapped("InternalServerError: Connection error.", 500)
    wrapped.__cause__ = httpx.ConnectError("All connection attempts failed")
    wrapped.__cause__.__cause__ = cause
    error = failure_of(wrapped, where="the server", secret=None)
    assert (type(error), error.status) == (ModelUnreachable, None)
    assert error.sentence.startswith("The server cannot be reached: ")
    assert words in error.sentence


def test_a_connection_that_broke_before_the_answer_is_no_answer_of_500() -> None:
    wrapped = Wrapped("InternalServerError: Server disconnected.", 500)
    wrapped.__cause__ = httpx.RemoteProtocolError("Server disconnected")
    error = failure_of(wrapped, where="the server", secret=None)
    assert (type(error), error.status) == (ModelUnreachable, None)
    assert error.sentence.startswith("The connection to the server broke")


def test_the_key_never_gets_into_a_sentence() -> None:
    error = failure_of(RuntimeError("sent sk-1234567890"), where="the server", secret="sk-1234567890")
    assert "sk-1234567890" not in error.sentence
