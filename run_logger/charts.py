"""Charts of runs: a Vega or Vega-Lite specification with the logs put into it, as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

from run_logger.errors import ConfigError
from run_logger.json_objects import as_object, is_list, is_object

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["PictureFormat", "draw_chart", "with_rows"]

PictureFormat = Literal["png", "svg"]

# How specifications for run-logger 0.1 named the place of the logs.
_OLD_PLACE = {"data": "data"}
_PIXELS_PER_UNIT = 2.0


def with_rows(spec: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Put rows of log where a specification takes its data.

    Args:
        spec: A Vega or Vega-Lite specification. A data source in it that has the name `data` and
            no values of its own gets the rows, and so does one that is `{"data": "data"}`; other
            data sources stay as they are.
        rows: The rows, one mapping a row.

    Returns:
        The specification with `values` in place; `spec` itself is not changed.
    """
    return cast("dict[str, Any]", _filled(spec, [dict(row) for row in rows]))


def draw_chart(spec: Mapping[str, Any], picture: PictureFormat) -> bytes:
    """Draw a specification whose data are in it.

    Args:
        spec: A Vega or Vega-Lite specification; `$schema` says which (without one: Vega-Lite).
        picture: What to draw.

    Returns:
        The bytes of the picture; a PNG has two pixels for each unit of the specification.

    Raises:
        ConfigError: The specification cannot be drawn, or vl-convert is not installed.
    """
    try:
        import vl_convert  # noqa: PLC0415  only whoever draws needs it
    except ImportError as error:
        raise ConfigError(
            "drawing charts needs the package vl-convert-python",
            remedy="Install it: pip install 'run-logger[charts]'.",
        ) from error
    language = "vega" if "/vega/" in str(spec.get("$schema", "")) else "vegalite"
    draw = getattr(vl_convert, f"{language}_to_{picture}")
    options: dict[str, Any] = {"scale": _PIXELS_PER_UNIT} if picture == "png" else {}
    try:
        # A specification is a stranger's: it may not fetch anything.
        drawn: bytes | str = draw(dict(spec), allowed_base_urls=[], **options)
    except ValueError as error:
        raise ConfigError(f"the chart cannot be drawn: {error}") from error
    return drawn.encode() if isinstance(drawn, str) else drawn


def _filled(value: Any, rows: list[dict[str, Any]]) -> Any:
    if is_object(value):
        return {key: _filled_member(key, member, rows) for key, member in value.items()}
    if is_list(value):
        return [_filled(item, rows) for item in value]
    return value


def _filled_member(key: str, member: Any, rows: list[dict[str, Any]]) -> Any:
    if key != "data":
        return _filled(member, rows)
    if is_list(member):
        return [_filled_source(source, rows) for source in member]
    return _filled_source(member, rows)


def _filled_source(source: Any, rows: list[dict[str, Any]]) -> Any:
    members = as_object(source)
    has_values = members.keys() & {"values", "url", "source"}
    if members == _OLD_PLACE:
        return {"name": "data", "values": rows}
    if members.get("name") == "data" and not has_values:
        return {**members, "values": rows}
    return source
