"""Loads the mutant named in the environment in place of its module, in this process and in all that it starts."""

import os
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path


class _Mutant(SourceFileLoader):
    def get_code(self, fullname):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        """The mutant's code, never a cached file of the original."""
        return compile(Path(os.environ["MUTANT_SOURCE"]).read_text(), self.get_filename(fullname), "exec")


class _Finder(MetaPathFinder):
    def find_spec(self, fullname, path=None, target=None):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        """The mutant, for its module only."""
        if fullname != os.environ.get("MUTANT_MODULE"):
            return None
        original = PathFinder.find_spec(fullname, path, target)
        if original is None or original.origin is None:
            return None
        return ModuleSpec(fullname, _Mutant(fullname, original.origin), origin=original.origin)


sys.meta_path.insert(0, _Finder())
