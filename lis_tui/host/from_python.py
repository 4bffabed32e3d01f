"""`lis_tui.run`: a run from Python, as typed events."""

import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path

from lis_tui.config.load import load, run_spec
from lis_tui.config.places import find_places
from lis_tui.config.secrets import find_secrets
from lis_tui.core.events import Event
from lis_tui.host.alone import Alone


async def run(
    task: str,
    *,
    model: str | None = None,
    inputs: Sequence[str | Path] = (),
    inline: Sequence[str | Path] = (),
    output_dir: str | Path | None = None,
    system_prompt: str | None = None,
    name: str | None = None,
    **settings: object,
) -> AsyncGenerator[Event, None]:
    """Play a run in this process and yield its typed events, fragments of streams among them.

    `settings` are those of the settings file: `max_turns=20`, `image="ubuntu:24.04"`, `timeout_s=600`; two
    underscores stand for the dot where a name alone is not clear (`limits__max_tokens=100_000`). The run is
    kept on disk like any other. Leaving the loop early ends the run; close the generator then, so that its
    sandbox is removed at once:

        async with contextlib.aclosing(lis_tui.run("Plot the Mandelbrot set.", model="…")) as events:
            async for event in events:
                match event:
                    case lis_tui.core.events.RunEnded(status=status, answer=answer):
                        print(status, answer)

    Raises LisError where the run cannot start; a run that starts ends with RunEnded, whatever happens.
    """
    places = find_places(os.environ)
    flags = {name.replace("__", "."): value for name, value in settings.items()}
    loaded = load({"model": model, **flags}, os.environ, places.config)
    spec = run_spec(
        loaded,
        task=task,
        inputs=[Path(path) for path in inputs],
        inline=[Path(path) for path in inline],
        output_dir=None if output_dir is None else Path(output_dir),
        system_prompt=system_prompt,
        name=name,
        is_headless=True,
    )
    secrets = find_secrets(spec, os.environ, Path.cwd())
    async with aclosing(Alone(places.data).records(spec, secrets)) as records:
        async for record in records:
            yield record.event
