"""Enumerates single defects in the functions of a Python module. Places are found by structure: a defect is known by its
function, its kind and the text of the code that it changes, never by a line number."""

import ast
import copy
from dataclasses import dataclass
from typing import Callable, Iterator

BOUNDARY = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
SYMBOL = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}

@dataclass(frozen=True)
class Defect:
    """One defect: its name, the module's text with it, and the lines of the statement that it changes in the text
    without it, by which a trace tells whether the place is ever reached."""

    name: str
    kind: str
    source: str
    lines: range


@dataclass
class Place:
    """A place in a function: what is there, and how it is replaced."""

    kind: str
    text: str
    holder: ast.AST
    field: str
    index: int | None
    replacement: Callable[[], ast.AST]
    lines: range = range(0)

    def swap(self, node: ast.AST) -> ast.AST:
        """Puts a node here and returns what was here."""
        if self.index is None:
            before = getattr(self.holder, self.field)
            setattr(self.holder, self.field, node)
            return before
        held = getattr(self.holder, self.field)
        before, held[self.index] = held[self.index], node
        return before


def functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    """All functions by qualified name; of several with one name (overloads) the last."""
    found: dict[str, ast.FunctionDef] = {}

    def visit(body: list[ast.stmt], prefix: str) -> None:
        for node in body:
            if isinstance(node, ast.FunctionDef):
                found[prefix + node.name] = node
            elif isinstance(node, ast.ClassDef):
                visit(node.body, f"{prefix}{node.name}.")
            elif isinstance(node, ast.If):
                visit(node.body, prefix)
                visit(node.orelse, prefix)

    visit(tree.body, "")
    yield from found.items()


def own_lines(node: ast.stmt) -> range:
    """The lines of a statement without those of the statements in it."""
    inner = [child.lineno for child in ast.walk(node) if isinstance(child, ast.stmt) and child is not node]
    return range(node.lineno, min(inner, default=node.end_lineno + 1))


def is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def judges_nothing(node: ast.AST) -> bool:
    """Whether a statement only warns the programmer."""
    if isinstance(node, ast.If) and not node.orelse:
        return all(judges_nothing(inner) for inner in node.body)
    return isinstance(node, ast.Expr) and ast.unparse(node).startswith("warnings.warn(")


def returns_bool(function: ast.FunctionDef) -> bool:
    return function.returns is not None and ast.unparse(function.returns) == "bool"


def constant(value: object) -> ast.Constant:
    return ast.Constant(value=value)


def places(function: ast.FunctionDef) -> Iterator[Place]:
    """Every place of a function where a defect can be planted, in the order of its text."""
    says_yes_or_no = returns_bool(function)

    def within(node: ast.stmt, found: Iterator[Place]) -> Iterator[Place]:
        for place in found:
            # The innermost statement comes first.
            place.lines = place.lines or own_lines(node)
            yield place

    def statement(node: ast.stmt, holder: ast.AST, field: str, index: int) -> Iterator[Place]:
        def place(kind: str, text: str, replacement: Callable[[], ast.AST]) -> Place:
            return Place(kind, text, holder, field, index, replacement)

        if isinstance(node, ast.If) and isinstance(node.body[-1], ast.Raise):
            rest = node.orelse or [ast.Pass()]
            body = lambda: ast.If(test=constant(True), body=copy.deepcopy(rest), orelse=[])
            yield place("remove-check", ast.unparse(node.test), body)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            text = ast.unparse(node)
            yield place("drop-call", text, ast.Pass)
            handler = ast.ExceptHandler(type=ast.Name(id="Exception"), name=None, body=[ast.Pass()])
            attempt = lambda: ast.Try(body=[copy.deepcopy(node)], handlers=[handler], orelse=[], finalbody=[])
            yield place("swallow", text, attempt)
        if isinstance(node, ast.Return) and says_yes_or_no and node.value is not None:
            if not (isinstance(node.value, ast.Constant) and node.value.value is True):
                yield place("force-true", ast.unparse(node.value), lambda: ast.Return(value=constant(True)))
        if isinstance(node, ast.Raise) and isinstance(holder, ast.ExceptHandler):
            caught = ast.unparse(holder.type) if holder.type else "everything"
            yield place("swallow-raise", f"except {caught}", ast.Pass)

    def expression(node: ast.AST, holder: ast.AST, field: str, index: int | None) -> Iterator[Place]:
        def place(kind: str, text: str, replacement: Callable[[], ast.AST]) -> Place:
            return Place(kind, text, holder, field, index, replacement)

        if field == "test" and isinstance(holder, (ast.If, ast.IfExp)):
            turned = lambda: ast.UnaryOp(op=ast.Not(), operand=copy.deepcopy(node))
            yield place("invert", ast.unparse(node), turned)
        if isinstance(node, ast.BoolOp):
            for at, operand in enumerate(node.values):
                kept = [value for other, value in enumerate(node.values) if other != at]
                rest = lambda kept=kept: kept[0] if len(kept) == 1 else ast.BoolOp(op=node.op, values=kept)
                yield place("drop-operand", f"{ast.unparse(operand)} of {ast.unparse(node)}", rest)
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in BOUNDARY:
            other = BOUNDARY[type(node.ops[0])]
            changed = lambda: ast.Compare(left=node.left, ops=[other()], comparators=node.comparators)
            yield place("boundary", f"{ast.unparse(node)} with {SYMBOL[other]}", changed)
        if isinstance(node, ast.Call):
            for at, keyword in enumerate(node.keywords):
                if keyword.arg is None:
                    continue
                rest = [other for position, other in enumerate(node.keywords) if position != at]
                call = lambda rest=rest: ast.Call(func=node.func, args=node.args, keywords=rest)
                yield place("drop-argument", f"{keyword.arg} of {ast.unparse(node.func)}", call)

    def walk(holder: ast.AST) -> Iterator[Place]:
        for field, value in ast.iter_fields(holder):
            children = value if isinstance(value, list) else [value]
            for position, node in enumerate(children):
                if not isinstance(node, ast.AST) or is_docstring(node):
                    continue
                index = position if isinstance(value, list) else None
                if judges_nothing(node):
                    continue
                if isinstance(node, ast.stmt):
                    yield from within(node, both(node, holder, field, index))
                elif isinstance(node, ast.expr):
                    yield from expression(node, holder, field, index)
                    yield from walk(node)
                else:
                    yield from walk(node)

    def both(node: ast.stmt, holder: ast.AST, field: str, index: int) -> Iterator[Place]:
        yield from statement(node, holder, field, index)
        # What is put together for an error's text decides nothing.
        if not isinstance(node, ast.Raise):
            yield from walk(node)

    for position, node in enumerate(function.body):
        if not is_docstring(node) and not judges_nothing(node):
            yield from within(node, both(node, function, "body", position))


def enumerate_defects(module: str, source: str, wanted: list[str]) -> list[Defect]:
    """Every single defect in the wanted functions of a module. Raises LookupError where a function is not there."""
    tree = ast.parse(source)
    known = dict(functions(tree))
    found: list[Defect] = []
    times: dict[str, int] = {}
    for qualified in wanted:
        if qualified not in known:
            raise LookupError(f"{module} has no function {qualified}")
        for place in list(places(known[qualified])):
            name = f"{module}:{qualified} {place.kind}: {place.text}"
            times[name] = times.get(name, 0) + 1
            if times[name] > 1:
                name += f" ({times[name]})"
            before = place.swap(ast.fix_missing_locations(place.replacement()))
            found.append(Defect(name, place.kind, ast.unparse(tree), place.lines))
            place.swap(before)
    return found
