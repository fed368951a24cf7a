"""What is wrong with a formula whatever its inputs: calls of nothing, wrong numbers of arguments, names not to be set.

Looked for before anything is evaluated, so that a fault in a branch that is rarely taken shows at once.
Source: azure-batch-semantics §5.5, §5.11.
"""

from __future__ import annotations

from collections.abc import Iterable

from millpond.formula.errors import ErrorCode, Fault, Refusal, fault_at, shortened
from millpond.formula.functions import FUNCTIONS, Function
from millpond.formula.methods import METHODS, SampleMethod
from millpond.formula.nodes import (
    Call,
    Chain,
    Condition,
    Expression,
    Formula,
    Logic,
    Member,
    Method,
    Name,
    Statement,
    Unary,
)
from millpond.formula.suggestions import suggestion
from millpond.formula.times import MEMBERS
from millpond.formula.variables import CONSTANTS, READ_ONLY, SAMPLED


def find_fault(formula: Formula) -> Fault | None:
    """The first such fault, in the order of the text's nodes."""
    for statement in formula.statements:
        pending: list[Statement | Expression] = [statement]
        while pending:
            node = pending.pop()
            try:
                children = _check(node)
            except Refusal as refusal:
                return fault_at(formula.text, node.at, ErrorCode.EVALUATION, refusal.message, refusal.hint)
            pending += reversed(children)
    return None


def _check(node: Statement | Expression) -> tuple[Expression, ...]:
    """The nodes below one that is sound by itself. Raises Refusal for one that is not."""
    match node:
        case Statement():
            _may_assign(node.variable)
            return (node.value,)
        case Chain() | Logic():
            return (node.first, *(link.operand for link in node.links))
        case Unary():
            return (node.operand,)
        case Condition():
            return (node.test, node.chosen, node.otherwise)
        case Call():
            _may_call(FUNCTIONS.get(node.name.lower()), "function", node, FUNCTIONS)
            return node.arguments
        case Method():
            _has_samples(node)
            names = [method.name for method in METHODS.values()]
            _may_call(METHODS.get(node.name.lower()), "method", node, names)
            return node.arguments
        case Member():
            _is_member(node)
            return (node.subject,)
    return ()


def _may_assign(name: str) -> None:
    if name in READ_ONLY:
        raise Refusal(f"{name} can only be read.", "Assign to a name of your own, and compute with that.")
    if name.lower() in CONSTANTS:
        raise Refusal(f"{name} is a constant.", "Assign to another name.")


def _may_call(callee: Function | SampleMethod | None, kind: str, node: Call | Method, known: Iterable[str]) -> None:
    if callee is None:
        hint = suggestion(node.name, known, f"There are {', '.join(sorted(known))}.")
        raise Refusal(f"There is no {kind} {shortened(node.name)}.", hint)
    count = len(node.arguments)
    if not callee.least <= count <= callee.most:
        if callee.least == callee.most:
            wanted = f"{callee.least}" if callee.least else "no"
        elif callee.most > count:
            wanted = f"at least {callee.least}"
        else:
            wanted = f"at most {callee.most}"
        message = f"{callee.name} takes {wanted} argument{'' if wanted.endswith('1') else 's'}, not {count}."
        raise Refusal(message, "The table of functions and methods says what each takes.")


def _has_samples(node: Method) -> None:
    if isinstance(node.subject, Name) and node.subject.name in SAMPLED:
        return
    if not isinstance(node.subject, Name):
        raise Refusal("Only sampled variables have methods.", "Write $ActiveTasks.GetSample(1), for example.")
    name = node.subject.name
    hint = suggestion(name, SAMPLED, "Variables such as $ActiveTasks have samples.")
    raise Refusal(f"{shortened(name)} has no samples, and no methods.", hint)


def _is_member(node: Member) -> None:
    if node.name.lower() in MEMBERS:
        return
    if node.name.lower() in METHODS:
        raise Refusal(f"{node.name} is a method.", f"Write {node.name}(…), with its arguments in brackets.")
    hint = suggestion(node.name, MEMBERS, f"A timestamp has {', '.join(MEMBERS)}.")
    raise Refusal(f"There is no member {shortened(node.name)}.", hint)
