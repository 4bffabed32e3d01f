"""How the tree of files is shown: its order, what is left out, what is marked, what is unfolded."""

from lis_tui.ui.deeds.group import Group
from lis_tui.ui.tree import ORDER_WORDS, ORDERS


class Listing(Group):
    """Arranges the files pane."""

    def filter_files(self) -> None:
        """Have words typed that a path must have."""
        self.screen.files.ask()

    def order_files(self) -> None:
        """Take the next order."""
        files = self.screen.files
        order = ORDERS[(ORDERS.index(files.look.order) + 1) % len(ORDERS)]
        files.look_so(order=order)
        self.screen.hint(f"files {ORDER_WORDS[order]}")

    def hidden_files(self) -> None:
        """Show what is hidden, or leave it out again."""
        files = self.screen.files
        files.look_so(has_hidden=not files.look.has_hidden)
        told = "are shown" if files.look.has_hidden else "are left out"
        self.screen.hint(f"hidden files and those of tools (.git, node_modules, __pycache__ …) {told}")

    def since_start(self) -> None:
        """Mark what changed since the start, or in the newest step."""
        files = self.screen.files
        files.look_so(is_since_start=not files.look.is_since_start)
        self.screen.filing.look_back()
        since = "the start of the run" if files.look.is_since_start else "the step before"
        self.screen.hint(f"marked is what changed since {since}")

    def fold_all(self) -> None:
        """Unfold a folder and all below it, or fold them."""
        files = self.screen.files
        if not files.toggle_below():
            self.screen.hint("no folder is here")
