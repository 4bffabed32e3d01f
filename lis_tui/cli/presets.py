"""`lis-tui run --preset list` and `lis-tui demo list`: what is ready to run or to watch."""

from collections.abc import Iterable

from lis_tui.config.presets import read_presets


def show() -> int:
    """Print the presets, one a line."""
    presets = read_presets()
    _print_columns((preset.name, preset.sentence) for preset in presets)
    return 0


def show_demos(names: Iterable[str]) -> int:
    """Print the demos, one a line; those without a sentence of their own have their preset's."""
    sentences = {preset.name: preset.sentence for preset in read_presets()}
    _print_columns((name, sentences.get(name, "A first look: data, a mistake, a picture.")) for name in names)
    return 0


def _print_columns(rows: Iterable[tuple[str, str]]) -> None:
    listed = list(rows)
    width = max(len(name) for name, _ in listed)
    for name, sentence in listed:
        print(f"{name:<{width}}  {sentence}")
