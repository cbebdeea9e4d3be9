"""Imports that do without an optional package, which would take its time to import too."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


class Blinkered:
    """A finder of modules that does not see some packages."""

    def __init__(self, finder, packages: tuple[str, ...]):
        self.finder = finder
        self.packages = packages

    def __getattr__(self, name):
        return getattr(self.finder, name)

    def find_spec(self, name, path=None, target=None):
        """What the finder says, or nothing for a package that it does not see."""
        return None if name in self.packages else self.finder.find_spec(name, path, target)


@contextmanager
def hidden(*packages: str) -> Iterator[None]:
    """Let `import` not find those of the `packages` that are not imported yet.

    An entry None in `sys.modules` is the shorter way, but extension modules take it for a module.
    """
    sys.meta_path[:] = [Blinkered(finder, packages) for finder in sys.meta_path]
    try:
        yield
    finally:
        sys.meta_path[:] = [
            finder.finder if isinstance(finder, Blinkered) else finder for finder in sys.meta_path
        ]
