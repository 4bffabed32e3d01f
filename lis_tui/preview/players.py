"""Which programs of a desktop play sound, and how each is told to read one file and nothing else."""

import shutil
from collections.abc import Callable

from msgspec import Struct

Which = Callable[[str], str | None]
SORTS: dict[str, tuple[str, str]] = {
    "a WAV recording": ("wav", "wav"),
    "a FLAC recording": ("flac", "flac"),
    "an Ogg Vorbis recording": ("ogg", "ogg"),
    "an Ogg recording": ("ogg", "ogg"),
    "an AIFF recording": ("aiff", "aiff"),
    "an AU recording": ("au", "au"),
    "an Opus recording": ("opus", "ogg"),
    "an MP3 recording": ("mp3", "mp3"),
    "an M4A recording": ("m4a", "mov"),
    "an M4A audio book": ("m4b", "mov"),
    "an AAC recording": ("aac", "aac"),
    "a WebM recording": ("webm", "matroska"),
    "a Matroska recording": ("mka", "matroska"),
    "an MP4 video": ("mp4", "mov"),
    "a QuickTime video": ("mov", "mov"),
    "a WebM video": ("webm", "matroska"),
    "a Matroska video": ("mkv", "matroska"),
    "an AVI video": ("avi", "avi"),
}
"""What may be played: the ending that its copy gets, and the only format in which FFmpeg may read it."""
_OLD = frozenset({"wav", "flac", "ogg", "aiff", "au"})
_NEW = _OLD | {"opus", "mp3"}
_APPLE = frozenset({"wav", "aiff", "mp3", "m4a", "m4b", "aac", "flac", "mp4", "mov"})
_ALL = frozenset(ending for ending, _ in SORTS.values())


class Player(Struct, frozen=True):
    """A program that plays one file and ends."""

    name: str
    endings: frozenset[str]
    words: tuple[str, ...]
    """`FILE` and `FORMAT` stand for what is played."""
    fails: str = ""
    """How a line begins (a pattern) that tells of a failure, where its exit code does not."""


_PLAYERS = (
    Player("pw-play", _OLD, ("FILE",)),
    Player("paplay", _OLD, ("FILE",)),
    Player("afplay", _APPLE, ("FILE",)),
    Player(
        "mpv",
        _ALL,
        (
            *(
                "--no-config",
                "--no-video",
                "--no-terminal",
                "--no-ytdl",
                "--load-scripts=no",
                "--no-resume-playback",
            ),
            *(
                "--access-references=no",
                "--autoload-files=no",
                "--demuxer=lavf",
                "--demuxer-lavf-format=FORMAT",
            ),
            *("--demuxer-lavf-o=protocol_whitelist=file", "--", "FILE"),
        ),
    ),
    Player(
        "ffplay",
        _ALL,
        (
            *("-nodisp", "-vn", "-autoexit", "-nostats", "-loglevel", "error"),
            *("-protocol_whitelist", "file", "-f", "FORMAT", "-i", "FILE"),
        ),
        "Failed to open|/.*: ",
    ),
    Player("pw-play", _NEW, ("FILE",)),
    Player("paplay", _NEW, ("FILE",)),
    Player("aplay", frozenset({"wav"}), ("-q", "FILE")),
)
"""In this order. The first read sound alone, and know neither playlists nor the network."""


def find_player(ending: str, which: Which = shutil.which) -> tuple[Player, str] | None:
    """Find the first program here that plays such a file, and where it is."""
    for player in _PLAYERS:
        if ending in player.endings:
            place = which(player.name)
            if place is not None:
                return player, place
    return None
