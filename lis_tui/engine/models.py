"""The model that is asked now, and how another takes its place."""

from collections.abc import Callable

from lis_tui.core.bus import Bus
from lis_tui.core.errors import DecisionRefused, LisError
from lis_tui.core.events import ModelChanged, Who
from lis_tui.core.ports import Model
from lis_tui.core.spec import ModelSpec

MakeModel = Callable[[ModelSpec], tuple[ModelSpec, Model]]
"""Gives the model of this spec, and the spec with what is known of the model filled in. Raises LisError."""


class Models:
    """One model at a time; one that was replaced is closed as soon as nobody asks it any more."""

    def __init__(self, spec: ModelSpec, model: Model, make: MakeModel | None, bus: Bus) -> None:
        self.spec = spec
        self.current = self._first = model
        self._make = make
        self._bus = bus
        self._replaced: list[Model] = []

    def change(self, spec: ModelSpec, by: Who) -> None:
        """Have this model asked from the next request on. Raises DecisionRefused."""
        if self._make is None:
            raise DecisionRefused("This run cannot change its model.")
        if "none" in (spec.tool_style, self.spec.tool_style) and spec.tool_style != self.spec.tool_style:
            raise DecisionRefused("A run has tools from its start, or never: fork it to change that.")
        try:
            spec, model = self._make(spec)
        except LisError as error:
            raise DecisionRefused(error.sentence) from error
        self.hand_over(spec, model, by)

    def hand_over(self, spec: ModelSpec, model: Model, by: Who = "person") -> None:
        """Have this model, which is there already, asked from the next request on."""
        self._replaced.append(self.current)
        self.current, self.spec = model, spec
        self._bus.publish(ModelChanged(spec, by))

    @property
    def asked(self) -> Model:
        """The one that the newest request went to."""
        return self._replaced[0] if self._replaced else self.current

    async def tidy(self) -> None:
        """Close those that were replaced; none of them may be answering."""
        replaced, self._replaced = self._replaced, []
        for model in replaced:
            await model.close()

    async def close(self) -> None:
        """Close all of them but the first, which is its owner's, where it was not replaced."""
        await self.tidy()
        if self.current is not self._first:
            await self.current.close()
