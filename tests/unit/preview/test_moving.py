"""Durations, sizes and codecs are those that ffprobe 5.1 tells of the same files."""

import io
from pathlib import Path

import av
import pytest

from lis_tui.preview.decoders import decode
from lis_tui.preview.file import HeldFile
from lis_tui.preview.parts import CannotShow, Pixels, Preview, Wanted

MEDIA = Path(__file__).parents[2] / "media"
CLIP = (MEDIA / "clip.mp4").read_bytes()
COLOURS = (MEDIA / "colours.webm").read_bytes()
RED, GREEN, BLUE = (253, 0, 0), (0, 254, 0), (0, 0, 254)


def shown(data: bytes, wanted: Wanted | None = None) -> Preview:
    return decode("video", HeldFile(data), wanted or Wanted())


def pictures(preview: Preview) -> list[Pixels]:
    return [part for part in preview.parts if isinstance(part, Pixels)]


def colour(pixels: Pixels, x: int = 32, y: int = 24) -> tuple[int, ...]:
    """Give the colour of a point."""
    start = (y * pixels.width + x) * 4
    return tuple(pixels.data[start : start + 3])


def near(found: tuple[int, ...], meant: tuple[int, ...]) -> bool:
    return all(abs(one - other) < 16 for one, other in zip(found, meant, strict=True))


def test_the_facts_of_a_clip_are_those_of_ffprobe() -> None:
    # ffprobe: mov,mp4 · duration=2.000000 · h264 64x48 10/1 · aac 22050 1
    preview = shown(CLIP)
    assert (preview.called, preview.duration_s) == ("an MP4 video", 2.0)
    assert preview.facts == ("2.0 s", "64×48", "h264", "10 frames a second", "sound: aac 22.05 kHz mono")
    assert preview.note == ""


def test_a_webm_without_a_length_of_its_track_has_that_of_its_container() -> None:
    # ffprobe: matroska,webm · stream N/A · format 3.000000 · vp9 64x48 10/1
    preview = shown(COLOURS)
    assert (preview.called, preview.duration_s) == ("a WebM video", 3.0)
    assert preview.facts[1:] == ("64×48", "vp9", "10 frames a second", "no sound")


def test_a_clip_that_begins_black_stands_for_itself_with_a_picture_that_shows_something() -> None:
    # ffprobe: avi · duration=4.000000 · mpeg4 64x48 5/1; black for 2 s, then bars
    preview = shown((MEDIA / "dark.avi").read_bytes())
    [poster] = pictures(preview)
    assert poster.at_s is not None
    assert poster.at_s >= 2.0
    assert max(colour(poster)) > 100


@pytest.mark.parametrize(
    ("at_s", "meant"), [(0.0, RED), (0.95, RED), (1.0, GREEN), (1.95, GREEN), (2.5, BLUE)]
)
def test_a_moment_shows_the_picture_of_that_moment(at_s: float, meant: tuple[int, ...]) -> None:
    [still] = pictures(shown(COLOURS, Wanted(at_s=at_s, count=1)))
    assert still.at_s == at_s
    assert near(colour(still), meant)


def test_a_burst_has_a_picture_for_each_tenth_of_a_second() -> None:
    preview = shown(COLOURS, Wanted(at_s=0.8, count=6))
    burst = pictures(preview)
    assert [picture.at_s for picture in burst] == [0.8, 0.9, 1.0, 1.1, 1.2, 1.3]
    assert [near(colour(picture), GREEN) for picture in burst] == [False, False, True, True, True, True]
    assert preview.has_more


def test_a_burst_at_the_end_says_that_nothing_follows() -> None:
    preview = shown(COLOURS, Wanted(at_s=2.7, count=50))
    assert [picture.at_s for picture in pictures(preview)] == [2.7, 2.8, 2.9]
    assert not preview.has_more


def test_a_slow_video_repeats_its_pictures_in_a_burst() -> None:
    burst = pictures(shown((MEDIA / "dark.avi").read_bytes(), Wanted(at_s=2.0, count=4)))
    assert [picture.at_s for picture in burst] == [2.0, 2.1, 2.2, 2.3]
    assert burst[0].data == burst[1].data


def test_a_moment_after_the_end_shows_the_last_picture() -> None:
    [last] = pictures(shown(COLOURS, Wanted(at_s=1e9, count=1)))
    assert near(colour(last), BLUE)


def test_a_burst_of_large_pictures_is_cut_where_it_would_take_too_much_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lis_tui.preview.decoders.moving._MOST_BYTES", 64 * 48 * 4 * 3)
    preview = shown(COLOURS, Wanted(at_s=0.0, count=50))
    assert len(pictures(preview)) == 3
    assert preview.has_more


def test_pictures_fit_the_box_and_keep_their_shape() -> None:
    [poster] = pictures(shown(CLIP, Wanted(width_px=20, height_px=20)))
    assert (poster.width, poster.height) == (20, 15)
    assert (poster.natural_width, poster.natural_height) == (64, 48)
    assert len(poster.data) == 20 * 15 * 4


def test_a_video_that_lies_on_its_side_is_shown_upright() -> None:
    # red with a blue band above, turned by its display matrix; ffmpeg itself shows the band at the left
    [poster] = pictures(shown((MEDIA / "turned.mp4").read_bytes()))
    assert (poster.width, poster.height) == (48, 64)
    assert near(colour(poster, 2, 30), BLUE)
    assert near(colour(poster, 45, 30), RED)


def test_a_video_without_pictures_is_shown_as_sound() -> None:
    preview = decode("video", HeldFile((MEDIA / "tone.m4a").read_bytes()), Wanted())
    assert preview.kind == "audio"


def test_what_is_cut_off_is_shown_as_far_as_it_goes() -> None:
    preview = shown(COLOURS[: len(COLOURS) * 2 // 3])
    [poster] = pictures(preview)
    assert near(colour(poster), RED)
    assert "cut off" in preview.note


def test_a_video_whose_index_is_not_written_yet_is_said_to_be_unfinished() -> None:
    with pytest.raises(CannotShow, match="still being written"):
        shown(b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41\0\0\0\x08free\0\0\1\0mdat" + bytes(200))


def test_pictures_larger_than_a_wall_are_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lis_tui.preview.decoders.libav._MOST_PIXELS", 64 * 48 - 1)
    preview = shown(CLIP)
    assert preview.parts == ()
    assert "too large" in preview.note
    assert "64×48" in preview.facts


def test_without_time_left_there_is_a_sentence_and_no_endless_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lis_tui.preview.decoders.moving._PATIENCE_S", -1.0)
    with pytest.raises(CannotShow, match="too long"):
        shown(CLIP)


PLAYLISTS = {
    "concat": b"ffconcat version 1.0\nfile 'clip.mp4'\n",
    "hls": b"#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nclip.mp4\n#EXT-X-ENDLIST\n",
    "sdp": b"v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 31\n",
}


@pytest.mark.parametrize("name", PLAYLISTS)
def test_a_list_of_other_files_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(MEDIA)
    with pytest.raises(CannotShow):
        shown(PLAYLISTS[name])


def test_without_the_list_of_formats_such_a_file_opens_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(MEDIA)
    with av.open(io.BytesIO(PLAYLISTS["concat"]), mode="r") as container:
        assert container.streams.video[0].width == 64


def test_a_picture_hides_nothing_behind_it() -> None:
    [poster] = pictures(shown(CLIP))
    assert set(poster.data[3::4]) == {255}
