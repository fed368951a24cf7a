"""Powers, sides, statements, and where each mistake in them is."""

from __future__ import annotations

import pytest
from millpond.formula import ErrorCode, Fault, FormulaError, evaluate, limits, parse
from millpond.formula.nodes import Call, Chain, Link, Member, Name, Number, Statement, Unary
from support.formulacases import Case, World, cases


@pytest.mark.parametrize("case", cases("parser"), ids=lambda case: case.where)
def test_case(case: Case) -> None:
    case.check()


def fault_of(text: str) -> Fault:
    """Why the text is no formula."""
    with pytest.raises(FormulaError) as caught:
        parse(text)
    return caught.value.fault


def test_length_is_bounded() -> None:
    longest = "x = 1;" + " " * (limits.CHARACTERS - 6)
    assert len(parse(longest).statements) == 1
    fault = fault_of(longest + "\n")
    assert (fault.code, fault.line, fault.column) == (ErrorCode.TOO_LONG, 1, limits.CHARACTERS + 1)
    assert "8,193 characters; 8,192 are allowed" in fault.message


def test_statements_are_bounded() -> None:
    most = "x = 1;\n" * limits.STATEMENTS
    assert len(parse(most + ";;").statements) == limits.STATEMENTS
    fault = fault_of(most + "y = 2")
    assert (fault.code, fault.line, fault.column) == (ErrorCode.TOO_LONG, limits.STATEMENTS + 1, 1)


NESTS = ("({})", "-{}", "!{}", "avg({})", "1 ? {} : 2", "1 ? 2 : {}", "1 + ({})", "$ActiveTasks.GetSample({})")


@pytest.mark.parametrize("shape", NESTS)
def test_nesting_is_bounded(shape: str) -> None:
    """What is read is evaluated too, without coming to the interpreter's own bound; what is deeper is refused."""
    texts = ["1"]
    while len(texts) <= limits.NESTING:
        texts.append(shape.format(texts[-1]))
    deepest = max(filter(is_read, texts), key=len)
    evaluate(parse(deepest), World().inputs())
    assert limits.NESTING // 2 - 1 <= texts.index(deepest) < limits.NESTING
    fault = fault_of(shape.format(deepest))
    assert fault.code is ErrorCode.SYNTAX
    assert f"nested more than {limits.NESTING} deep" in fault.message


def is_read(text: str) -> bool:
    """True for a formula."""
    try:
        parse(text)
    except FormulaError:
        return False
    return True


def test_members_nest_as_well() -> None:
    assert "nested" in fault_of("time()" + ".year" * limits.NESTING).message


@pytest.mark.parametrize("operator", ["+", "-", "*", "<", "==", "&&", "||"])
def test_a_chain_may_be_as_long_as_a_formula(operator: str) -> None:
    formula = parse("x = " + operator.join("1" * 2700))
    assert evaluate(formula, World().inputs()).error is None


def test_a_tree() -> None:
    assert parse("$x = -a.hour * f(1, 2)\n").statements == (
        Statement(
            0,
            22,
            "$x",
            Chain(
                13,
                Unary(5, "-", Member(8, Name(6, "a"), "hour")),
                (Link(13, "*", Call(15, "f", (Number(17, 1.0), Number(20, 2.0)))),),
            ),
        ),
    )
