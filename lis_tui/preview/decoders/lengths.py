"""Times and rates as a person reads them."""


def length_words(seconds: float) -> str:
    """Give a duration: `0.8 s`, `3:25`, `1:02:05`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def rate_words(hertz: int) -> str:
    """Give a sample rate: `44.1 kHz`."""
    return f"{hertz / 1000:g} kHz"


def channel_words(channels: int) -> str:
    """Give how many channels there are: `stereo`."""
    return {1: "mono", 2: "stereo"}.get(channels, f"{channels} channels")
