"""Account of what a file holds that has no place here, and of what could not be read."""

MOST_PROBLEMS = 200
MOST_FIELDS = 1000
OTHER_FIELDS = "(other fields)"
"""Beyond so many names they are counted together."""


class Ledger:
    """Counts and lists, with limits: a hostile file has no end of either."""

    def __init__(self) -> None:
        self.kept: dict[str, int] = {}
        self._problems: list[str] = []
        self._problem_count = 0
        self._notes: dict[str, None] = {}

    def keep(self, where: str) -> None:
        """Count a field."""
        name = where if where in self.kept or len(self.kept) < MOST_FIELDS else OTHER_FIELDS
        self.kept[name] = self.kept.get(name, 0) + 1

    def problem(self, where: str, why: str) -> None:
        """Note a record that could not be read."""
        self._problem_count += 1
        if self._problem_count <= MOST_PROBLEMS:
            self._problems.append(f"{where}: {why}")

    def note(self, text: str) -> None:
        """Note how something was read; once."""
        self._notes[text] = None

    @property
    def problems(self) -> tuple[str, ...]:
        """The records that could not be read, and how many more."""
        more = self._problem_count - len(self._problems)
        return (*self._problems, *([f"and {more} more"] if more else []))

    @property
    def notes(self) -> tuple[str, ...]:
        """How something was read."""
        return tuple(self._notes)
