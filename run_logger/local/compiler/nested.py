"""Nested inserts: each object on its own, with what its relationships bring before and after it.

The object relationships whose foreign key is on the row come first and give it columns; then the
row; then what refers to it (array relationships, and object relationships from the other side),
with the row's key filled in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, cast

from run_logger.local.compiler.insertion import Insertion, Insertions, Link
from run_logger.local.compiler.shapes import ShapedWrite, needs_shapes
from run_logger.local.compiler.write import PARENT, Before, Write
from run_logger.local.errors import HasuraError
from run_logger.local.model import ColumnField, Relationship
from run_logger.local.operation import Rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from run_logger.local.catalog import Name
    from run_logger.local.compiler.write import Writer
    from run_logger.local.model import TrackedTable
    from run_logger.local.operation import Argument

    Object = Mapping[str, Argument]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an insert stands.

    Attributes:
        insertions: What compiles it.
        table: The table that it inserts into.
        on_conflict: The `on_conflict` beside it.
        path: Where it stands in the request.
        parent: The row that it hangs on, if any.
    """

    insertions: Insertions
    table: Name
    on_conflict: Argument
    path: str
    parent: Link | None = None

    @property
    def tracked(self) -> TrackedTable:
        """The table under its GraphQL names."""
        return self.insertions.model.tables[self.table]

    @property
    def inherited(self) -> set[str]:
        """The columns that the parent gives, by their names in Postgres."""
        return {here for here, _ in self.parent.columns} if self.parent else set()

    def below(self, step: str) -> Place:
        """Return the place at a further step of the path."""
        return replace(self, path=f"{self.path}{step}")

    def insertion(self, given: Rows | Object, *links: Link) -> Insertion:
        """Return the INSERT of what is given here."""
        parents = (self.parent,) if self.parent else ()
        return Insertion(self.table, given, self.on_conflict, (*links, *parents))


def nested_writes(place: Place, given: Argument, *, keeps_rows: bool) -> Iterable[Writer]:
    """Yield the inserts of what stands at a place: rows together, or each object on its own.

    Args:
        place: Where it stands.
        given: Rows without relationships, objects with them, or one such object.
        keeps_rows: Whether the rows are handed on, and not their number alone.

    Raises:
        HasuraError: A column is given that a related row determines.
    """
    if isinstance(given, Rows):
        yield _rows_write(place, given, keeps_rows=keeps_rows)
        return
    objects = given if isinstance(given, tuple) else (given,)
    for index, item in enumerate(cast("Sequence[Object]", objects)):
        yield _object_write(place.below(f"[{index}]"), item, keeps_row=keeps_rows)


def _rows_write(place: Place, rows: Rows, *, keeps_rows: bool) -> Writer:
    _check_columns(place.below("[0]"), rows.columns)
    if needs_shapes(place.tracked, rows):
        compiled = partial(_shape_write, place, keeps_rows=keeps_rows)
        return ShapedWrite(place.table, rows.index, compiled, place.path)
    return _shape_write(place, rows, keeps_rows=keeps_rows)


def _shape_write(place: Place, rows: Rows, *, keeps_rows: bool) -> Writer:
    return place.insertions.write(place.insertion(rows), place.path, keeps_rows=keeps_rows)


def _object_write(place: Place, given: Object, *, keeps_row: bool) -> Write:
    _check_object(place, given)
    before = tuple(_writes_before(place, given))
    after = tuple(_writes_after(place, given))
    links = [Link(item.parameter, item.write.table, item.relationship.columns) for item in before]
    write = place.insertions.write(
        place.insertion(_cells(place, given), *links),
        place.path,
        keeps_rows=keeps_row or bool(after),
    )
    return replace(write, before=before, after=after)


def _cells(place: Place, given: Object) -> Object:
    fields = place.tracked.inserts.fields
    return {name: value for name, value in given.items() if isinstance(fields[name], ColumnField)}


def _relationships(place: Place, given: Object) -> Iterable[tuple[Relationship, Object]]:
    """Yield the relationships that the object gives rows for, with what it gives."""
    for name, value in given.items():
        item = place.tracked.inserts.fields[name]
        if isinstance(item, Relationship) and value is not None:
            yield item, cast("Object", value)


def _writes_before(place: Place, given: Object) -> Iterable[Before]:
    for number, (relationship, insert) in enumerate(_relationships(place, given)):
        if relationship.parent_first:
            continue
        path = f"{place.path}.{relationship.name}"
        inner = Place(
            place.insertions, relationship.target, insert.get("on_conflict"), f"{path}.data"
        )
        data = insert["data"]
        write = (
            _rows_write(inner, data, keeps_rows=True)
            if isinstance(data, Rows)
            else _object_write(inner, cast("Object", data), keeps_row=True)
        )
        yield Before(relationship, f"related{number}", write, path)


def _writes_after(place: Place, given: Object) -> Iterable[Writer]:
    for relationship, insert in _relationships(place, given):
        if not relationship.parent_first:
            continue
        columns = tuple((there, here) for here, there in relationship.columns)
        inner = Place(
            place.insertions,
            relationship.target,
            insert.get("on_conflict"),
            f"{place.path}.{relationship.name}.data",
            parent=Link(PARENT, place.table, columns),
        )
        yield from nested_writes(inner, insert["data"], keeps_rows=False)


def _check_object(place: Place, given: Object) -> None:
    _check_columns(place, given)
    fields = [place.tracked.inserts.fields[name] for name in given]
    determined = {item.column.name for item in fields if isinstance(item, ColumnField)}
    determined |= place.inherited
    for relationship, _ in _relationships(place, given):
        clash = [here for here, _ in relationship.columns if here in determined]
        if clash and not relationship.parent_first:
            raise HasuraError(
                f'cannot insert object relationship "{relationship.name}"'  # noqa: S608, a message
                f" as {_listed(clash)} column values are already determined",
                "validation-failed",
                f"{place.path}.{relationship.name}",
            )


def _check_columns(place: Place, names: Iterable[str]) -> None:
    fields = [place.tracked.inserts.fields[name] for name in names]
    columns = [item.column.name for item in fields if isinstance(item, ColumnField)]
    clash = [name for name in columns if name in place.inherited]
    if clash:
        raise HasuraError(
            f"cannot insert {_listed(clash)} columns"  # noqa: S608, a message
            " as their values are already being determined by parent insert",
            "validation-failed",
            place.path,
        )


def _listed(columns: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)
