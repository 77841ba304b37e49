"""What Python type stands for each scalar of a Hasura schema.

Hasura names a scalar after its Postgres type; a value comes as Postgres writes it in JSON, and
any type but json and jsonb takes its text form as input.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from graphql import GraphQLScalarType, is_specified_scalar_type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import GraphQLSchema

    from run_logger.codegen.imports import Imports


class Scalar(NamedTuple):
    """The Python types of a scalar.

    Attributes:
        read: The dotted name of the type of what comes, for pydantic.
        given: Dotted names of the types that may be sent.
        send: The dotted name of the function that readies a value to be sent, if one is needed.
    """

    read: str
    given: tuple[str, ...]
    send: str | None = None


def _same(dotted: str) -> Scalar:
    return Scalar(dotted, (dotted,))


_SEND = "run_logger.wire.send_"
_FLOAT = Scalar("float", ("float",), f"{_SEND}float")
JSON = _same("typing.Any")

_TEXT = (
    *("bit", "bpchar", "char", "cidr", "circle", "citext", "inet", "jsonpath", "line", "lquery"),
    *("lseg", "ltree", "ltxtquery", "macaddr", "macaddr8", "money", "name", "path", "pg_lsn"),
    *("point", "polygon", "box", "regclass", "regproc", "regtype", "text", "tsquery", "tsvector"),
    *("varbit", "varchar", "xml", "vector", "halfvec", "sparsevec", "int4range", "int8range"),
    *("numrange", "tsrange", "tstzrange", "daterange", "int4multirange", "int8multirange"),
    *("nummultirange", "tsmultirange", "tstzmultirange", "datemultirange"),
)

SCALARS: dict[str, Scalar] = {
    **dict.fromkeys(_TEXT, _same("str")),
    **dict.fromkeys(["bigint", "smallint", "oid", "xid", "xid8", "cid"], _same("int")),
    **dict.fromkeys(["float8", "float4"], _FLOAT),
    **dict.fromkeys(["json", "jsonb", "hstore", "geometry", "geography", "raster"], JSON),
    "numeric": Scalar(
        "run_logger.scalars.Numeric", ("decimal.Decimal", "float"), f"{_SEND}numeric"
    ),
    "uuid": _same("uuid.UUID"),
    "date": _same("datetime.date"),
    "time": _same("datetime.time"),
    "timetz": Scalar("run_logger.scalars.Timetz", ("datetime.time",)),
    "timestamp": Scalar("pydantic.NaiveDatetime", ("datetime.datetime",), f"{_SEND}timestamp"),
    "timestamptz": Scalar("pydantic.AwareDatetime", ("datetime.datetime",), f"{_SEND}timestamptz"),
    "interval": Scalar("run_logger.scalars.Interval", ("datetime.timedelta",), f"{_SEND}interval"),
    "bytea": Scalar("run_logger.scalars.Bytea", ("bytes",), f"{_SEND}bytea"),
}
"""What is known of the scalars of Postgres and of its usual extensions."""

_GRAPHQL = {"String": "str", "ID": "str", "Int": "int", "Float": "float", "Boolean": "bool"}

# What an array's name has for its elements, where the scalar of one is called otherwise.
_ELEMENTS = {"int2": "smallint", "int8": "bigint", "int4": "Int", "bool": "Boolean"}


class Scalars:
    """The scalars of one schema.

    Args:
        overrides: The user's own, which win over the known ones.

    Attributes:
        unknown: The scalars that were asked for and are not known, which are JSON to Python.
    """

    def __init__(self, overrides: Mapping[str, Scalar]) -> None:
        self._overrides = overrides
        self.unknown: set[str] = set()

    def read(self, name: str, imports: Imports) -> str:
        """Return the annotation of what comes for a scalar."""
        array = self._array(name)
        if array:
            return f"{imports.name('list')}[{self._optional(self.read(array, imports), imports)}]"
        return imports.name(self._known(name).read)

    def given(self, name: str, imports: Imports) -> str:
        """Return the annotation of what may be sent for a scalar."""
        array = self._array(name)
        if array:
            items = self._optional(self.given(array, imports), imports)
            return f"{imports.name('collections.abc.Sequence')}[{items}]"
        types = imports.names(*self._known(name).given)
        return (
            types[0] if len(types) == 1 else f"{imports.name('typing.Union')}[{', '.join(types)}]"
        )

    def send(self, name: str) -> str | None:
        """Return the dotted name of what readies a value, None for a value that goes as it is."""
        return self._known(self._array(name) or name).send

    def is_exact(self, name: str) -> bool:
        """Return whether a scalar's numbers have more digits than a float keeps."""
        return self._known(self._array(name) or name).read == SCALARS["numeric"].read

    @property
    def senders(self) -> set[str]:
        """The names of all functions that ready values."""
        known = [*SCALARS.values(), *self._overrides.values()]
        return {scalar.send.rpartition(".")[2] for scalar in known if scalar.send}

    def _optional(self, annotation: str, imports: Imports) -> str:
        if annotation == imports.name("typing.Any"):
            return annotation
        return f"{imports.name('typing.Optional')}[{annotation}]"

    def _array(self, name: str) -> str | None:
        """Return the scalar of the elements if this is one of an array: "_text" is of text."""
        element = name.removeprefix("_")
        element = _ELEMENTS.get(element, element)
        known = element in _GRAPHQL or element in SCALARS or element in self._overrides
        return element if name.startswith("_") and known and name not in self._overrides else None

    def _known(self, name: str) -> Scalar:
        if name in self._overrides:
            return self._overrides[name]
        if name in _GRAPHQL:
            return _same(_GRAPHQL[name])
        if name not in SCALARS:
            self.unknown.add(name)
        return SCALARS.get(name, JSON)


def custom_scalars(schema: GraphQLSchema) -> list[str]:
    """Return the names of the schema's scalars beyond GraphQL's own, sorted."""
    return sorted(
        name
        for name, type_ in schema.type_map.items()
        if isinstance(type_, GraphQLScalarType) and not is_specified_scalar_type(type_)
    )
