"""The small parts below the shell: marks, frames, saved state, manifests, processes."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from lis_tui.sandbox import manifest, state
from lis_tui.sandbox.channel import Frames
from lis_tui.sandbox.marks import Mark, Until, fresh_mark
from lis_tui.sandbox.processes import Process, Tree

MARK = Mark("0123abcd")


@given(st.binary(max_size=60), st.lists(st.integers(0, 80), max_size=6), st.binary(max_size=9))
def test_a_mark_is_found_however_the_stream_is_cut(before: bytes, cuts: list[int], after: bytes) -> None:
    whole = before + MARK.data[:7] + MARK.data + after
    edges = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    passed = bytearray()
    until = Until(MARK, passed.extend)
    rest = None
    for start, end in itertools.pairwise(edges):
        piece = whole[start:end]
        rest = until.feed(piece) if rest is None else rest + piece
    assert bytes(passed) == before + MARK.data[:7]
    assert rest == after


def test_a_stream_that_ends_without_a_mark_is_passed_on_whole() -> None:
    passed = bytearray()
    until = Until(MARK, passed.extend)
    until.feed(b"text\0lis-0123")
    assert bytes(passed) == b"text"
    until.finish()
    assert bytes(passed) == b"text\0lis-0123"


def test_marks_differ() -> None:
    assert fresh_mark() != fresh_mark()


@given(st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=20)), max_size=8), st.integers(1, 11))
def test_frames_come_apart_however_they_were_cut(sent: list[tuple[int, bytes]], size: int) -> None:
    data = b"".join(bytes([side, 0, 0, 0]) + len(body).to_bytes(4, "big") + body for side, body in sent)
    frames = Frames()
    sides = {1: bytearray(), 2: bytearray()}
    for at in range(0, len(data), size):
        for side, piece in frames.feed(data[at : at + size]):
            sides[side] += piece
    for side, found in sides.items():
        assert bytes(found) == b"".join(body for which, body in sent if which == side)


def test_saved_variables_are_told_apart_also_where_values_look_like_declarations() -> None:
    saved = b"""declare -x HOME="/root"
declare -r BASH_VERSINFO=([0]="5")
declare -ir UID="0"
declare -- A="one
declare -- FAKE=\\"x\\"
end"
declare -a L=([0]="a" [1]=$'b\\n\\'declare -- NO=1')
declare -- __lis_cmd="x"
declare -x EMPTY
declare -r MINE="1"
"""
    script, lost = state.replay({"vars": saved}, b"/a b")
    assert lost == []
    assert script.count(b"builtin eval") == 1 + 5
    assert b"cd -- '\\''/a b'\\''" in script
    for absent in (b"BASH_VERSINFO", b"UID", b"__lis_cmd"):
        assert absent not in script
    for present in (b"HOME", b"FAKE", b"NO=1", b"EMPTY", b"MINE"):
        assert present in script


def test_a_value_that_is_too_large_is_named_and_left_out() -> None:
    saved = b'declare -- BIG="' + b"x" * 1_000_001 + b'"\ndeclare -- B="1"\n'
    script, lost = state.replay({"vars": saved}, b"/")
    assert lost == ["BIG"]
    assert b'B="1"' in script
    assert len(script) < 1000


def test_a_manifest_has_every_fact_of_an_entry() -> None:
    data = (
        b"f 4755 0:12 7 1700000000.1234567890 1700000001.0000000000 99\0a\nb\xff\0\0"
        b"l 777 1:1 4 1.0 2.0 100\0link\0/etc/x y\0"
        b"p 600 0:0 0 1.0 2.0 101\0fifo\0\0"
    )
    file, link, fifo = manifest.parse(data)
    assert (file.path, file.mode, file.owner, file.inode, file.ctime) == (
        b"a\nb\xff",
        0o4755,
        "0:12",
        99,
        "1700000001.0000000000",
    )
    assert (link.kind, link.target, fifo.kind) == ("link", b"/etc/x y", "fifo")
    assert file.shown().path == "a\nb\\xff"
    assert link.shown().size_bytes == 0


def test_an_entry_is_unchanged_only_while_size_times_and_inode_are() -> None:
    line = b"f 644 0:0 %d 1.5 %s 9\0a\0\0"
    (old,) = manifest.parse(line % (3, b"2.5"))
    (same,) = manifest.parse(line % (3, b"2.5"))
    (touched,) = manifest.parse(line % (3, b"2.6"))
    assert same.is_unchanged_from(old)
    assert not touched.is_unchanged_from(old)


def test_descendants_are_found_and_the_dead_left_out() -> None:
    tree = Tree(
        1,
        (Process(1, 0, "S"), Process(2, 1, "S"), Process(3, 2, "R"), Process(4, 1, "Z"), Process(5, 9, "S")),
    )
    assert tree.has_root
    assert tree.children(1) == [2]
    assert sorted(tree.below([2])) == [2, 3]
    assert not Tree(7, tree.processes).has_root
