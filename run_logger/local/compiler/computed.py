"""Computed fields: what a function gives for a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from run_logger.local.compiler.function import function_call, function_rows, session_only

if TYPE_CHECKING:
    from collections.abc import Mapping

    from run_logger.local.catalog import Name
    from run_logger.local.compiler.function import FunctionCall
    from run_logger.local.compiler.scope import Scope, Source
    from run_logger.local.model import ComputedField
    from run_logger.local.operation import Argument


def computed_value(
    source: Source, computed: ComputedField, arguments: Mapping[str, Argument], path: str
) -> FunctionCall:
    """Return the value of a computed field for the source's row.

    Args:
        source: The rows.
        computed: The computed field.
        arguments: The field's arguments; those of the function stand under `args`.
        path: Where it stands in the request, for errors.

    Raises:
        HasuraError: An argument that the function needs is missing.
    """
    fixed = session_only(computed.session_argument) | {computed.row_argument: source.row()}
    given = cast("Mapping[str, Argument]", arguments.get("args") or {})
    return function_call(computed.function, fixed, computed.arguments, given, path)


def computed_rows(
    scope: Scope,
    source: Source,
    computed: ComputedField,
    arguments: Mapping[str, Argument],
    path: str,
) -> Source:
    """Bring the rows of a computed field that returns a table into FROM; see `computed_value`."""
    tracked = scope.model.tables[cast("Name", computed.target)]
    return function_rows(scope, tracked, computed_value(source, computed, arguments, path))
