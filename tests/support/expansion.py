"""How Kubernetes expands `$(NAME)` in commands and values, written from its documented rules."""

from collections.abc import Mapping


def expand(text: str, variables: Mapping[str, str]) -> str:
    """`$(NAME)` becomes the variable where there is one, `$$` becomes `$`, all else stays."""
    out, place = [], 0
    while place < len(text):
        if text[place] != "$" or place + 1 == len(text):
            out.append(text[place])
            place += 1
        elif text[place + 1] == "$":
            out.append("$")
            place += 2
        elif text[place + 1] == "(" and ")" in text[place:]:
            end = text.index(")", place)
            name = text[place + 2 : end]
            out.append(variables.get(name, f"$({name})"))
            place = end + 1
        else:
            out.append(text[place : place + 2])
            place += 2
    return "".join(out)
