"""Changes to generated modules, as functions from syntax tree to syntax tree."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


_CLASS_DOCSTRING = "The operations of the queries: a typed method for each."


def client_module(module: ast.Module, docstrings: Mapping[str, str]) -> ast.Module:
    """Rewrite the client's methods: `send` and `parse` of the transport, and docstrings.

    The generated `execute` and `get_data` become one `send`, which leaves `execute` to the users,
    and `Model.model_validate(data)` becomes `parse`, which knows what to say of an answer that does
    not fit.

    Args:
        module: The module with the client's class.
        docstrings: The text of each method's docstring, by the method's name.
    """
    for class_def in _classes(module):
        class_def.body.insert(0, ast.Expr(ast.Constant(_CLASS_DOCSTRING)))
    for method in _methods(module):
        method.args.kwarg = None
        method.body = [_sent(stmt) for stmt in method.body if not _assigns(stmt, "data")]
        _ParseCalls().visit(method)
        if method.name in docstrings:
            method.body.insert(0, _docstring(docstrings[method.name]))
    module.body = [stmt for stmt in module.body if not _defines(stmt, "gql")]
    return ast.fix_missing_locations(module)


def operations_module(operations: Mapping[str, str]) -> str:
    """Return the code of the module that holds the operations' texts, a constant each.

    Args:
        operations: The text of each operation, by the constant's name.
    """
    texts = {
        name: text.strip().replace("\\", r"\\").replace('"""', r"\"\"\"")
        for name, text in operations.items()
    }
    exported = f"__all__ = {sorted(texts)!r}"
    return "\n\n".join([exported, *(f'{name} = """\n{text}\n"""' for name, text in texts.items())])


def alias_shadowed_imports(module: ast.Module) -> ast.Module:
    """Import under another name what a name of a class body in this module would hide.

    In the body of a class, `date: Optional[date] = None` reads the name that it has just bound.
    """
    bound = {name for class_def in _classes(module) for name in _bound_names(class_def)}
    aliases = {
        alias.name: f"{alias.name}_type"
        for alias in _imported(module)
        if alias.name in bound and alias.asname is None
    }
    if aliases:
        _Aliases(aliases).visit(module)
    return ast.fix_missing_locations(module)


def keep_inherited_references(module: ast.Module) -> ast.Module:
    """Mark imports from the fragments that no line reads as meant: `from .fragments import X as X`.

    A class resolves the quoted annotations that it inherits from a fragment in its own module.
    """
    read = {node.id for node in ast.walk(module) if isinstance(node, ast.Name)}
    for stmt in module.body:
        if isinstance(stmt, ast.ImportFrom) and stmt.module == "fragments":
            for alias in stmt.names:
                alias.asname = None if alias.name in read else alias.name
    return module


def hide_lazy_hooks(module: ast.Module) -> ast.Module:
    """Put `__getattr__` and `__dir__` of a package under `if not TYPE_CHECKING`."""
    hooks: list[ast.stmt] = [stmt for stmt in module.body if isinstance(stmt, ast.FunctionDef)]
    if not hooks:
        return module
    guard = ast.If(test=ast.parse("not TYPE_CHECKING", mode="eval").body, body=hooks, orelse=[])
    others = [stmt for stmt in module.body if not isinstance(stmt, ast.FunctionDef)]
    module.body = [*others, guard]
    return ast.fix_missing_locations(module)


def declare_model_config(module: ast.Module) -> ast.Module:
    """Annotate `model_config` as a class variable, which strict type checkers ask for."""
    found = False
    for class_def in _classes(module):
        for index, stmt in enumerate(class_def.body):
            if isinstance(stmt, ast.Assign) and _assigns(stmt, "model_config"):
                annotation = ast.parse("ClassVar[ConfigDict]", mode="eval").body
                target = ast.Name("model_config", ast.Store())
                class_def.body[index] = ast.AnnAssign(target, annotation, stmt.value, simple=1)
                found = True
    if found:
        module.body.insert(0, ast.ImportFrom("typing", [ast.alias("ClassVar")], 0))
    return ast.fix_missing_locations(module)


def _classes(module: ast.Module) -> Iterator[ast.ClassDef]:
    return (stmt for stmt in module.body if isinstance(stmt, ast.ClassDef))


def _methods(module: ast.Module) -> Iterator[ast.FunctionDef]:
    for class_def in _classes(module):
        yield from (stmt for stmt in class_def.body if isinstance(stmt, ast.FunctionDef))


def _imported(module: ast.Module) -> Iterator[ast.alias]:
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom):
            yield from node.names


def _bound_names(class_def: ast.ClassDef) -> Iterator[str]:
    for stmt in class_def.body:
        if isinstance(stmt, ast.FunctionDef):
            yield stmt.name
        if isinstance(stmt, ast.AnnAssign) and isinstance(stmt.target, ast.Name):
            yield stmt.target.id


def _assigns(stmt: ast.stmt, name: str) -> bool:
    return isinstance(stmt, ast.Assign) and any(
        isinstance(target, ast.Name) and target.id == name for target in stmt.targets
    )


def _defines(stmt: ast.stmt, name: str) -> bool:
    return isinstance(stmt, ast.FunctionDef) and stmt.name == name


def _docstring(text: str) -> ast.Expr:
    indented = text.replace("\n", "\n        ").replace("\n        \n", "\n\n")
    closing = "\n        " if "\n" in text else ""
    return ast.Expr(ast.Constant(indented + closing))


def _sent(stmt: ast.stmt) -> ast.stmt:
    """Turn `response = self.execute(query=…)` into `data = self.send(…)`."""
    if not (isinstance(stmt, ast.Assign) and isinstance(stmt.value, ast.Call)):
        return stmt
    if ast.unparse(stmt.value.func) != "self.execute":
        return stmt
    given = {keyword.arg: keyword.value for keyword in stmt.value.keywords}
    arguments = [given["query"], given["operation_name"], given["variables"]]
    call = ast.Call(ast.parse("self.send", mode="eval").body, arguments, [])
    return ast.Assign([ast.Name("data", ast.Store())], call)


class _ParseCalls(ast.NodeTransformer):
    """`Model.model_validate(data)` becomes `self.parse(Model, data)`."""

    def visit_Call(self, node: ast.Call) -> ast.Call:
        if isinstance(node.func, ast.Attribute) and node.func.attr == "model_validate":
            parse = ast.parse("self.parse", mode="eval").body
            return ast.Call(parse, [node.func.value, *node.args], [])
        return node


class _Aliases(ast.NodeTransformer):
    """Rename imported names, where they are imported and wherever they are read."""

    def __init__(self, aliases: Mapping[str, str]) -> None:
        self._aliases = aliases

    def visit_alias(self, node: ast.alias) -> ast.alias:
        return ast.alias(node.name, self._aliases.get(node.name, node.asname))

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self._aliases.get(node.id, node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        self._rename_quoted(node.annotation)
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        # The target is the field that took the name: it keeps it.
        self._rename_quoted(node.annotation)
        self.visit(node.annotation)
        if node.value:
            self.visit(node.value)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self._rename_quoted(node.returns)
        return self.generic_visit(node)

    def _rename_quoted(self, annotation: ast.expr | None) -> None:
        for node in ast.walk(annotation) if annotation else ():
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                node.value = self._aliases.get(node.value, node.value)
