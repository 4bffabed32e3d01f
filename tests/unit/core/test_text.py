"""One-shot cleaning, clipping and hiding."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lis_tui.core.text import Secrets, SecretStream, clean, clip, one_line, safe_str, untagged
from tests.hostile import PAYLOADS, danger

KEY = "sk-proj-abcdefghijk1234567890"


@given(st.text(alphabet=st.characters(codec=None, exclude_categories=()), max_size=60))
def test_clean_text_has_no_danger(text: str) -> None:
    assert danger(clean(text), allowed="\n\t") == ""
    assert danger(one_line(text)) == ""


@pytest.mark.parametrize("name", [name for name in PAYLOADS if name != "piled marks"])
def test_a_payload_is_dangerous_before_it_is_cleaned(name: str) -> None:
    assert danger(PAYLOADS[name]) != ""
    assert danger(clean(PAYLOADS[name])) == ""
    assert danger(one_line(PAYLOADS[name])) == ""


def test_clean_shows_what_was_there() -> None:
    assert clean("a\r\nb\tc \x1b[31m\u202e\x9b\rx") == "a\nb\tc ␛[31m\\u202e\\x9b␍x"


def test_plain_text_is_left_alone() -> None:
    text = "def f():\n\treturn 'é 日本'\n"
    assert clean(text) == text


def test_one_line_is_short_and_on_one_line() -> None:
    assert one_line("a\nb") == "a⏎b"
    assert one_line("x" * 300, limit=10) == "x" * 9 + "…"
    assert len(one_line("\x00" * 500, limit=20)) == 20
    assert one_line("x" * 10, limit=10) == "x" * 10


@settings(deadline=None)
@given(st.text(max_size=200), st.integers(1, 60), st.integers(1, 8))
def test_a_clipped_text_keeps_head_and_tail_within_its_limits(
    text: str, most_bytes: int, most_lines: int
) -> None:
    text = safe_str(text)
    result, is_cut = clip(text, most_bytes=most_bytes, most_lines=most_lines, note="{bytes} gone")
    if not is_cut:
        assert result == text
        assert len(text.encode()) <= most_bytes
        return
    head, tail = result.split(" gone\n", 1)
    head, _, lost = head.rpartition("\n") if "\n" in head else ("", "", head)
    assert text.startswith(head)
    assert text.endswith(tail)
    assert len((head + tail).encode()) <= most_bytes
    # The line feed before the note belongs to the head where the head ended with it.
    kept = len((head + tail).encode())
    assert len(text.encode()) - int(lost.replace(",", "")) in (kept, kept + 1)


def test_a_clip_says_how_much_is_missing() -> None:
    text = "".join(f"line {i}\n" for i in range(100))
    result, is_cut = clip(text, most_bytes=10_000, most_lines=4, note="all of it is in out.txt")
    assert is_cut
    assert result == (
        "line 0\nline 1\n[… 760 bytes (96 lines) left out; all of it is in out.txt …]\nline 98\nline 99\n"
    )


def test_a_clip_of_one_long_line_cuts_between_characters() -> None:
    result, is_cut = clip("é" * 100, most_bytes=11, most_lines=5, note="")
    assert is_cut
    assert result == "ééé\n[… 190 bytes (1 line) left out …]\néé"


def test_lone_surrogates_are_replaced() -> None:
    with pytest.raises(UnicodeEncodeError):
        "a\udc80".encode()
    assert safe_str("a\udc80é") == "a\ufffdé"


@pytest.mark.parametrize(
    "text",
    [
        KEY,
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_" + "a1B2" * 9,
        "Authorization: Bearer abc.def-ghi_jkl123",
        "export OPENAI_API_KEY='abcdefgh123'",
        '"GEMINI_API_KEY": "abcdefgh123"',
        "my own secret: hunter2-hunter2",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEabc\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_keys_are_hidden_in_text_and_bytes(text: str) -> None:
    secrets = Secrets(["hunter2-hunter2", "abc"])
    assert "[hidden]" in secrets.hide(text)
    for secret in (KEY, "IOSFODNN7", "a1B2", "ghi_jkl", "abcdefgh123", "hunter2", "MIIE"):
        assert secret not in secrets.hide(text)
        assert secret.encode() not in secrets.hide_bytes(text.encode())


@pytest.mark.parametrize(
    "text", ["sk-learn-is-not-a-key", 'key = os.environ["OPENAI_API_KEY"]', "abc", "é\x80"]
)
def test_ordinary_text_is_not_hidden(text: str) -> None:
    secrets = Secrets(["abc"])
    assert secrets.hide(text) == text
    assert secrets.hide_bytes(text.encode()) == text.encode()


def test_code_that_reads_a_key_is_not_a_key() -> None:
    code = "OPENAI_API_KEY = settings.openai_key"
    assert Secrets().hide(code) == code


@given(st.lists(st.integers(0, 40), max_size=6))
def test_a_secret_is_hidden_however_the_stream_is_cut(cuts: list[int]) -> None:
    stream = SecretStream(Secrets(["hunter2-hunter2", "äöü-äöü"]))
    data = "say hunter2-hunter2 and äöü-äöü".encode()
    edges = [0, *sorted(cuts), len(data)]
    shown = b"".join(stream.feed(data[a:b]) for a, b in pairwise(edges)) + stream.finish()
    assert shown == b"say [hidden] and [hidden]"


@pytest.mark.parametrize(
    ("task", "told"),
    [
        ("<pr_description>\nMend it.\n</pr_description>", "Mend it.\n</pr_description>"),
        ("  <a>\n\n <b-c>\n  Mend it.", "Mend it."),
        ("<b>Mend</b> it.\nNow.", "<b>Mend</b> it.\nNow."),
        ("<only>", "<only>"),
        ("<only>\n", "<only>\n"),
        ("a < b\n", "a < b\n"),
        ("", ""),
    ],
)
def test_a_task_begins_after_tags_that_only_open_a_part(task: str, told: str) -> None:
    assert untagged(task) == told
