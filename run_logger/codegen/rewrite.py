"""Changes to the modules of answers, as functions from syntax tree to syntax tree."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, cast

from run_logger.codegen.imports import Imports

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from run_logger.codegen.scalars import Scalars

SCALAR = "Scalar__"
"""What stands before the name of a scalar where ariadne-codegen writes an annotation."""

ENUM = "Enum__"
"""What stands before the name of an enum there."""

_COPIED = {
    "BaseModel": "The base of the classes of answers.",
    "UnsetType": 'The type of the value that stands for "not given".',
}


def field_value(python: str, key: str, *, optional: bool) -> ast.expr | None:
    """Return what a field of a model is set to: its key, and None where it may be missing."""
    if python == key:
        return ast.Constant(None) if optional else None
    default = [ast.keyword("default", ast.Constant(None))] if optional else []
    keywords = [ast.keyword("alias", ast.Constant(key)), *default]
    return ast.Call(ast.Name("Field", ast.Load()), [], keywords)


def without(annotation: ast.expr, names: Collection[str]) -> ast.expr:
    """Return an annotation without these quoted classes among those of its unions."""
    return cast("ast.expr", _Without(names).visit(annotation))


class _Without(ast.NodeTransformer):
    """Unions without some of their quoted classes; what has one class left is no union."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = names

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        self.generic_visit(node)
        if not isinstance(node.slice, ast.Tuple):
            return node
        kept = [item for item in node.slice.elts if _quoted(item) not in self._names]
        node.slice = ast.Tuple(kept, ast.Load())
        return kept[0] if len(kept) == 1 else node


def _quoted(node: ast.expr) -> str:
    return ast.unparse(node).strip("\"'")


def describe(class_def: ast.ClassDef, texts: Mapping[str, str]) -> None:
    """Put docstrings into a class: its own, and one below each field that has a description.

    Args:
        class_def: The class; it is changed.
        texts: The class's under "", and those of its fields by their Python names.
    """
    if not any(isinstance(stmt, ast.AnnAssign) for stmt in class_def.body):
        return  # ariadne-codegen makes an alias of it: the class of a fragment under another name
    body: list[ast.stmt] = [_text(texts[""])] if "" in texts else []
    for stmt in class_def.body:
        body.append(stmt)
        if isinstance(stmt, ast.AnnAssign) and isinstance(stmt.target, ast.Name):
            description = texts.get(stmt.target.id)
            body += [_text(description)] if description else []
    class_def.body = body


def _text(description: str) -> ast.Expr:
    return ast.Expr(ast.Constant(description))


def typed(module: ast.Module, scalars: Scalars, enums: Mapping[str, str]) -> ast.Module:
    """Write the Python types of scalars and enums into the classes of a module.

    Imports get another name where a field has theirs: in the body of a class,
    `date: Optional[date] = None` reads the name that it has just bound.

    Args:
        module: The module; its annotations name scalars as `Scalar__uuid`.
        scalars: The types of the scalars.
        enums: The Python names of enums by the schema's.
    """
    bound = {name for class_def in _classes(module) for name in _bound_names(class_def)}
    taken = bound | {class_def.name for class_def in _classes(module)}
    imports = Imports(taken)
    kept: list[ast.stmt] = []
    renamed: dict[str, str] = {}
    for stmt in module.body:
        if not isinstance(stmt, ast.ImportFrom) or stmt.module == "fragments":
            kept.append(stmt)
            continue
        for alias in stmt.names:
            is_enum = alias.name.startswith(ENUM)
            python = enums[alias.name.removeprefix(ENUM)] if is_enum else alias.name
            renamed[alias.name] = imports.name(f"{'.' * stmt.level}{stmt.module}.{python}")
    module.body = kept
    _Types(scalars, imports, renamed).visit(module)
    module.body = [*ast.parse("\n".join(imports.lines())).body, *kept]
    return ast.fix_missing_locations(module)


class _Types(ast.NodeTransformer):
    """Names of scalars become their types, and imported names what they are imported as."""

    def __init__(self, scalars: Scalars, imports: Imports, renamed: Mapping[str, str]) -> None:
        self._scalars = scalars
        self._imports = imports
        self._renamed = renamed

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        # The target is the field that took the name: it keeps it.
        node.annotation = self.visit(node.annotation)
        if node.value:
            node.value = self.visit(node.value)
        return node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id.startswith(SCALAR):
            name = node.id.removeprefix(SCALAR)
            return ast.parse(self._scalars.read(name, self._imports), mode="eval").body
        node.id = self._renamed.get(node.id, node.id)
        return node


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


def describe_base(module: ast.Module) -> ast.Module:
    """Put docstrings into the classes that ariadne-codegen copies into a package without any."""
    for class_def in _classes(module):
        if class_def.name in _COPIED:
            class_def.body.insert(0, _text(_COPIED[class_def.name]))
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


def _bound_names(class_def: ast.ClassDef) -> Iterator[str]:
    for stmt in class_def.body:
        if isinstance(stmt, ast.AnnAssign) and isinstance(stmt.target, ast.Name):
            yield stmt.target.id


def _assigns(stmt: ast.Assign, name: str) -> bool:
    return any(isinstance(target, ast.Name) and target.id == name for target in stmt.targets)
