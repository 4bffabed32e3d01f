"""Marks: a step that a person wants to find again, with or without words about it."""

from lis_tui.core.events import StepAddress
from lis_tui.ui.deeds.group import Group
from lis_tui.ui.screens.marks import MarksDialog


class Marking(Group):
    """Sets marks, writes comments, lists them."""

    def mark(self) -> None:
        """Mark the step, or take its mark away; a comment goes only when one says so in the list."""
        walk, step = self.screen.walk, self.screen.walk.step
        if step is None:
            return
        if step.address not in walk.marks.addresses:
            walk.marks.put(step.address)
            self.screen.hint(f"{step.address} is marked; ; writes about it")
        elif walk.marks.comment(step.address):
            self.screen.hint("it has a comment; x in the list of marks (*) takes it away")
        else:
            walk.marks.drop(step.address)

    def comment(self) -> None:
        """Write about the step."""
        walk, step = self.screen.walk, self.screen.walk.step
        if step is None:
            return
        address = step.address
        self.edit_texts(
            f"About step {address}",
            "Kept beside the run, which stays as it is.",
            {"": (walk.marks.comment(address), "markdown")},
            lambda texts: walk.marks.put(address, texts[0].strip()),
            way="keep this",
            must_differ=False,
        )

    def marks(self) -> None:
        """List them."""
        screen, walk = self.screen, self.screen.walk
        dialog = MarksDialog(walk.marks, walk.whole, screen.paint)

        def chosen(address: StepAddress | None) -> None:
            if address is not None:
                walk.go_to_step(address)

        screen.app.push_screen(dialog, chosen)
