"""The formats that a log is exported in; no export holds all rows in memory."""

from __future__ import annotations

import csv
import io
import tempfile
from contextlib import contextmanager
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson

from run_logger.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    Row = dict[str, Any]

_ROWS_OF_A_GROUP = 10_000
_BYTES_IN_MEMORY = 16 * 2**20
_TEXT = "text"
_INT64 = range(-(2**63), 2**63)


class LogFormat(StrEnum):
    """A format of an export."""

    jsonl = "jsonl"
    csv = "csv"
    parquet = "parquet"


def write_rows(format_: LogFormat, rows: Iterable[Row], file: BinaryIO) -> None:
    """Write rows of log to a file.

    JSON Lines have each row as it was logged. A table has a column for each key of any row, in the
    order in which the keys came; a nested value in a cell is JSON text, and so is every value of a
    Parquet column whose values are of several sorts.

    Args:
        format_: The format.
        rows: The rows, read once.
        file: Where to write.

    Raises:
        ConfigError: The package that Parquet needs is not installed.
    """
    _WRITERS[format_](rows, file)


def _write_jsonl(rows: Iterable[Row], file: BinaryIO) -> None:
    file.writelines(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)


def _write_csv(rows: Iterable[Row], file: BinaryIO) -> None:
    with _spooled(rows) as spool:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        writer = csv.DictWriter(text, list(spool.kinds), lineterminator="\n")
        writer.writeheader()
        for row in spool.rows():
            writer.writerow({key: _cell(value) for key, value in row.items()})
        text.flush()
        text.detach()


def _write_parquet(rows: Iterable[Row], file: BinaryIO) -> None:
    try:
        import pyarrow as pa  # noqa: PLC0415  heavy, and only for this format
        import pyarrow.parquet as pq  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError(
            "Parquet needs the package pyarrow",
            remedy="Install it: pip install 'run-logger[frames]'.",
        ) from error
    with _spooled(rows) as spool:
        types = spool.types()
        arrow: dict[str, pa.DataType] = {
            "int": pa.int64(),
            "float": pa.float64(),
            "bool": pa.bool_(),
            _TEXT: pa.string(),
        }
        schema = pa.schema([pa.field(key, arrow[type_]) for key, type_ in types.items()])
        with pq.ParquetWriter(file, schema) as writer:
            typed = (_typed(row, types) for row in spool.rows())
            while group := list(islice(typed, _ROWS_OF_A_GROUP)):
                writer.write_table(pa.Table.from_pylist(group, schema=schema))


class _Spool:
    """Rows on disk, with the sorts of values that each key has."""

    def __init__(self, rows: Iterable[Row], file: tempfile.SpooledTemporaryFile[bytes]) -> None:
        self.kinds: dict[str, set[str]] = {}
        self._file = file
        for row in rows:
            for key, value in row.items():
                self.kinds.setdefault(key, set()).add(_kind(value))
            file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))

    def types(self) -> dict[str, str]:
        """Return the sort of value that holds all values of each key: text holds any."""
        return {key: _type_of(kinds - {"NoneType"}) for key, kinds in self.kinds.items()}

    def rows(self) -> Iterator[Row]:
        """Read the rows again."""
        self._file.seek(0)
        for line in self._file:
            yield orjson.loads(line)


@contextmanager
def _spooled(rows: Iterable[Row]) -> Generator[_Spool]:
    with tempfile.SpooledTemporaryFile(_BYTES_IN_MEMORY) as file:
        yield _Spool(rows, file)


def _kind(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and value not in _INT64:
        return "float"
    return type(value).__name__


def _cell(value: Any) -> Any:
    """Return a value as a cell of text shows it."""
    if value is None or isinstance(value, str):
        return value
    return orjson.dumps(value).decode()


def _type_of(kinds: set[str]) -> str:
    if kinds in ({"int"}, {"bool"}):
        return kinds.pop()
    return "float" if kinds and kinds <= {"int", "float"} else _TEXT


def _typed(row: Row, types: dict[str, str]) -> Row:
    """Return a row whose values are of the sorts of their columns."""
    return {key: _as_sort(types[key], value) for key, value in row.items()}


def _as_sort(sort: str, value: Any) -> Any:
    if value is None:
        return None
    if sort == "float":
        return float(value)
    return _cell(value) if sort == _TEXT else value


_WRITERS: dict[LogFormat, Callable[[Iterable[Row], BinaryIO], None]] = {
    LogFormat.jsonl: _write_jsonl,
    LogFormat.csv: _write_csv,
    LogFormat.parquet: _write_parquet,
}
