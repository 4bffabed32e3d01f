"""Changing what the model proposed, sees or said, and taking a change back."""

from lis_tui.core.arguments import arguments_of
from lis_tui.core.decisions import (
    Amend,
    ChangeModel,
    ChooseVersion,
    ContinueFrom,
    Decision,
    Edit,
    EditObservation,
    EditReply,
    Resample,
    Withdraw,
)
from lis_tui.core.events import StepAddress
from lis_tui.core.parts import StepView
from lis_tui.core.spec import ModelSpec
from lis_tui.core.text import one_line
from lis_tui.ui.calls import edited_answer
from lis_tui.ui.conditions import what_is_edited, what_is_undone
from lis_tui.ui.deeds.group import Group


class Changing(Group):
    """Opens an editor for what can be changed at the gate that is painted."""

    def edit(self) -> None:
        """Change what waits: which part of it depends on the gate and the cursor."""
        what = what_is_edited(self.screen.view, self.screen.where)
        address = self.painted()
        if address is None:
            return
        match what:
            case "call":
                self._edit_call(address)
            case "answer":
                self._edit_answer(address)
            case "observation":
                self._edit_observation()
            case "beginning":
                self._go_on_from(address)
            case None:
                pass

    def _edit_call(self, address: StepAddress) -> None:
        from lis_tui.ui.screens.edit import EditDialog, Edited

        step = self.screen.view.step(address)
        if step is None:
            return

        def edited(change: Edited | None) -> None:
            if change is not None:
                made = Amend(change.arguments) if change.is_kept else Edit(change.arguments)
                self.screen.send(made, address)

        self.screen.app.push_screen(EditDialog(step, self.screen.paint), edited)

    def _edit_answer(self, address: StepAddress) -> None:
        view = self.screen.view
        step, gate = view.step(address), view.gate
        if step is None or gate is None:
            return
        arguments = step.proposed if step.amended is None else step.amended
        given = (arguments_of(arguments) or {}).get("answer")
        shown = gate.answer if gate.answer is not None and step.amended is None else None
        self.edit_texts(
            "The final answer",
            "The run ends with this answer instead of the model's.",
            {"": (shown if shown is not None else str(given or ""), "markdown")},
            lambda texts: self.screen.send(Edit(edited_answer(arguments, texts[0])), address),
            way="submit this",
        )

    def _edit_observation(self) -> None:
        step = self.screen.commands.step
        if step is None or step.observation is None:
            return
        address = step.address
        seen = step.observation.text if step.edited_text is None else step.edited_text
        self.edit_texts(
            f"What the model sees of step {address}",
            "What really came of it is kept beside this.",
            {"": (seen, "")},
            lambda texts: self.screen.send(EditObservation(texts[0]), address),
            way="take this",
        )

    def _go_on_from(self, address: StepAddress) -> None:
        """Offer the beginning of the cut reply; a (ask) drops it."""
        turn = self.screen.view.turn
        texts = {"reasoning": (str(turn.reasoning), "markdown"), "reply": (str(turn.text), "markdown")}
        if not turn.reasoning:
            del texts["reasoning"]

        def go_on(found: tuple[str, ...]) -> None:
            reasoning, text = found if len(found) > 1 else ("", found[0])
            self.screen.send(ContinueFrom(text, reasoning), address)

        self.edit_texts(
            "The reply so far",
            "The model goes on from here. a at the gate drops it and asks anew.",
            texts,
            go_on,
            way="go on from this",
            must_differ=False,
        )

    def words(self) -> None:
        """Change the reply's reasoning and text."""
        address = self.painted()
        if address is None:
            return
        turn = self.screen.view.turn
        parts = {"reasoning": str(turn.reasoning), "reply": str(turn.text)}
        if turn.replies[max(turn.chosen, 1) - 1].calls_in_text:
            del parts["reply"]  # its calls stand in it

        def edited(texts: tuple[str, ...]) -> None:
            found = dict(zip(parts, texts, strict=True))
            changed = {name: text for name, text in found.items() if text != parts[name]}
            self.screen.send(EditReply(changed.get("reasoning"), changed.get("reply")), address)

        self.edit_texts(
            f"The model's words in turn {turn.number}",
            "It will take this for its own. What it wrote is kept beside it; its calls stay.",
            {name: (text, "markdown") for name, text in parts.items()},
            edited,
            way="take this",
        )

    def undo(self) -> None:
        """Take back the newest change that has no effect yet."""
        view = self.screen.view
        match what_is_undone(view, self.screen.where):
            case "amended":
                address = self.painted()
                if address is not None:
                    self.screen.send(Amend(None), address)
                    self.screen.hint("as the model proposed it, again")
            case "observation":
                self._restore(self.screen.commands.step)
            case "queued":
                text = view.queued[-1]
                self.screen.send(Withdraw(text))
                self.screen.hint(f"taken back: {one_line(text, 60)}")
            case "":
                pass

    def _restore(self, step: StepView | None) -> None:
        if step is not None and step.observation is not None and self.painted() is not None:
            self.screen.send(EditObservation(step.observation.text), step.address)
            self.screen.hint("the model sees what really came of it, again")

    # ---- other replies, other models

    def resample(self) -> None:
        """Ask for one more reply."""
        self._decide(Resample())

    def earlier_version(self) -> None:
        """Have the version before count."""
        self._decide(ChooseVersion(self.screen.view.turn.chosen - 1))

    def later_version(self) -> None:
        """Have the next version count."""
        self._decide(ChooseVersion(self.screen.view.turn.chosen + 1))

    def _decide(self, decision: Decision) -> None:
        address = self.painted()
        if address is not None:
            self.screen.send(decision, address)

    def model(self) -> None:
        """Ask another model, or in another way."""
        from lis_tui.ui.screens.choosing import ModelDialog

        now = self.screen.view.model
        if now is None:
            return

        def chosen(model: ModelSpec | None) -> None:
            if model is not None:
                self.screen.send(ChangeModel(model))

        self.screen.app.push_screen(ModelDialog(now), chosen)
