"""Loads a client library from a folder of its own, because two of them share the package name."""

import importlib
import os
import pathlib
import sys
from contextlib import contextmanager

FOLDER = pathlib.Path(os.environ.get("BITTING_TEST_APART", pathlib.Path(sys.prefix) / "apart"))


def _forget():
    for name in [name for name in sys.modules if name.split(".")[0] == "connectwise"]:
        del sys.modules[name]


@contextmanager
def connectwise_of(distribution):
    """The package `connectwise` as this distribution ships it, for the length of the block."""
    folder = FOLDER / distribution
    assert folder.is_dir(), f"{distribution} is not installed in {folder}: run ./test python"
    _forget()
    sys.path.insert(0, str(folder))
    try:
        yield importlib.import_module("connectwise")
    finally:
        sys.path.remove(str(folder))
        _forget()
