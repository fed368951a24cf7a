"""What each name means while a formula runs: service variables, constants, and what the formula has assigned."""

from __future__ import annotations

from millpond.formula.errors import Refusal, shortened
from millpond.formula.inputs import Inputs
from millpond.formula.samples import History, Samples
from millpond.formula.suggestions import suggestion
from millpond.formula.values import DeallocationOption, Timestamp, Value, checked, double, type_name
from millpond.formula.variables import (
    CONSTANTS,
    NAMES,
    OPTIONS,
    SAMPLED,
    SETTABLE,
    TARGET_DEDICATED,
    TARGET_LOW_PRIORITY,
    TASK_SLOTS,
)

_NO_SAMPLES = Samples()


class Scope:
    """The names of one evaluation."""

    def __init__(self, inputs: Inputs, now: Timestamp) -> None:
        self._inputs = inputs
        self._now = now
        self._histories: dict[str, History] = {}
        self.assigned: dict[str, Value] = {}
        """The formula's own variables."""
        self.option = DeallocationOption.REQUEUE
        self.targets = {
            TARGET_DEDICATED: float(inputs.target_dedicated),
            TARGET_LOW_PRIORITY: float(inputs.target_low_priority),
        }
        """The current ones until they are assigned to; with their fractions then."""

    def read(self, name: str) -> Value:
        """The value of a name. Raises Refusal for one that has none."""
        found = self.assigned.get(name)
        if found is not None:
            return found
        if name in SAMPLED:
            return checked(self.history(name).latest())
        if name == TASK_SLOTS:
            return float(self._inputs.task_slots_per_node)
        lower = name.lower()
        if lower in SETTABLE:
            return self.targets.get(SETTABLE[lower], self.option)
        if lower in CONSTANTS:
            return CONSTANTS[lower]
        hint = suggestion(name, (*NAMES, *self.assigned), "Assign to it in a statement before this one.")
        raise Refusal(f"The name {shortened(name)} has no value.", hint)

    def history(self, name: str) -> History:
        """The samples of one of SAMPLED."""
        found = self._histories.get(name)
        if found is None:
            samples = self._inputs.samples.get(SAMPLED[name], _NO_SAMPLES)
            found = self._histories[name] = History(name, samples, self._now)
        return found

    def write(self, name: str, value: Value) -> None:
        """Assign to a name that may be assigned to. Raises Refusal for a value that a service variable cannot have."""
        settable = SETTABLE.get(name.lower())
        if settable is None:
            self.assigned[name] = value
        elif settable in self.targets:
            self.targets[settable] = double(value, settable)
        elif isinstance(value, DeallocationOption):
            self.option = value
        else:
            message = f"{settable} must be a deallocation option; this is a {type_name(value)}."
            raise Refusal(message, f"Assign one of {', '.join(OPTIONS)}.")
