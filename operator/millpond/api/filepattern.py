"""The patterns that name output files (azure-batch-semantics §7.4): read and matched by name alone, without a disk.

    *  any characters of one name      **  any directories, also none (as a whole element)      ?  one character
    [abc]  [a-c]  [!abc]  one of them, one between, none of them; `[*]` is a literal `*`

Names that begin with a dot are meant only where the pattern spells the dot. The separator is `/`; `\\` is as good as
any character.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto

Parts = tuple[str, ...]
State = frozenset[int]
"""How far a path has come in a pattern: every number of elements that its names so far may have used up."""

LONGEST = 4096
"""Characters of a pattern once its variables are expanded."""
_VARIABLE = re.compile(r"\$(?:\{(?P<braced>[^}]*)\}|(?P<plain>[A-Za-z_][A-Za-z0-9_]*))")


class FilePatternError(ValueError):
    """A pattern that means nothing that could be uploaded; the message ends with what to do."""


class Deep(Enum):
    """The element `**`."""

    ANY = auto()


Element = str | re.Pattern[str] | Deep
"""A name as it is written, the names that fit, or any directories."""


@dataclass(frozen=True, slots=True)
class FilePattern:
    """`base` is the directory, beneath the node directory, where the search begins; `elements` is what follows."""

    base: Parts
    elements: tuple[Element, ...]
    hidden: bool = False
    """Whether `**` also leads through directories that begin with a dot."""

    @property
    def wildcard(self) -> bool:
        """False where the pattern means one path alone."""
        return any(not isinstance(element, str) for element in self.elements)

    def start(self) -> State:
        """The state of the base itself."""
        return self._closed({0})

    def step(self, state: State, name: str) -> State:
        """The state one name further down; empty where nothing from here on is meant."""
        return self._closed(set(self._reached(state, name)))

    def accepts(self, state: State) -> bool:
        """Whether the path that came to this state is meant."""
        return len(self.elements) in state

    def goes_on(self, state: State) -> bool:
        """Whether something beneath the path may be meant."""
        return any(at < len(self.elements) for at in state)

    def matches(self, below: Parts) -> bool:
        """Whether a path, relative to the base, is meant."""
        state = self.start()
        for name in below:
            state = self.step(state, name)
        return bool(below) and self.accepts(state)

    def _reached(self, state: State, name: str) -> Iterator[int]:
        for at in state:
            match self.elements[at] if at < len(self.elements) else None:
                case None:
                    pass
                case Deep.ANY:
                    if self.hidden or not name.startswith("."):
                        yield from (at, at + 1) if at + 1 == len(self.elements) else (at,)
                case str() as literal:
                    if literal == name:
                        yield at + 1
                case re.Pattern() as fitting:
                    if fitting.fullmatch(name):
                        yield at + 1

    def _closed(self, state: set[int]) -> State:
        """With what is reached by no name at all: `**` is also no directory, and at the end anything in one."""
        for at in sorted(state):
            after = at
            while after < len(self.elements) - 1 and self.elements[after] is Deep.ANY:
                after += 1
                state.add(after)
        return frozenset(state)


def variables_in(text: str) -> frozenset[str]:
    """The names of the environment variables that a pattern mentions."""
    return frozenset(found["braced"] or found["plain"] or "" for found in _VARIABLE.finditer(text))


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """The pattern with `$NAME` and `${NAME}` replaced, once; wildcards in a value are wildcards.

    FilePatternError by a variable that is not there, which a misspelt one is.
    """

    def value(found: re.Match[str]) -> str:
        name = found["braced"] if found["braced"] is not None else found["plain"]
        if name not in variables:
            raise FilePatternError(
                f"the pattern {text!r} names the variable {name!r}, which the task's environment does not have: add it "
                "to environmentSettings, or write a literal dollar sign as [$]"
            )
        return variables[name]

    return _VARIABLE.sub(value, text)


def parse_pattern(text: str, root: str, working: Parts) -> FilePattern:
    """The pattern, its variables expanded. `root` is the node directory and absolute, `working` is beneath it.

    FilePatternError where it leaves the node directory, or names no file.
    """
    if not text or "\0" in text or len(text) > LONGEST:
        raise FilePatternError(f"the pattern {text[:60]!r} is empty, too long or holds a NUL character: write a path")
    if text.endswith("/"):
        raise FilePatternError(f"the pattern {text!r} names a directory: write {text + '**'!r} for what is in it")
    above = _split(root)
    base, elements = _read(text, [] if text.startswith("/") else [*above, *working])
    if tuple(base[: len(above)]) != above or (len(base) == len(above) and not elements):
        raise FilePatternError(
            f"the pattern {text!r} leaves the node directory: name files beneath $AZ_BATCH_NODE_ROOT_DIR"
        )
    if not elements:
        elements.append(base.pop())
    return FilePattern(tuple(base[len(above) :]), tuple(elements))


def _split(path: str) -> Parts:
    return tuple(part for part in path.split("/") if part not in ("", "."))


def _read(text: str, base: list[str]) -> tuple[list[str], list[Element]]:
    """The directory that the pattern begins with, from `base` on, and its elements from the first wildcard on."""
    elements: list[Element] = []
    for name in _split(text):
        if name == "..":
            if elements:
                raise FilePatternError(
                    f"the pattern {text!r} has '..' after a wildcard: write it before, or not at all"
                )
            del base[-1:]
            continue
        part = element(name)
        if elements or not isinstance(part, str):
            elements.append(part)
        else:
            base.append(part)
    return base, elements


@dataclass(frozen=True, slots=True)
class _Token:
    """What stands for one character; `literal` is that character where it can be no other."""

    expression: str
    literal: str | None = None


_STAR = _Token("*")


def element(text: str, *, hidden: bool = False) -> Element:
    """One element of a pattern; `hidden`: wildcards at its beginning also fit names that begin with a dot."""
    if text == "**":
        return Deep.ANY
    tokens = list(_tokens(text))
    if all(token.literal is not None for token in tokens):
        return "".join(token.literal or "" for token in tokens)
    spelled = "" if hidden or tokens[0].literal == "." else r"(?!\.)"
    return re.compile(spelled + _joined(tokens), re.DOTALL)


def _joined(tokens: list[_Token]) -> str:
    """A star takes as little as it can and is not asked again, but for the last: no name takes more than its square."""
    first, *rest = _between_stars(tokens)
    if not rest:
        return first
    *middle, last = rest
    return first + "".join(f"(?>.*?{segment})" for segment in middle) + f".*{last}"


def _between_stars(tokens: list[_Token]) -> list[str]:
    segments = [""]
    for token in tokens:
        if token is _STAR:
            segments.append("")
        else:
            segments[-1] += token.expression
    return segments


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        character = text[at]
        at += 1
        if character == "*":
            yield _STAR
        elif character == "?":
            yield _Token(".")
        elif character == "[" and (end := _end_of_class(text, at)) is not None:
            yield _class(text[at:end])
            at = end + 1
        else:
            yield _Token(re.escape(character), character)


def _end_of_class(text: str, start: int) -> int | None:
    """Where the `]` is that ends it: not at its beginning, where it is one of the characters."""
    first = start + (text[start : start + 1] == "!")
    end = text.find("]", first + 1)
    return end if end >= 0 else None


def _class(text: str) -> _Token:
    negated, characters = text.startswith("!"), text.removeprefix("!")
    if len(characters) == 1 and not negated:
        return _Token(re.escape(characters), characters)
    written, at = "", 0
    while at < len(characters):
        first, last = characters[at], characters[at]
        if characters[at + 1 : at + 2] == "-" and at + 2 < len(characters):
            last = characters[at + 2]
            at += 2
        if first > last:
            raise FilePatternError(f"the range {first}-{last} in [{text}] is empty: write {last}-{first}")
        written += re.escape(first) if first == last else f"{re.escape(first)}-{re.escape(last)}"
        at += 1
    return _Token(f"[{'^' if negated else ''}{written}]")
