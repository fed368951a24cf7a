"""What the command line says when it cannot do as asked: what is wrong, where, and what to do next.

Exit codes: 1 where the cluster or the work says no, 2 where the command itself is wrong (click's own).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from typing import IO, TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from millpond.cluster.errors import ApiError


class CliError(click.ClickException):
    """A sentence that says what and where, and `next_step`: a sentence or command that helps on."""

    exit_code = 1

    def __init__(self, message: str, next_step: str = "") -> None:
        super().__init__(message)
        self.next_step = next_step

    def show(self, file: IO[Any] | None = None) -> None:  # noqa: ARG002 - errors belong on standard error
        click.echo(f"Error: {self.message}", err=True)
        if self.next_step:
            click.echo(f"Next:  {self.next_step}", err=True)


class UnknownNameError(CliError):
    """There is no object of the name given."""


def unknown_name(kind: str, name: str, namespace: str, known: Iterable[str]) -> UnknownNameError:
    """There is no object of that name: show the ones that look alike, or what there is."""
    names = sorted(known)
    alike = sorted(get_close_matches(name, names, n=3, cutoff=0.6))
    message = f"There is no {kind} {name} in namespace {namespace}."
    if alike:
        return UnknownNameError(message, f"Did you mean {' or '.join(alike)}?")
    if names:
        shown = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
        return UnknownNameError(message, f"There are {len(names)}: {shown}")
    return UnknownNameError(message, f"There is none at all; look in all namespaces with `millpond {kind} list -A`.")


def not_installed(error: ApiError) -> bool:
    """True when it is not an object that the server lacks, but Millpond's kinds."""
    return error.reason != "NotFound" or "the server could not find the requested resource" in error.message


@contextmanager
def explained(server: str) -> Iterator[None]:
    """Turn what an API server answers into sentences for people."""
    from millpond.cluster import errors  # noqa: PLC0415 - start-up without the cluster room

    try:
        yield
    except errors.UnauthorizedError as error:
        raise CliError(
            f"{server} does not know you: {error.message}.", "Log in again, or choose another user with --context."
        ) from None
    except errors.ForbiddenError as error:
        raise CliError(f"{server} does not allow it: {error.message}", "Ask for that right in the namespace.") from None
    except errors.NotFoundError as error:
        if not_installed(error):
            raise CliError(
                f"Millpond is not installed on {server}: it has no resources of group millpond.dev.",
                "helm install millpond charts/millpond --namespace millpond-system --create-namespace",
            ) from None
        raise CliError(f"{error.message}.") from None
    except errors.UnavailableError as error:
        raise CliError(
            f"{error.message}.", f"Check that {server} is up and that --kubeconfig or KUBECONFIG names it."
        ) from None
    except errors.ApiError as error:
        raise CliError(error.message) from None
