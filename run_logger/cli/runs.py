"""`run-logger runs`: find runs, look at one, put them in order."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from run_logger.cli.ages import age
from run_logger.cli.charts import draw
from run_logger.cli.endpoint import DEFAULT_ENDPOINT, Endpoint, connect
from run_logger.cli.metadata import name_of, parameters_of, short, sources_of, tags_of
from run_logger.cli.output import AsJson, console, print_json, print_table
from run_logger.errors import ConfigError, RunNotFoundError

if TYPE_CHECKING:
    from run_logger_client.fragments import RunSummary
    from run_logger_client.input_types import run_bool_exp
    from run_logger_client.show_run import ShowRunRunByPk

app: typer.Typer = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Find runs, look at one, put them in order.",
)
app.command("charts")(draw)

RunId = Annotated[int, typer.Argument(metavar="RUN", help="The id of a run.")]
RunIds = Annotated[list[int], typer.Argument(metavar="RUN...", help="The ids of runs.")]


@app.command("list")
def list_(
    where: Annotated[
        list[str] | None,
        typer.Option("--where", "-w", metavar="KEY=VALUE", help="Only with this parameter."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Only of this name.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="Only with this tag.")] = None,
    sweep: Annotated[int | None, typer.Option(help="Only of this sweep.")] = None,
    *,
    archived: Annotated[
        bool, typer.Option("--archived", help="Those that are archived, instead.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 20,
    skip: Annotated[int, typer.Option(min=0, help="Skip so many of the newest.")] = 0,
    as_json: AsJson = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
) -> None:
    """List runs, the newest first.

    Examples:
        run-logger runs list
        run-logger runs list --where lr=0.1 --where optimizer=adam --limit 100
        run-logger runs list --sweep 3 --json
    """
    from run_logger_client.enums import order_by  # noqa: PLC0415  as in `connect`
    from run_logger_client.input_types import run_order_by  # noqa: PLC0415

    runs = connect(endpoint).list_runs(
        where=_filter(where or [], name, tag or [], sweep, archived=archived),
        order_by=[run_order_by(id=order_by.desc)],
        limit=limit,
        offset=skip,
    )
    if as_json:
        print_json([_as_json(run) for run in runs])
        return
    columns = ("run", "name", "status", "created", "sweep", "parameters", "tags")
    print_table(columns, [_row(run) for run in runs])


@app.command()
def show(run: RunId, as_json: AsJson = False, endpoint: Endpoint = DEFAULT_ENDPOINT) -> None:
    """Show a run: its parameters with the source of each, its writers, charts, blobs and logs.

    Examples:
        run-logger runs show 12
        run-logger runs show 12 --json
    """
    found = connect(endpoint).show_run(run)
    if found is None:
        raise _no_run(run, endpoint)
    if as_json:
        print_json(_as_json(found))
        return
    _print_head(found)
    _print_parameters(found.metadata)
    _print_writers(found)


@app.command()
def archive(
    runs: RunIds,
    undo: Annotated[bool, typer.Option("--undo", help="Bring them back instead.")] = False,
    as_json: AsJson = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
) -> None:
    """Archive runs: lists leave them out, and nothing of them is deleted.

    Examples:
        run-logger runs archive 12 13
        run-logger runs archive 12 --undo
    """
    answer = connect(endpoint).archive_runs(runs, archived=not undo)
    done = {row.id for row in answer.returning} if answer else set[int]()
    _report("restored" if undo else "archived", runs, done, endpoint, as_json=as_json)


@app.command()
def tag(
    run: RunId,
    tags: Annotated[list[str], typer.Argument(metavar="TAG...")],
    remove: Annotated[bool, typer.Option("--remove", help="Take them away instead.")] = False,
    as_json: AsJson = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
) -> None:
    """Tag a run; `runs list --tag` finds it again.

    Examples:
        run-logger runs tag 12 baseline
        run-logger runs tag 12 baseline --remove
    """
    client = connect(endpoint)
    found = client.show_run(run)
    if found is None:
        raise _no_run(run, endpoint)
    kept = [item for item in tags_of(found.metadata) if item not in tags]
    now = kept if remove else [*kept, *dict.fromkeys(tags)]
    client.append_metadata(run, {"tags": now})
    if as_json:
        print_json({"run": run, "tags": now})
    else:
        console().print(f"run {run}: {', '.join(now) or 'no tags'}")


@app.command()
def note(
    run: RunId,
    text: Annotated[str, typer.Argument(help='What to note; "" takes the note away.')],
    as_json: AsJson = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
) -> None:
    """Write a note on a run; `runs show` prints it.

    Example:
        run-logger runs note 12 "diverged after the learning rate was raised"
    """
    client = connect(endpoint)
    changed = (
        client.append_metadata(run, {"note": text}).append
        if text
        else client.delete_metadata_key(run, "note")
    )
    if changed is None:
        raise _no_run(run, endpoint)
    if as_json:
        print_json({"run": run, "note": text or None})
    else:
        console().print(f"run {run}: noted" if text else f"run {run}: no note")


@app.command()
def delete(
    runs: RunIds,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
) -> None:
    """Delete runs with their logs, blobs and charts, for good. Needs the admin secret.

    Examples:
        run-logger runs delete 12
        run-logger runs delete 12 13 --yes
    """
    client = connect(endpoint)
    rows = client.count_logs(runs).aggregate
    if not yes:
        _confirm(runs, rows.count if rows else 0)
    answer = client.delete_runs(runs).delete_run
    done = {row.id for row in answer.returning} if answer else set[int]()
    _report("deleted", runs, done, endpoint, as_json=as_json)


def _filter(
    where: list[str], name: str | None, tags: list[str], sweep: int | None, *, archived: bool
) -> run_bool_exp:
    from run_logger_client.input_types import (  # noqa: PLC0415  as in `connect`
        Boolean_comparison_exp,
        Int_comparison_exp,
        jsonb_comparison_exp,
        run_bool_exp,
    )

    pattern: dict[str, Any] = {}
    if where:
        pattern["parameters"] = dict(_pair(text) for text in where)
    if name is not None:
        pattern["name"] = name
    if tags:
        pattern["tags"] = tags
    parts = [run_bool_exp(archived=Boolean_comparison_exp(_eq=archived))]
    if pattern:
        parts.append(run_bool_exp(metadata=jsonb_comparison_exp(_contains=pattern)))
    if sweep is not None:
        parts.append(run_bool_exp(sweep_id=Int_comparison_exp(_eq=sweep)))
    return run_bool_exp(_and=parts)


def _pair(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals:
        raise ConfigError(
            f"--where {text!r} is no KEY=VALUE", remedy="Write it like --where lr=0.1."
        )
    try:
        return key, orjson.loads(value)
    except orjson.JSONDecodeError:
        return key, value


def _row(run: RunSummary) -> tuple[str, ...]:
    parameters = parameters_of(run.metadata)
    return (
        str(run.id),
        name_of(run.metadata),
        run.status or "",
        age(run.created_at),
        "" if run.sweep_id is None else f"{run.sweep_id}",
        " ".join(f"{key}={short(value)}" for key, value in parameters.items()),
        ", ".join(tags_of(run.metadata)),
    )


def _as_json(run: RunSummary | ShowRunRunByPk) -> dict[str, Any]:
    return run.model_dump(mode="json")


def _print_head(run: ShowRunRunByPk) -> None:
    logs = run.run_logs_aggregate.aggregate
    for label, value in _head(run, logs.count if logs else 0):
        if value:
            console().print(f"[bold]{label:<9}[/] ", end="")
            console().print(value, markup=False)


def _head(run: ShowRunRunByPk, logs: int) -> Iterator[tuple[str, str]]:
    metadata: dict[str, Any] = run.metadata or {}
    yield "run", f"{run.id} {name_of(metadata)}"
    yield "key", str(run.key)
    yield "status", (run.status or "") + (" (archived)" if run.archived else "")
    yield "created", run.created_at.isoformat(" ", "seconds") if run.created_at else ""
    yield "sweep", "" if run.sweep_id is None else f"{run.sweep_id}, its run {run.sweep_index}"
    yield "retry of", str(run.retry_of or "")
    yield "tags", ", ".join(tags_of(metadata))
    yield "note", short(metadata.get("note", ""))
    yield "logs", f"{logs} rows"
    yield "charts", ", ".join(chart.name or f"#{chart.order}" for chart in run.charts)
    yield "blobs", ", ".join(f"{blob.id}: {short(blob.metadata)}" for blob in run.run_blobs)


def _print_parameters(metadata: Any) -> None:
    sources = sources_of(metadata)
    rows = [
        (key, short(value), short(sources.get(key, "")))
        for key, value in parameters_of(metadata).items()
    ]
    if rows:
        print_table(("parameter", "value", "source"), rows)


def _print_writers(run: ShowRunRunByPk) -> None:
    rows = [
        (
            str(writer.id),
            writer.host or "",
            short(writer.pid),
            writer.outcome or "",
            age(writer.heartbeat_at),
            writer.error or "",
        )
        for writer in run.writers
    ]
    if rows:
        print_table(("writer", "host", "process", "outcome", "last heard of", "error"), rows)


def _no_run(run: int, endpoint: str) -> RunNotFoundError:
    return RunNotFoundError(f"there is no run {run}", endpoint=endpoint)


def _confirm(runs: list[int], rows: int) -> None:
    what = f"{len(runs)} run{'s' * (len(runs) > 1)} with {rows} rows of log"
    if not sys.stdin.isatty():
        raise ConfigError(
            f"this would delete {what}", remedy="Give --yes where nobody can be asked."
        )
    typer.confirm(f"Delete {what}, for good?", abort=True)


def _report(verb: str, runs: list[int], done: set[int], endpoint: str, *, as_json: bool) -> None:
    """Say what was done, and fail if a run was not there."""
    if as_json:
        print_json({verb: sorted(done)})
    elif done:
        console().print(f"{verb}: {', '.join(str(run) for run in sorted(done))}")
    for run in runs:
        if run not in done:
            raise _no_run(run, endpoint)
