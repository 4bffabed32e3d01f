"""How a camera was held: the one number of a picture's EXIF data that changes how it is seen."""

_TAG = 0x0112
_USUAL = 1
_MOST_ENTRIES = 512


def turn_of(exif: object) -> int:
    """Give the orientation, 1 to 8; 1 is upright, and what cannot be read."""
    if not isinstance(exif, bytes):
        return _USUAL
    data = exif.removeprefix(b"Exif\0\0")
    order = {b"II": "little", b"MM": "big"}.get(data[:2])
    if order is None:
        return _USUAL

    def number(place: int, size: int) -> int:
        return int.from_bytes(data[place : place + size], "little" if order == "little" else "big")

    start = number(4, 4)
    for entry in range(min(number(start, 2), _MOST_ENTRIES)):
        place = start + 2 + entry * 12
        if number(place, 2) == _TAG:
            value = number(place + 8, 2)
            return value if 1 <= value <= 8 else _USUAL
    return _USUAL
