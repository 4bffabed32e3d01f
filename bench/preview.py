"""Previews through the studio, warm: the time a person waits, and the processor's time in both processes.

    .venv/bin/python -m bench.preview [--rounds 20] [--keep FOLDER]

A picture of 1 MB (150 ms at most), 64 KB of code (100 ms), the first rows of a table of 1 GB (200 ms). A text
is read and coloured by the screen itself, in a thread; what is drawn of the others comes on top.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from lis_tui.core.beneath import open_beneath
from lis_tui.core.content import Content
from lis_tui.preview.child import Worker
from lis_tui.preview.parts import Wanted
from lis_tui.preview.starting import Starting
from lis_tui.preview.studio import Studio
from lis_tui.ui.previewing import text_sheets
from lis_tui.ui.reading import as_text

MB = 1 << 20
TICK = os.sysconf("SC_CLK_TCK")
LIMITS_S = {"photo.jpg": 0.150, "drawing.png": 0.150, "code.py": 0.100, "table.csv": 0.200}


def make(folder: Path) -> None:
    """Make the files."""
    noise = Image.effect_noise((1600, 1200), 40)
    slope = Image.linear_gradient("L").resize((1600, 1200))
    picture = Image.merge("RGB", (noise, slope, Image.blend(noise, slope, 0.5)))
    picture.save(folder / "photo.jpg", quality=91)
    picture.quantize(24).save(folder / "drawing.png")
    source = Path(__file__).read_text()
    (folder / "code.py").write_text((source * (65536 // len(source) + 1))[:65536])
    rows = "".join(f"{n},name {n},{n * 1.5},2026-01-{n % 28 + 1:02}\n" for n in range(100_000)).encode()
    with (folder / "table.csv").open("wb") as table:
        table.write(b"number,name,value,day\n")
        while table.tell() < 1 << 30:
            table.write(rows)


def cpu_s(pid: int) -> float:
    """Tell the processor's time of a process and of those below it."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICK + sum(cpu_s(int(child)) for child in children)


async def measure(folder: Path, rounds: int) -> None:
    """Print what each file took."""
    workers: list[Worker] = []
    starting = Starting()

    def started() -> Worker:
        workers.append(starting())
        return workers[-1]

    studio = Studio(started)
    began = time.perf_counter()
    await studio.preview(b"text", Wanted())
    print(f"the first preview, worker not started: {time.perf_counter() - began:.3f} s")
    print(f"\n{'':<14}{'size':>12}{'median':>10}{'p95':>10}{'worst':>10}{'CPU':>10}   limit, s")
    for name, limit in LIMITS_S.items():
        await ask(studio, folder, name)  # warms what this kind imports
        cpu = sum(cpu_s(worker.pid) for worker in workers) + time.process_time()
        taken = sorted([await ask(studio, folder, name) for _ in range(rounds)])
        cpu = sum(cpu_s(worker.pid) for worker in workers) + time.process_time() - cpu
        size = (folder / name).stat().st_size
        middle, p95 = statistics.median(taken), taken[int(len(taken) * 0.95) - 1]
        verdict = "ok" if middle <= limit else "TOO SLOW"
        print(
            f"{name:<14}{size:>12,}{middle:>10.4f}{p95:>10.4f}{taken[-1]:>10.4f}{cpu / rounds:>10.4f}"
            f"   {limit:.3f} {verdict}"
        )
    print(f"\nworkers started: {len(workers)}; held by: {', '.join(workers[0].barriers)}")
    await studio.close()


async def ask(studio: Studio, folder: Path, name: str) -> float:
    """Open a file and have it shown, a text by the screen itself; gives the seconds."""
    began = time.perf_counter()
    content = await asyncio.to_thread(lambda: Content(descriptor=open_beneath(folder, name.encode())))
    with content:
        text = await asyncio.to_thread(as_text, content, name)
        if text is not None:
            await asyncio.to_thread(text_sheets, text)
        else:
            await studio.preview(content, Wanted(name=name, width_px=240, height_px=160))
    return time.perf_counter() - began


@contextmanager
def place(keep: Path | None) -> Iterator[Path]:
    """Give a folder with the files."""
    with tempfile.TemporaryDirectory(prefix="lis-bench-") as folder:
        chosen = keep if keep is not None else Path(folder)
        if not (chosen / "table.csv").exists():
            make(chosen)
        yield chosen


def main() -> None:
    """Measure all of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--keep", type=Path, help="where the files are, or are left")
    given = parser.parse_args()
    with place(given.keep) as folder:
        asyncio.run(measure(folder, given.rounds))


if __name__ == "__main__":
    main()
