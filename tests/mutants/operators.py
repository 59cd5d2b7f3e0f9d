"""Small changes to a module, each of which breaks a rule: a comparison, a limit, a condition, a statement left out."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from copy import copy
from typing import NamedTuple

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
TUNING = {
    "estimated_bytes": "A size for people and for how often a state is written; no row depends on it.",
    "_MAX_KEYS_NAMED": "How many names an error lists.",
    "_MAX_NAMED": "How many names a notice lists.",
}
"""Functions and constants that are not rules, each with the reason why no mutant of them is tried."""
FUNCTIONS = {"min": "max", "max": "min", "any": "all", "all": "any"}


class Mutant(NamedTuple):
    """A module with one change.

    Args:
        function: The qualified name of the function with the change; empty at module level.
        line: The line of the change, from 1.
        before: The code that was replaced, on one line.
        after: What replaced it, on one line.
        source: The whole changed module.
        code: The line of the change, as it was.
    """

    function: str
    line: int
    before: str
    after: str
    source: str
    code: str = ""

    @property
    def name(self) -> tuple[str, str, str]:
        """What stays the same when lines move."""
        return self.function, self.before, self.after


def mutants(source: str) -> Iterator[Mutant]:
    """Every mutant of a module, in the order of its code."""
    lines = source.encode().splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    for function, node, replacement in _changes(ast.parse(source)):
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        begin = starts[node.lineno - 1] + node.col_offset
        end = starts[node.end_lineno - 1] + node.end_col_offset
        text = source.encode()
        before, after = " ".join(ast.unparse(node).split()), " ".join(replacement.split())
        if before == after:
            continue
        # Brackets keep the meaning of an expression whatever stands beside it.
        new = f"({replacement})" if isinstance(node, ast.expr) else replacement
        changed = (text[:begin] + new.encode() + text[end:]).decode()
        yield Mutant(function, node.lineno, before, after, changed, lines[node.lineno - 1].decode().strip())


Change = tuple[str, "ast.expr | ast.stmt", str]


def _changes(tree: ast.Module) -> Iterator[Change]:
    """Each change: the function, the node that it replaces, and the new code."""
    pending: list[tuple[str, ast.AST]] = [("", node) for node in reversed(tree.body)]
    while pending:
        function, node = pending.pop()
        if _is_left_alone(node):
            continue
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            function = f"{function}.{node.name}".lstrip(".")
            pending += [(function, child) for child in reversed(node.body)]
            continue
        if isinstance(node, ast.JoinedStr):  # before Python 3.12 the places of the nodes within it are wrong
            for replacement in _within_text(node):
                yield function, node, replacement
            continue
        if isinstance(node, (ast.expr, ast.stmt)):
            for replacement in _replacements(node):
                yield function, node, replacement
        pending += [(function, child) for child in reversed(_changed_within(node))]


def _changed_within(node: ast.AST) -> list[ast.AST]:
    """The nodes below a node that are changed by themselves."""
    if not isinstance(node, (ast.Assign, ast.AnnAssign)):
        return list(ast.iter_child_nodes(node))
    parts = [*node.targets, node.value] if isinstance(node, ast.Assign) else [node.value]
    return [part for part in parts if part is not None and not isinstance(part, ast.Constant)]


def _is_left_alone(node: ast.AST) -> bool:
    """Whether nothing in the node is changed: what only types, documents, or tells people."""
    if isinstance(node, (ast.Import, ast.ImportFrom, ast.Assert)):
        return True
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    if isinstance(node, ast.Assign):
        names = {target.id for target in node.targets if isinstance(target, ast.Name)}
        return not names.isdisjoint({"__slots__", "__all__", *TUNING})
    if isinstance(node, ast.FunctionDef):
        return node.name in TUNING
    if isinstance(node, ast.If):
        return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    return isinstance(node, ast.Raise) or (isinstance(node, ast.Call) and _is_class(node.func))


def _is_class(function: ast.expr) -> bool:
    """Whether the call makes an error or a notice, whose words are for people."""
    name = function.id if isinstance(function, ast.Name) else ""
    return name.endswith(("Error", "Notice"))


def _replacements(node: ast.expr | ast.stmt) -> Iterator[str]:
    for kind, replace in _OPERATORS:
        if isinstance(node, kind):
            yield from replace(node)


def _within_text(text: ast.JoinedStr) -> Iterator[str]:
    """The text with a change in what it computes; its words are for people."""
    for value in text.values:
        for node in ast.walk(value):
            if not isinstance(node, (ast.BinOp, ast.Call)):
                continue
            for replacement in _replacements(node):
                yield ast.unparse(_Replace(node, ast.parse(replacement, mode="eval").body).visit(text))


class _Replace(ast.NodeTransformer):
    """Copies a tree with one node replaced."""

    def __init__(self, node: ast.AST, replacement: ast.expr) -> None:
        self._node = node
        self._replacement = replacement

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """A copy of the node, with what is below it."""
        twin = copy(node)
        for name, value in ast.iter_fields(twin):
            setattr(twin, name, [*value] if isinstance(value, list) else value)  # so that the original keeps its lists
        return super().generic_visit(twin)

    def visit(self, node: ast.AST) -> ast.AST:
        """The replacement in the node's place."""
        return self._replacement if node is self._node else self.generic_visit(node)


