"""Transformers' list of its models, which it makes of 3,500 source files at each start, kept.

Import this before Transformers, for that effect: it takes 0.2 s, and more where files come over a
network. The list is kept in `.snakemake`; without that folder Transformers makes its own.
"""

import hashlib
import pickle
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

from whosaid.whole import whole

MODULE = "transformers.utils.import_utils"
FUNCTION = "create_import_structure_from_path"
FOLDER = Path(".snakemake")


def kept(make: Callable[[str | Path], Any], models: Path) -> Callable[[str | Path], Any]:
    """The function `make`, whose answer for the folder `models` outlives the process."""
    # A new installation makes the folder anew.
    state = f"{models} {models.stat().st_mtime_ns}"
    file = FOLDER / f"transformers_models_{hashlib.sha256(state.encode()).hexdigest()[:16]}"

    def read_or_make(folder):
        if Path(folder) != models:
            return make(folder)
        with suppress(OSError, EOFError, pickle.UnpicklingError):
            return pickle.loads(file.read_bytes())
        made = make(folder)
        if FOLDER.is_dir():
            with suppress(OSError), whole(file, even_orphaned=True) as partial:
                partial.write_bytes(pickle.dumps(made))
        return made

    return read_or_make


class Loader(SourceFileLoader):
    """Loads the module that makes the list."""

    def exec_module(self, module: ModuleType) -> None:
        """Let its function keep the list."""
        super().exec_module(module)
        make = getattr(module, FUNCTION, None)
        if make is not None:
            setattr(module, FUNCTION, kept(make, Path(self.path).parents[1] / "models"))


class Finder:
    """Finds that module."""

    @staticmethod
    def find_spec(name: str, path=None, target=None) -> ModuleSpec | None:
        """Its spec, with the loader above."""
        if name != MODULE:
            return None
        spec = PathFinder.find_spec(name, path)
        spec.loader = Loader(spec.loader.name, spec.loader.path)
        return spec


if MODULE not in sys.modules:
    sys.meta_path.insert(0, Finder)
