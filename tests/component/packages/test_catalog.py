"""Applications, versions and defaults in real stores."""

from __future__ import annotations

import pytest
from millpond.packages.catalog import (
    Application,
    CatalogError,
    Version,
    applications,
    check_id,
    check_version,
    default_version,
    drop_default,
    package_name,
    set_default,
)
from millpond.storage.objects import put_file, put_text
from millpond.storage.problems import Problem, StoreError
from support.stores import ObjectStores


def test_versions_and_defaults_are_listed_and_what_is_nobodys_is_passed_over(stores: ObjectStores) -> None:
    store = stores.open(stores.bucket("catalogue"))
    for name in ("blender/4.2.zip", "blender/4.3.zip", "tool_a/1.zip"):
        put_file(store, name, iter([b"zip"]), 3)
    for name in ("blender/notes.txt", "b.d/1.zip", "loose.zip", "empty/default", "blender/.hidden.zip", "a/b/c.zip"):
        put_text(store, name, "x")
    set_default(store, "blender", "4.3")
    four = (Version("4.2", 3), Version("4.3", 3))
    assert applications(store) == [
        Application("blender", four, "4.3"),
        Application("tool_a", (Version("1", 3),), ""),
    ]
    assert default_version(store, "blender") == "4.3"
    drop_default(store, "blender")
    assert applications(store)[0] == Application("blender", four, "")


def test_an_application_without_a_default_version_says_what_to_do(stores: ObjectStores) -> None:
    store = stores.open(stores.azure_container("catalogue"))
    with pytest.raises(CatalogError, match="app set-default tool VERSION"):
        default_version(store, "tool")
    put_text(store, "tool/default", "../evil")
    with pytest.raises(CatalogError, match="is no version"):
        default_version(store, "tool")


def test_trouble_with_the_store_is_no_missing_default(stores: ObjectStores) -> None:
    store = stores.open(stores.azure.rpartition("/")[0] + "/devstoreaccount1/not-there")
    with pytest.raises(StoreError) as trouble:
        default_version(store, "tool")
    assert trouble.value.trouble.problem is Problem.CONTAINER_NOT_FOUND


@pytest.mark.parametrize("text", ["a", "A-b_9", "x" * 64])
def test_ids_and_versions(text: str) -> None:
    assert (check_id(text), check_version(text)) == (text, text)
    assert check_version("4.2.1-rc_1") == "4.2.1-rc_1"
    assert package_name(text, "4.2") == f"{text}/4.2.zip"


@pytest.mark.parametrize("text", ["", "a/b", "..", ".a", "a b", "x" * 65, "ä", "a\n"])
def test_what_is_no_id_and_no_version(text: str) -> None:
    with pytest.raises(CatalogError, match="is no application's id"):
        check_id(text)
    with pytest.raises(CatalogError, match="is no version"):
        check_version(text)
