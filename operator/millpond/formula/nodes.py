"""The syntax tree. Each node knows the offset of what a fault in it would point at.

Operators that bind alike and stand side by side are one `Chain`, so that a long sum is a wide tree, not a deep one.
"""

from __future__ import annotations

import msgspec


class Number(msgspec.Struct, frozen=True, gc=False):
    """A literal double."""

    at: int
    value: float


class String(msgspec.Struct, frozen=True, gc=False):
    """A literal string, without its quotes."""

    at: int
    value: str


class Name(msgspec.Struct, frozen=True, gc=False):
    """A variable or a constant, read."""

    at: int
    name: str


class Unary(msgspec.Struct, frozen=True):
    """`-x` or `!x`."""

    at: int
    operator: str
    operand: Expression


class Link(msgspec.Struct, frozen=True):
    """An operator of a chain and what stands to its right."""

    at: int
    operator: str
    operand: Expression


class Chain(msgspec.Struct, frozen=True):
    """`first op operand op operand …`, from left to right: arithmetic and comparison."""

    at: int
    first: Expression
    links: tuple[Link, ...]


class Logic(msgspec.Struct, frozen=True):
    """`first && operand && …`, or the same with `||`: what follows the first that decides is not evaluated."""

    at: int
    operator: str
    first: Expression
    links: tuple[Link, ...]


class Condition(msgspec.Struct, frozen=True):
    """`test ? chosen : otherwise`: only one of the two is evaluated. `at` is that of the question mark."""

    at: int
    test: Expression
    chosen: Expression
    otherwise: Expression


class Call(msgspec.Struct, frozen=True):
    """`name(arguments)`."""

    at: int
    name: str
    arguments: tuple[Expression, ...]


class Member(msgspec.Struct, frozen=True):
    """`subject.name`. `at` is that of the name."""

    at: int
    subject: Expression
    name: str


class Method(msgspec.Struct, frozen=True):
    """`subject.name(arguments)`. `at` is that of the name."""

    at: int
    subject: Expression
    name: str
    arguments: tuple[Expression, ...]


Expression = Number | String | Name | Unary | Chain | Logic | Condition | Call | Member | Method


class Statement(msgspec.Struct, frozen=True):
    """`variable = value`, or a value alone, where `variable` is "". The text reaches from `at` to `end`."""

    at: int
    end: int
    variable: str
    value: Expression


class Formula(msgspec.Struct, frozen=True):
    """A formula that has been read, and its text."""

    text: str
    statements: tuple[Statement, ...]
