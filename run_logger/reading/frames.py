"""The logs of runs as a table, for any library that reads Arrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from run_logger.errors import ConfigError
from run_logger.json_objects import as_object
from run_logger.reading.rows import log_pages

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pyarrow as pa
    from run_logger_client import Client
    from run_logger_client.logs_page import LogsPageRunLog

# The columns that say whose a row is; a key of this name gets a trailing underscore.
_OWN = ("run_id", "logged_at")
_INT64 = range(-(2**63), 2**63)


def logs(client: Client, run_ids: Iterable[int], keys: Sequence[str] | None = None) -> Logs:
    """Return what runs logged, to be read as a table.

        logs(client, [12], keys=["step", "loss"]).arrow().to_pandas()
        polars.DataFrame(logs(client, [12, 13]))     # as any library that takes Arrow

    Args:
        client: The typed client.
        run_ids: The runs; their rows come in this order, and in the order of arrival of each.
        keys: Only these keys of what was logged; None for all.

    Returns:
        The logs; nothing is read yet.
    """
    return Logs(client, tuple(run_ids), None if keys is None else tuple(keys))


class Logs:
    """The logs of some runs, which are read whenever they are made into a table.

    A row for each row of log, a column for each key of any row, in the order in which they came.
    The columns `run_id` and `logged_at` come first; a key of one of these names is a column with a
    trailing underscore. Numbers, truth values and texts have columns of their types; nested values
    are JSON text, and so are all values of a column whose values are of several sorts.

    Args:
        client: The typed client.
        run_ids: The runs.
        keys: The keys to read; None for all.
    """

    def __init__(
        self, client: Client, run_ids: tuple[int, ...], keys: tuple[str, ...] | None
    ) -> None:
        self._client = client
        self._run_ids = run_ids
        self._keys = keys

    def __repr__(self) -> str:
        """Show the runs and the keys."""
        return f"Logs(run_ids={list(self._run_ids)}, keys={self._keys})"

    def arrow(self) -> pa.Table:
        """Read the rows, a page at a time, each made into columns before the next is read.

        Returns:
            The table. It holds some eight bytes for a number; of the JSON, one page is held.

        Raises:
            ConfigError: The package pyarrow is not installed.
            RunLoggerError: The endpoint does not answer as it should.
        """
        arrow = _pyarrow()
        # The empty page gives the columns their types where there are no rows.
        pages = [_page(arrow, 0, [], self._keys)]
        pages += [
            _page(arrow, run_id, page, self._keys)
            for run_id in self._run_ids
            for page in log_pages(self._client, run_id)
        ]
        names = dict.fromkeys(self._columns(pages))
        table: pa.Table = arrow.table({name: _column(arrow, name, pages) for name in names})
        return table

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Give the rows to a library that reads Arrow, as Arrow's PyCapsule interface has it."""
        table: Any = self.arrow()
        return table.__arrow_c_stream__(requested_schema)

    def _columns(self, pages: list[pa.Table]) -> Iterator[str]:
        yield from _OWN
        if self._keys is not None:
            yield from map(_name, self._keys)
            return
        for page in pages:
            yield from page.column_names


def _pyarrow() -> Any:
    try:
        import pyarrow as pa  # noqa: PLC0415  (heavy, and only for this)
    except ImportError as error:
        raise ConfigError(
            "logs as a table need the package pyarrow",
            remedy="Install it: pip install 'run-logger[frames]'.",
        ) from error
    return pa


def _name(key: str) -> str:
    return f"{key}_" if key.rstrip("_") in _OWN else key


def _page(
    arrow: Any, run_id: int, rows: list[LogsPageRunLog], keys: tuple[str, ...] | None
) -> pa.Table:
    """Return a page as a table: a column has the type that holds its values in this page."""
    logged = [as_object(row.log) for row in rows]
    wanted = dict.fromkeys(key for row in logged for key in row) if keys is None else keys
    table: pa.Table = arrow.table(
        {
            "run_id": arrow.array([run_id] * len(rows), arrow.int64()),
            "logged_at": arrow.array([row.logged_at for row in rows], arrow.timestamp("us", "UTC")),
            **{_name(key): _array(arrow, [row.get(key) for row in logged]) for key in wanted},
        }
    )
    return table


def _array(arrow: Any, values: list[Any]) -> Any:
    sorts = {_sort(value) for value in values} - {"null"}
    if not sorts:
        return arrow.nulls(len(values))
    if sorts == {"int"}:
        return arrow.array(values, arrow.int64())
    if sorts <= {"int", "float"}:
        return arrow.array(
            [None if value is None else float(value) for value in values], arrow.float64()
        )
    if sorts == {"bool"}:
        return arrow.array(values, arrow.bool_())
    return arrow.array([_text(value) for value in values], arrow.string())


def _sort(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, int) and not isinstance(value, bool):
        return "int" if value in _INT64 else "float"
    return type(value).__name__


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else orjson.dumps(value).decode()


def _column(arrow: Any, name: str, pages: list[pa.Table]) -> Any:
    """Return one column of all pages, of the type that holds the values of each."""
    parts = [
        page[name] if name in page.column_names else arrow.nulls(page.num_rows) for page in pages
    ]
    types = {part.type for part in parts} - {arrow.null()}
    if len(types) > 1:
        wide = arrow.float64() if types == {arrow.int64(), arrow.float64()} else arrow.string()
    else:
        wide = next(iter(types), arrow.null())
    chunks = [chunk for part in parts for chunk in _chunks(part)]
    return arrow.chunked_array([_as_type(arrow, chunk, wide) for chunk in chunks], wide)


def _chunks(part: Any) -> list[Any]:
    return list(part.chunks) if hasattr(part, "chunks") else [part]


def _as_type(arrow: Any, array: Any, type_: Any) -> Any:
    if type_ == arrow.string() and array.type not in (type_, arrow.null()):
        return arrow.array([_text(value) for value in array.to_pylist()], type_)
    return array.cast(type_)
