from collections.abc import Sequence
from typing import Any, NewType, TypeAlias

Layout = NewType("Layout", object)
_Fields: TypeAlias = Sequence[tuple[bytes, str]]

def layout(dimensions: _Fields, metrics: _Fields, /) -> Layout: ...
def lines(
    layout: Layout, rows: bytes | memoryview, before: bytes, after: bytes, /
) -> tuple[bytes, tuple[list[Any], ...]] | None: ...
