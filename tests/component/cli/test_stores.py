"""Which store a command means, and what is said where that is none."""

from __future__ import annotations

import pytest

from .conftest import Shell

REFUSED = {
    "no default store": (
        ["ls", "x"],
        "There is no Secret millpond-store in namespace team, which is its default store.",
    ),
    "no such Secret": (
        ["ls", "--store", "s3://bucket", "--credentials-secret", "none", "x"],
        "There is no Secret none",
    ),
    "no store": (["ls", "--store", "ftp://canary@x", "x"], "The store cannot be used: "),
    "wrong keys": (["ls", "--store", "s3://bucket", "--credentials-secret", "azure", "x"], "of no use for s3://bucket"),
    "no key": (["ls", "--store", "s3://bucket", "--credentials-secret", "text", "x"], "of no use for s3://bucket"),
    "no file here": (["upload", "--store", "s3://bucket", "/etc/hostname-not", "x"], "does not exist"),
    "a Secret for the default store": (["ls", "--credentials-secret", "azure", "x"], "a store that --store names"),
    "a container instead of a file": (["rm", "--store", "s3://bucket", "x"], "names a container and no file"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_is_said(shell: Shell, case: str) -> None:
    shell.secret("azure", shell.stores.azure_secret)
    shell.secret("text", {"note": "x"})
    arguments, said = REFUSED[case]
    done = shell("storage", *arguments)
    assert done.exit_code in (1, 2)
    assert said in " ".join(done.stderr.split())
