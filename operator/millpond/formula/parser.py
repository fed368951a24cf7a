"""Tokens to a syntax tree, by Pratt's method: each operator has a power, and an operand ends before a weaker one.

Source: azure-batch-semantics §5.2 and §5.3 (grammar, powers, the semicolon that may be missing).
"""

from __future__ import annotations

from millpond.formula import limits
from millpond.formula.errors import ErrorCode, FormulaError, fault_at, shortened
from millpond.formula.lexer import Token, number, tokens
from millpond.formula.nodes import (
    Call,
    Chain,
    Condition,
    Expression,
    Formula,
    Link,
    Logic,
    Member,
    Method,
    Name,
    Number,
    Statement,
    String,
    Unary,
)

CONDITION, OR, AND, EQUALITY, RELATION, SUM, PRODUCT, SIGN = range(1, 9)
POWERS = {
    "?": CONDITION,
    "||": OR,
    "&&": AND,
    **dict.fromkeys(("==", "!="), EQUALITY),
    **dict.fromkeys(("<", "<=", ">", ">="), RELATION),
    **dict.fromkeys("+-", SUM),
    **dict.fromkeys("*/", PRODUCT),
}
"""How tightly each operator between operands binds."""


def parse(text: str) -> Formula:
    """Read a formula. Raises FormulaError: AutoScalingFormulaSyntaxError or AutoScalingFormulaTooLong."""
    if len(text) > limits.CHARACTERS:
        message = f"The formula has {len(text):,} characters; {limits.CHARACTERS:,} are allowed."
        hint = "Shorten names, and leave out comments and blanks."
        raise FormulaError(fault_at(text, limits.CHARACTERS, ErrorCode.TOO_LONG, message, hint))
    return Formula(text, tuple(_Parser(text).statements()))


class _Parser:
    """One pass over the tokens of one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens(text)
        self._next = 0
        self._depth = 0

    def statements(self) -> list[Statement]:
        """`{ statement? ';' } statement?`, where a name and `=` begin a statement also without a semicolon before."""
        found: list[Statement] = []
        while self._kind() != "end":
            if self._accept(";"):
                continue
            if len(found) == limits.STATEMENTS:
                message = f"The formula has more than {limits.STATEMENTS} statements."
                raise self._error(ErrorCode.TOO_LONG, message, "Put several steps into one expression.")
            found.append(self._statement())
            if self._kind() not in (";", "end") and not self._at_assignment():
                raise self._after_statement()
        return found

    def _statement(self) -> Statement:
        at = self._tokens[self._next].at
        variable = ""
        if self._at_assignment():
            variable = self._advance().text
            self._advance()
        value = self._expression()
        last = self._tokens[self._next - 1]
        return Statement(at, last.at + len(last.text), variable, value)

    def _expression(self, weakest: int = 0) -> Expression:
        """An operand and all operators behind it that bind more tightly than `weakest`."""
        self._deepen()
        left = self._operand()
        while (power := POWERS.get(self._kind(), 0)) > weakest:
            left = self._condition(left) if power == CONDITION else self._chain(left, power)
        self._depth -= 1
        return left

    def _condition(self, test: Expression) -> Condition:
        at = self._advance().at
        chosen = self._expression()
        self._expect(":", "Write both values of the choice: condition ? value : value.")
        return Condition(at, test, chosen, self._expression())

    def _chain(self, first: Expression, power: int) -> Expression:
        links: list[Link] = []
        while POWERS.get(self._kind()) == power:
            token = self._advance()
            links.append(Link(token.at, token.text, self._expression(power)))
        at, operator = links[0].at, links[0].operator
        return Logic(at, operator, first, tuple(links)) if power in (OR, AND) else Chain(at, first, tuple(links))

    def _operand(self) -> Expression:
        """A number, string, name, call, sign or bracket, with the members behind it."""
        token = self._advance()
        match token.kind:
            case "-" | "!":
                return Unary(token.at, token.text, self._expression(SIGN))
            case "(":
                inner = self._expression()
                self._expect(")", "Close the bracket, or take one away.")
                return self._members(inner)
            case "name" if self._kind() == "(":
                return self._members(Call(token.at, token.text, self._arguments()))
            case "name":
                return self._members(Name(token.at, token.text))
            case "number":
                return self._members(Number(token.at, number(self._text, token)))
            case "string":
                return self._members(String(token.at, token.text[1:-1]))
        self._next -= 1
        raise self._unexpected("a value", "Write a number, a name, a call or a bracket here.")

    def _members(self, subject: Expression) -> Expression:
        """`.name` and `.name(arguments)`, as often as they follow."""
        depth = self._depth
        while self._accept("."):
            self._deepen()
            name = self._expect("name", "Write the name of a member, as in time().hour or $ActiveTasks.GetSample(1).")
            if self._kind() == "(":
                subject = Method(name.at, subject, name.text, self._arguments())
            else:
                subject = Member(name.at, subject, name.text)
        self._depth = depth
        return subject

    def _arguments(self) -> tuple[Expression, ...]:
        self._advance()
        found: list[Expression] = []
        while self._kind() != ")":
            found.append(self._expression())
            if not self._accept(","):
                break
            if self._kind() == ")":
                raise self._unexpected("a value", "Write the argument, or take away the comma before it.")
        self._expect(")", "Put commas between arguments, and close the bracket behind the last.")
        return tuple(found)

    # Tokens.

    def _kind(self) -> str:
        return self._tokens[self._next].kind

    def _advance(self) -> Token:
        token = self._tokens[self._next]
        self._next += 1
        return token

    def _accept(self, kind: str) -> bool:
        found = self._tokens[self._next].kind == kind
        self._next += found
        return found

    def _expect(self, kind: str, hint: str) -> Token:
        if self._kind() != kind:
            raise self._unexpected("a name" if kind == "name" else kind, hint)
        return self._advance()

    def _at_assignment(self) -> bool:
        return self._kind() == "name" and self._tokens[self._next + 1].kind == "="

    def _deepen(self) -> None:
        self._depth += 1
        if self._depth > limits.NESTING:
            message = f"The expression is nested more than {limits.NESTING} deep."
            raise self._error(ErrorCode.SYNTAX, message, "Give a part of it a name in a statement of its own.")

    # Faults, at the next token.

    def _after_statement(self) -> FormulaError:
        if self._kind() == "=":
            return self._unexpected("; or an operator", "Assign to one name in each statement; compare with ==.")
        return self._unexpected("; or an operator", "End the statement with a semicolon.")

    def _unexpected(self, wanted: str, hint: str) -> FormulaError:
        found = self._tokens[self._next].text or "the end of the formula"
        return self._error(ErrorCode.SYNTAX, f"Expected {wanted}, found {shortened(found)}.", hint)

    def _error(self, code: ErrorCode, message: str, hint: str) -> FormulaError:
        return FormulaError(fault_at(self._text, self._tokens[self._next].at, code, message, hint))
