"""The right answers of the presets, found again by other means than those they were first computed with."""

import csv
import itertools
import math
import re
from datetime import date
from functools import cache

from lis_tui.config.presets import Preset, read_preset


def text_of(preset: Preset, name: str) -> str:
    (path,) = (path for path in preset.inputs if path.name == name)
    return path.read_text(encoding="utf-8")


def test_maths_the_paths_are_counted_from_the_end() -> None:
    @cache
    def onward(x: int, y: int) -> int:
        if (x, y) == (14, 14):
            return 1
        if y > x or x > 14 or (x % 5 == 0 and y % 5 == 0 and (x, y) != (0, 0)):
            return 0
        return onward(x + 1, y) + onward(x, y + 1) + onward(x + 1, y + 1)

    assert read_preset("maths").answer == str(onward(0, 0))


def test_physics_the_ball_flies_in_small_steps() -> None:
    drag = 0.5 * 1.20 * 0.35 * math.pi * 0.037**2 / 0.145
    step = 1e-4
    x, y, t = 0.0, 1.8, 0.0
    u, v = 38 * math.cos(math.radians(34)), 38 * math.sin(math.radians(34))
    while y > 0:
        # The midpoint rule: forces are those half a step later.
        speed = math.hypot(u, v)
        mid_u, mid_v = u - step / 2 * drag * speed * u, v - step / 2 * (9.81 + drag * speed * v)
        speed = math.hypot(mid_u, mid_v)
        x, y, t = x + step * mid_u, y + step * mid_v, t + step
        u, v = u - step * drag * speed * mid_u, v - step * (9.81 + drag * speed * mid_v)
    assert read_preset("physics").answer == f"{x:.1f} {t:.2f}"


def test_chemistry_the_fit_finds_one_acid() -> None:
    preset = read_preset("chemistry")
    rows = [
        (float(row["volume_ml"]), float(row["ph"]))
        for row in csv.DictReader(text_of(preset, "titration.csv").splitlines())
    ]

    def off(ph: float, volume: float, molar: float, pka: float) -> float:
        """How far the charges are from balance, in millimoles."""
        ions = (10**-ph - 10 ** (ph - 14)) * (25 + volume) + 0.1 * volume
        return ions - molar * 25 / (1 + 10 ** (pka - ph))

    def computed(volume: float, molar: float, pka: float) -> float:
        low, high = 0.0, 14.0
        for _ in range(40):
            ph = (low + high) / 2
            low, high = (low, ph) if off(ph, volume, molar, pka) < 0 else (ph, high)
        return low

    def wrong(molar: float, pka: float) -> float:
        return sum((computed(volume, molar, pka) - ph) ** 2 for volume, ph in rows)

    candidates = itertools.product(range(868, 877), range(434, 441))
    molar, pka = min(candidates, key=lambda one: wrong(one[0] / 1e4, one[1] / 100))
    assert preset.answer == f"{molar / 1e4:.4f} {pka / 100:.2f}"


BASES = "TCAG"
CODE = dict(
    zip(
        ("".join(letters) for letters in itertools.product(BASES, repeat=3)),
        "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG",
        strict=True,
    )
)
MASSES = {
    "A": 71.08, "R": 156.19, "N": 114.10, "D": 115.09, "C": 103.14, "E": 129.12, "Q": 128.13, "G": 57.05,
    "H": 137.14, "I": 113.16, "L": 113.16, "K": 128.17, "M": 131.19, "F": 147.18, "P": 97.12, "S": 87.08,
    "T": 101.10, "W": 186.21, "Y": 163.18, "V": 99.13,
}  # fmt: skip


def proteins(dna: str) -> list[str]:
    """Each ATG up to its stop, where it has one."""
    found = []
    for start in (match.start() for match in re.finditer("(?=ATG)", dna)):
        protein = "".join(CODE[dna[place : place + 3]] for place in range(start, len(dna) - 2, 3))
        head, stop, _ = protein.partition("*")
        found += [head] if stop else []
    return found


def test_biomedicine_the_longest_frame_is_on_the_other_strand() -> None:
    preset = read_preset("biomedicine")
    dna = "".join(text_of(preset, "contig.fasta").splitlines()[1:])
    other = dna.translate(str.maketrans("ACGT", "TGCA"))[::-1]
    longest = max(
        [(len(one), sign, one) for sign, strand in (("+", dna), ("-", other)) for one in proteins(strand)]
    )
    mass = sum(MASSES[letter] for letter in longest[2]) + 18.02
    assert preset.answer == f"{longest[1]} {longest[0]} {mass / 1000:.1f}"
    assert all(max(map(len, proteins(strand))) > 100 for strand in (dna, other)), "too easy with one strand"


def test_long_context_the_decisions_add_up() -> None:
    preset = read_preset("long-context")
    assert len(preset.inputs) == 6
    minutes = " ".join(path.read_text(encoding="utf-8").replace("\n", " ") for path in preset.inputs)
    texts = dict(re.findall(r"Decision (\d/\d): (.*?)(?=Decision \d/\d: |Hut Association|$)", minutes))
    withdrawn = {
        found for text in texts.values() for found in re.findall(r"Decision (\d/\d) is withdrawn", text)
    }
    grants: dict[str, int] = {}
    for number, text in texts.items():
        grant = re.search(r"[Tt]he ([\w ]+?) gets? ([\d,]+) francs( more)?", text)
        if number not in withdrawn and grant is not None:
            sum_ = int(grant[2].replace(",", ""))
            grants[grant[1]] = grants[grant[1]] + sum_ if grant[3] else sum_
    work = max(grants, key=grants.__getitem__)
    (leader,) = re.findall(rf"(\w+) leads the {work} from now on", " ".join(texts.values()))
    assert preset.answer == f"{sum(grants.values())}, {work}, {leader}"
    assert max(grants.values()) - sorted(grants.values())[-2] < 1000, (
        "the largest should not be plain at once"
    )


def test_instructions_the_list_is_as_the_rules_say() -> None:
    preset = read_preset("instructions")
    guests: dict[str, tuple[date, int, str]] = {}
    for line in text_of(preset, "guests.txt").splitlines():
        if line.startswith("#") or "cancelled" in line:
            continue
        name, day, persons, _ = (part.strip() for part in line.split(";"))
        guests[name] = (date.fromisoformat(day), -int(persons), name.split()[-1])
    lines: list[str] = []
    for number, (name, (arrival, minus, family)) in enumerate(sorted(guests.items(), key=lambda one: one[1])):
        lines += ["---"] if number and number % 4 == 0 else []
        lines.append(f"{family.upper()}, {name.split()[0]}\t{arrival.day} {arrival:%b}\t{-minus}")
    total = -sum(minus for _, minus, _ in guests.values())
    assert preset.answer.splitlines() == [*lines, f"total\t{total}"]
