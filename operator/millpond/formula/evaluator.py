"""The value of an expression, within a budget of work. Source: azure-batch-semantics §5.3 (laziness), §5.4.

`Evaluator.at` is where a Refusal belongs that leaves it: each step notes its place just before it does what may fail.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from millpond.formula import limits
from millpond.formula.errors import Refusal
from millpond.formula.functions import FUNCTIONS, Moment
from millpond.formula.methods import METHODS
from millpond.formula.nodes import (
    Call,
    Chain,
    Condition,
    Expression,
    Logic,
    Member,
    Method,
    Name,
    Number,
    String,
    Unary,
)
from millpond.formula.operators import combine, sign
from millpond.formula.scope import Scope
from millpond.formula.times import member
from millpond.formula.values import Timestamp, Value, checked, double, not_finite, type_name


class Evaluator:
    """Evaluates expressions that `checks` has found sound. Raises Refusal, or Stop."""

    def __init__(self, scope: Scope, moment: Moment) -> None:
        self._scope = scope
        self._moment = moment
        self._work = 0
        self.at = 0

    def value(self, node: Expression) -> Value:
        """The value of a node, all its numbers finite."""
        match node:
            case Number() | String():
                return node.value
            case Name():
                self.at = node.at
                return self._counted(self._scope.read(node.name))
            case Chain():
                return self._chain(node)
            case Call():
                arguments = [self.value(argument) for argument in node.arguments]
                self.at = node.at
                return self._made(FUNCTIONS[node.name.lower()].apply, self._moment, arguments)
            case Method():
                return self._method(node)
            case Condition():
                test = self._truth(node.test, node.at, "A condition")
                return self.value(node.chosen if test else node.otherwise)
            case Logic():
                return self._logic(node)
            case Unary():
                operand = self.value(node.operand)
                self.at = node.at
                return sign(node.operator, operand)
            case Member():
                return self._member(node)

    def _chain(self, node: Chain) -> Value:
        left = self.value(node.first)
        for link in node.links:
            right = self.value(link.operand)
            self.at = link.at
            left = self._made(combine, left, link.operator, right)
        return left

    def _logic(self, node: Logic) -> float:
        """1 or 0; operands behind one that decides are not evaluated."""
        deciding = node.operator == "||"
        truth = self._truth(node.first, node.at, f"The left of {node.operator}")
        for link in node.links:
            if truth == deciding:
                break
            truth = self._truth(link.operand, link.at, f"The right of {node.operator}")
        return float(truth)

    def _truth(self, node: Expression, at: int, what: str) -> bool:
        value = self.value(node)
        self.at = at
        return double(value, what) != 0

    def _method(self, node: Method) -> Value:
        arguments = [self.value(argument) for argument in node.arguments]
        self.at = node.at
        subject = cast("Name", node.subject)
        return self._made(METHODS[node.name.lower()].apply, self._scope.history(subject.name), arguments)

    def _member(self, node: Member) -> float:
        subject = self.value(node.subject)
        self.at = node.at
        if isinstance(subject, Timestamp):
            return member(subject, node.name.lower())
        raise Refusal(
            f"A {type_name(subject)} has no members.", f"Only a timestamp has {node.name}, as in time().{node.name}."
        )

    def _made(self, function: Callable[..., Value], *arguments: object) -> Value:
        try:
            return self._counted(checked(function(*arguments)))
        except OverflowError:
            raise not_finite() from None

    def _counted(self, value: Value) -> Value:
        """The value, with the elements of a vector booked as work. Raises Refusal where that becomes too much."""
        if isinstance(value, tuple):
            self._work += len(value)
            if len(value) > limits.VECTOR:
                message = f"The vector has {len(value):,} elements; {limits.VECTOR:,} are allowed."
                raise Refusal(message, "Take fewer samples, or make one number of each vector first.")
            if self._work > limits.WORK:
                message = f"The formula reads and makes more than {limits.WORK:,} elements of vectors."
                raise Refusal(message, "Take fewer samples, or compute each average once and give it a name.")
        return value
