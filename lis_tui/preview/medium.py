"""What a file is to a desktop and a browser: a safe ending for its name, a media type, how it is shown."""

from typing import Literal, NamedTuple

from lis_tui.preview.file import File
from lis_tui.preview.kinds import Format, Kind, format_of

Way = Literal["page", "picture", "video", "audio", "pdf", "text", "nothing"]
"""How the viewer shows it; `nothing`: no browser does."""
BYTES = "application/octet-stream"
TEXT = "text/plain; charset=utf-8"


class Medium(NamedTuple):
    """A file's format with what others need to know of it."""

    format: Format
    ending: str
    """With its dot; empty where no program can be named that opens such a file."""
    mime: str
    way: Way


_KINDS: dict[Kind, tuple[str, str, Way]] = {
    "empty": (".txt", TEXT, "text"),
    "text": (".txt", TEXT, "text"),
    "markdown": (".txt", TEXT, "text"),
    "html": (".html", "text/html", "page"),
    "json": (".json", TEXT, "text"),
    "jsonl": (".txt", TEXT, "text"),
    "notebook": (".ipynb", TEXT, "text"),
    "csv": (".csv", TEXT, "text"),
    "parquet": (".parquet", BYTES, "nothing"),
    "xlsx": (".xlsx", BYTES, "nothing"),
    "sqlite": (".sqlite", BYTES, "nothing"),
    "picture": ("", BYTES, "nothing"),
    "svg": (".svg", "image/svg+xml", "picture"),
    "pdf": (".pdf", "application/pdf", "pdf"),
    "video": (".mpg", BYTES, "nothing"),
    "audio": (".snd", BYTES, "nothing"),
    "midi": (".mid", BYTES, "nothing"),
    "archive": (".zip", BYTES, "nothing"),
    "font": (".ttf", BYTES, "nothing"),
    "binary": ("", BYTES, "nothing"),
}
_FORMATS: dict[str, tuple[str, str, Way]] = {
    "a PNG picture": (".png", "image/png", "picture"),
    "a JPEG picture": (".jpg", "image/jpeg", "picture"),
    "a GIF picture": (".gif", "image/gif", "picture"),
    "a WebP picture": (".webp", "image/webp", "picture"),
    "an AVIF picture": (".avif", "image/avif", "picture"),
    "a moving AVIF picture": (".avif", "image/avif", "picture"),
    "a BMP picture": (".bmp", "image/bmp", "picture"),
    "an icon": (".ico", "image/x-icon", "picture"),
    "a TIFF picture": (".tiff", BYTES, "nothing"),
    "a HEIC picture": (".heic", BYTES, "nothing"),
    "a Photoshop picture": (".psd", BYTES, "nothing"),
    "a JPEG 2000 picture": (".jp2", BYTES, "nothing"),
    "a JPEG XL picture": (".jxl", BYTES, "nothing"),
    "a portable bitmap (PNM)": (".pnm", BYTES, "nothing"),
    "an MP4 video": (".mp4", "video/mp4", "video"),
    "a WebM video": (".webm", "video/webm", "video"),
    "an Ogg video": (".ogv", "video/ogg", "video"),
    "a QuickTime video": (".mov", "video/quicktime", "video"),
    "a Matroska video": (".mkv", "video/x-matroska", "video"),
    "a 3GP video": (".3gp", "video/3gpp", "video"),
    "an AVI video": (".avi", BYTES, "nothing"),
    "a Flash video": (".flv", BYTES, "nothing"),
    "a WAV recording": (".wav", "audio/wav", "audio"),
    "an MP3 recording": (".mp3", "audio/mpeg", "audio"),
    "a FLAC recording": (".flac", "audio/flac", "audio"),
    "an Ogg Vorbis recording": (".ogg", "audio/ogg", "audio"),
    "an Opus recording": (".opus", "audio/ogg", "audio"),
    "an Ogg recording": (".ogg", "audio/ogg", "audio"),
    "an M4A recording": (".m4a", "audio/mp4", "audio"),
    "an M4A audio book": (".m4b", "audio/mp4", "audio"),
    "an AAC recording": (".aac", "audio/aac", "audio"),
    "a WebM recording": (".weba", "audio/webm", "audio"),
    "a Matroska recording": (".mka", BYTES, "nothing"),
    "an AIFF recording": (".aiff", BYTES, "nothing"),
    "an AU recording": (".au", BYTES, "nothing"),
    "an AMR recording": (".amr", BYTES, "nothing"),
    "an OpenDocument spreadsheet": (".ods", BYTES, "nothing"),
    "an OpenDocument text (a zip archive)": (".odt", BYTES, "nothing"),
    "OpenDocument slides (a zip archive)": (".odp", BYTES, "nothing"),
    "a Word document (a zip archive)": (".docx", BYTES, "nothing"),
    "PowerPoint slides (a zip archive)": (".pptx", BYTES, "nothing"),
    "an EPUB book (a zip archive)": (".epub", BYTES, "nothing"),
    "a KMZ map (a zip archive)": (".kmz", BYTES, "nothing"),
    "NumPy arrays (a zip archive)": (".npz", BYTES, "nothing"),
    "a tar archive": (".tar", BYTES, "nothing"),
    "a tar archive packed with gzip": (".tar.gz", BYTES, "nothing"),
    "a tar archive packed with bzip2": (".tar.bz2", BYTES, "nothing"),
    "a tar archive packed with xz": (".tar.xz", BYTES, "nothing"),
    "a tar archive packed with zstd": (".tar.zst", BYTES, "nothing"),
    "a file packed with gzip": (".gz", BYTES, "nothing"),
    "a file packed with bzip2": (".bz2", BYTES, "nothing"),
    "a file packed with xz": (".xz", BYTES, "nothing"),
    "a file packed with zstd": (".zst", BYTES, "nothing"),
    "a 7-Zip archive": (".7z", BYTES, "nothing"),
    "a RAR archive": (".rar", BYTES, "nothing"),
    "an OpenType font": (".otf", BYTES, "nothing"),
    "a collection of TrueType fonts": (".ttc", BYTES, "nothing"),
    "a WOFF font": (".woff", BYTES, "nothing"),
    "a WOFF2 font": (".woff2", BYTES, "nothing"),
}
"""Those whose ending or type is not what their kind has."""
BESIDE: dict[str, str] = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "mjs": "text/javascript; charset=utf-8",
    "json": "application/json",
    "geojson": "application/json",
    "csv": TEXT,
    "txt": TEXT,
    "vtt": "text/vtt; charset=utf-8",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "avif": "image/avif",
    "ico": "image/x-icon",
    "svg": "image/svg+xml",
    "mp4": "video/mp4",
    "webm": "video/webm",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "ogg": "audio/ogg",
    "flac": "audio/flac",
    "m4a": "audio/mp4",
    "ttf": "font/ttf",
    "otf": "font/otf",
    "woff": "font/woff",
    "woff2": "font/woff2",
    "wasm": "application/wasm",
}
"""The types of files that a page takes from beside it, by the ending that it calls them with."""


def medium_of(file: File, name: str) -> Medium:
    """Tell it by the content; of a text the name may tell which."""
    format_ = format_of(file, name)
    return Medium(format_, *_FORMATS.get(format_.called, _KINDS[format_.kind]))


def beside_type(path: str) -> str:
    """Give the type of a file beside a page."""
    return BESIDE.get(path.rpartition(".")[2].lower(), BYTES)