def _compare(node: ast.Compare) -> Iterator[str]:
    for position, operator in enumerate(node.ops):
        operators = [*node.ops]
        operators[position] = COMPARISONS[type(operator)]()
        yield ast.unparse(ast.Compare(node.left, operators, node.comparators))


def _boolean(node: ast.BoolOp) -> Iterator[str]:
    other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    yield ast.unparse(ast.BoolOp(other, node.values))
    for position in range(len(node.values)):
        rest = node.values[:position] + node.values[position + 1 :]
        yield ast.unparse(rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest))


def _unary(node: ast.UnaryOp) -> Iterator[str]:
    if isinstance(node.op, ast.Not):
        yield ast.unparse(node.operand)


def _arithmetic(node: ast.BinOp) -> Iterator[str]:
    other = ARITHMETIC.get(type(node.op))
    if other is not None:
        yield ast.unparse(ast.BinOp(node.left, other(), node.right))


def _constant(node: ast.Constant) -> Iterator[str]:
    if isinstance(node.value, bool):
        yield repr(not node.value)
    elif isinstance(node.value, int):
        yield repr(node.value + 1)


def _call(node: ast.Call) -> Iterator[str]:
    if isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS:
        yield ast.unparse(ast.Call(ast.Name(FUNCTIONS[node.func.id]), node.args, node.keywords))


def _choice(node: ast.IfExp) -> Iterator[str]:
    yield ast.unparse(node.body)
    yield ast.unparse(node.orelse)


def _condition(node: ast.If) -> Iterator[str]:
    for answer in (ast.Constant(value=True), ast.Constant(value=False)):
        yield _indented(ast.If(answer, node.body, node.orelse), node)


def _filtered(node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Iterator[str]:
    for position, loop in enumerate(node.generators):
        if loop.ifs:
            loops = [*node.generators]
            loops[position] = ast.comprehension(loop.target, loop.iter, [], loop.is_async)
            fields = {name: value for name, value in ast.iter_fields(node) if name != "generators"}
            yield ast.unparse(type(node)(**fields, generators=loops))


def _assigned(node: ast.Assign | ast.AnnAssign) -> Iterator[str]:
    """A constant with its name, so that the reason why a mutant is harmless is about this one alone."""
    if isinstance(node.value, ast.Constant):
        for replacement in _constant(node.value):
            yield ast.unparse(_Replace(node.value, ast.parse(replacement, mode="eval").body).visit(node))


def _left_out(_node: ast.stmt) -> Iterator[str]:
    yield "pass"


def _jump(node: ast.Continue | ast.Break) -> Iterator[str]:
    yield "break" if isinstance(node, ast.Continue) else "continue"


def _indented(node: ast.stmt, place: ast.stmt) -> str:
    """The statement's code, which begins in the column where the other statement begins."""
    return ast.unparse(node).replace("\n", "\n" + " " * place.col_offset)


_OPERATORS: tuple[tuple[type | tuple[type, ...], Callable[..., Iterator[str]]], ...] = (
    (ast.Compare, _compare),
    (ast.BoolOp, _boolean),
    (ast.UnaryOp, _unary),
    (ast.BinOp, _arithmetic),
    (ast.Constant, _constant),
    (ast.Call, _call),
    (ast.IfExp, _choice),
    (ast.If, _condition),
    ((ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp), _filtered),
    ((ast.Expr, ast.AugAssign), _left_out),
    ((ast.Assign, ast.AnnAssign), _assigned),
    ((ast.Continue, ast.Break), _jump),
)
