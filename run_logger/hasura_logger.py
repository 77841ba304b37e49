"""The logger: creates a run at a Hasura endpoint and records what it gives out.

What httpx, pydantic and the generated client need is imported when it is first used: `import
run_logger` is to cost a training script next to nothing.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Generic, Union, cast
from uuid import UUID, uuid4

from run_logger.connection import Connection
from run_logger.delivery.lifecycle.recording import Recording
from run_logger.delivery.storage.closed import JournalClosedError
from run_logger.errors import ConfigError, without_secrets
from run_logger.jsonify import jsonify
from run_logger.logger import Logger
from run_logger.notebook import ShownInNotebooks
from run_logger.switches import is_off

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType
    from typing import Literal, Self

    from run_logger_client import Client, chart_insert_input
    from typing_extensions import TypeVar

    from run_logger.delivery.journal.identity import WriterIdentity
    from run_logger.delivery.lifecycle.writer import Stats
    from run_logger.provenance import Capture
    from run_logger.sweeps.pruning import Pruner
    from run_logger.transport import Document, Transport

    # jedi completes by the bound and not by the default: hence the union.
    # A function that takes any logger takes HasuraLogger[Transport]: hence the covariance.
    ClientT_co = TypeVar(
        "ClientT_co",
        bound=Union[Client, Transport],  # noqa: UP007  (read by jedi)
        default=Client,
        covariant=True,
    )
else:
    from typing import TypeVar

    ClientT_co = TypeVar("ClientT_co", covariant=True)

    def __getattr__(name: str) -> Any:
        """Import the generated client when it is asked for: httpx and pydantic take their time."""
        if name == "Client":
            from run_logger_client import Client  # noqa: PLC0415

            return Client
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["Client", "HasuraLogger", "jsonify"]

DEFAULT_INTERVAL = 0.1
"""Seconds between two deliveries where no debounce_time is given."""

DEFAULT_TIMEOUT = 30.0
"""Seconds to wait for each step of a request."""

# The client is imported when it is used. It is no union with None, which jedi does not see through.
_THE_LIBRARYS: type[Client] = cast("type[Client]", None)


class HasuraLogger(Logger, ShownInNotebooks, Generic[ClientT_co]):
    """Records one run: its metadata, charts, log and blobs.

    What is recorded is written to a journal on disk and delivered from there in the background.
    A server that is away neither stops nor slows the run; `create_run` alone waits for it. Whoever
    forgets `finish` loses nothing: it is called when the process ends.

    Args:
        graphql_endpoint: The URL of Hasura's GraphQL API, such as `https://host/v1/graphql`.
        seed: Decides, with the run's place in it, what a run of a random sweep draws.
        _run_id: The id of an existing run to go on with, instead of `create_run`.
        debounce_time: The least time between two deliveries, in seconds; 0 means 100 ms.
        run_key: The key of the run. Loggers with the same key write the same run: whoever comes
            first creates it, the others join. By default `RUN_LOGGER_RUN_KEY`, else a new one.
        offline: Whether to record on disk alone, without a server; `run-logger sync` delivers it
            later. By default what `RUN_LOGGER_OFFLINE` says (1 for yes).
        durable: What a record outlives once its call has returned: the "process", or a loss of
            "power" too, for which each call waits for the disk.
        on_full: Where neither the disk nor the memory has room: "drop" records, which are counted,
            or "block" until there is room.
        adopt: Whether to deliver, when idle, what dead processes have left in the same directory.
        capture: What of the run's provenance is stored in its metadata, under `provenance`: all
            (True), nothing (False), or switches such as `{"git_diff": False}`. By default what
            `RUN_LOGGER_CAPTURE` says, else all.
        system_metrics: Whether to log, under keys that begin with `system/`, how busy the machine
            is, or the seconds between two such rows (True: 15). By default what
            `RUN_LOGGER_SYSTEM_METRICS` says, else not.
        headers: Further headers of every request; they win over those of the environment.
        timeout: Seconds to wait for each step of a request.
        client: The class of the client to offer as `client`: your own generated one, say.

    Raises:
        ConfigError: The run key is no UUID, or the client is asynchronous.
    """

    def __init__(  # noqa: PLR0913  (four of them are version 0.1's, the others by keyword only)
        self,
        graphql_endpoint: str,
        seed: int = 0,
        _run_id: int | None = None,
        debounce_time: float = 0,
        *,
        run_key: UUID | str | None = None,
        offline: bool | None = None,
        durable: Literal["process", "power"] = "process",
        on_full: Literal["drop", "block"] = "drop",
        adopt: bool = True,
        capture: Capture | bool | None = None,
        system_metrics: bool | float | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        client: type[ClientT_co] = _THE_LIBRARYS,  # type: ignore[assignment]  # mypy's issue 3737
    ) -> None:
        self.graphql_endpoint = graphql_endpoint
        self.seed = seed
        self.debounce_time = debounce_time
        by_default = not is_off(os.environ.get("RUN_LOGGER_OFFLINE", ""))
        self.offline: bool = by_default if offline is None else offline
        self._connection = Connection(graphql_endpoint, headers, timeout, _synchronous(client))
        self._beside = capture, system_metrics
        self._options = {
            "interval": debounce_time or DEFAULT_INTERVAL,
            "durable": durable,
            "on_full": on_full,
            "adopt": adopt,
        }
        self._recording = self._record_of(_key_of_run(_run_id, run_key), _run_id)
        self._pruner: Pruner | None = None

    def __repr__(self) -> str:
        """Show the endpoint without its secrets, and the run."""
        endpoint = without_secrets(self.graphql_endpoint)
        return f"{type(self).__name__}({endpoint!r}, run_id={self.run_id})"

    def __enter__(self) -> Self:
        """Return the logger itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Finish: as "failed" if an exception leaves the block, "killed" if a signal came."""
        if self._recording.current() is not None:
            from run_logger.delivery.lifecycle.ending import ending  # noqa: PLC0415

            self._recording.finish(*ending.outcome(error))

    @property
    def run_id(self) -> int | None:
        """The run's id in the database; None before `create_run`, and offline."""
        return self._recording.run_id

    @property
    def run_key(self) -> UUID | None:
        """The run's key, known from the start; None for a run that is joined by its id."""
        return self._recording.run_key

    @property
    def client(self) -> ClientT_co:
        """The client of this endpoint: a typed method for each of its operations."""
        return self._connection.offered

    def execute(
        self, query: str | Document, variable_values: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Run any query or mutation at the endpoint.

        Args:
            query: Its text, or the document that `gql(…)` makes of it.
            variable_values: The variables by name; values become JSON as by `jsonify`.

        Returns:
            The `data` of the answer.

        Raises:
            RunLoggerError: The endpoint cannot be reached or refuses the query.
        """
        return self.client.execute(query, variable_values=variable_values)

    def create_run(
        self,
        metadata: Any,
        charts: Sequence[Mapping[str, Any]] | None = None,
        sweep_id: int | None = None,
    ) -> dict[str, Any] | None:
        """Create a run, and wait until the server has it.

        A second call begins another run, with a key of its own.

        Args:
            metadata: What is known of the run: any value that `jsonify` takes; None counts as {}.
            charts: Vega or Vega-Lite specifications, stored in this order.
            sweep_id: The sweep that the run belongs to.

        Returns:
            The parameters that the sweep gives to the run; None without a sweep.

        Raises:
            SweepError: The sweep does not exist, is archived, has nothing to choose from, or has no
                runs left.
            RunLoggerError: The server cannot be reached or refuses the run.
            TypeError: The metadata or a chart has no JSON form; the message names the path.
        """
        from run_logger.delivery.lifecycle.companions import Beside  # noqa: PLC0415

        if sweep_id is not None and self.offline:
            raise ConfigError(
                f"sweep_id={sweep_id} needs the server, and this logger is offline",
                remedy="Only the server can give out the points of a sweep: record online.",
            )
        beside = Beside.chosen(*self._beside, os.environ)
        if self._recording.is_started:
            self.finish()
            self._recording = self._record_of(uuid4(), None)
        given = _metadata_of(metadata), [jsonify(chart) for chart in charts or ()]
        identity = self._recording.first_identity()
        parameters = None if self.offline else self._create(*given, sweep_id, identity)
        writer = self._recording.begin(identity, given if self.offline else None)
        try:
            beside.begin(writer, given[0])
        except ConfigError:
            self.finish("failed")
            raise
        return parameters

    def log(self, /, **log: Any) -> None:
        """Add a row to the run's log; it outlives the process when this returns.

        Args:
            log: The row: any values that `jsonify` takes.

        Raises:
            NotStartedError: `create_run` has not been called.
            TypeError: A value has no JSON form; the message names its path.
        """
        try:
            self._recording.journal.log(log)
        except JournalClosedError:
            self._recording.again("log", lambda journal: journal.log(log))

    def blob(self, blob: bytes | str, metadata: Any) -> None:
        r"""Store something large, such as an image.

        Args:
            blob: Bytes, or a text that Postgres reads as bytea: `\x` and hex digits, or plain text.
            metadata: What is known of it: any value that `jsonify` takes.

        Raises:
            NotStartedError: `create_run` has not been called.
            TypeError: The metadata has no JSON form; the message names the path.
        """
        try:
            self._recording.journal.blob(blob, metadata)
        except JournalClosedError:
            self._recording.again("blob", lambda journal: journal.blob(blob, metadata))

    def update_metadata(self, metadata: Any) -> None:
        """Merge keys into the run's metadata; a key that is there already gets the new value.

        Args:
            metadata: A mapping, or what `jsonify` makes a mapping of, such as a dataclass.

        Raises:
            NotStartedError: `create_run` has not been called.
            TypeError: It is no mapping, or a value has no JSON form; the message names its path.
        """
        try:
            self._recording.journal.metadata(metadata)
        except JournalClosedError:
            self._recording.again("update_metadata", lambda journal: journal.metadata(metadata))

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until everything that was recorded so far is in the database or set aside.

        Args:
            timeout: The longest wait in seconds; None waits for as long as it takes.

        Returns:
            Whether it is.
        """
        writer = self._recording.current()
        return writer is None or writer.flush(timeout)

    def finish(self, outcome: str = "finished") -> None:
        """Record how the run ended, and deliver what is left, for a bounded time.

        What cannot be delivered by then stays in the journal, and the last message says where.
        A record after this opens a new journal.

        Args:
            outcome: "finished", "failed" or "killed".
        """
        self._recording.finish(outcome, None)

    def should_stop(self, step: float) -> bool:
        """Tell whether the run does so much worse than others of its sweep that it should end.

        What counts is the last value that the run logged of the metric that its sweep names. It
        should end where its best such value so far is worse than the median of what at least
        five other runs had reached by this step, having asked then too. A run that ends for this
        reason ends as any other; `stopped_at` in its metadata says at which step.

        It waits until the server has what was logged, at most some seconds; ask once an epoch
        rather than once a step. Without a sweep, a metric or a server, no run should end.

        Args:
            step: How far the run is, in a unit that all runs of the sweep share.

        Raises:
            NotStartedError: `create_run` has not been called.
        """
        from run_logger.sweeps.pruning import Pruner  # noqa: PLC0415

        if self.offline:
            return False
        if self._pruner is None or self._pruner.run_id != self.run_id:
            self._pruner = Pruner(self, self._connection)
        return self._pruner.should_stop(step)

    def stats(self) -> Stats:
        """Return how many records were accepted, delivered, are waiting, or were refused."""
        return self._recording.stats()

    def _shown_runs(self) -> tuple[Client, Sequence[int]] | None:
        return None if self.run_id is None else (self._connection.own, [self.run_id])

    def _create(
        self, metadata: Any, charts: Sequence[Any], sweep_id: int | None, writer: WriterIdentity
    ) -> dict[str, Any] | None:
        """Create the run or join it, and return its parameters if it is one of a sweep."""
        from run_logger.delivery.sending.creation import (  # noqa: PLC0415
            LoneRun,
            NewRun,
            create_or_join,
            patiently,
        )

        assert self.run_key is not None  # noqa: S101  (only a run that is joined by id has none)
        new_run = NewRun(
            self.run_key,
            metadata,
            _chart_inputs(charts),
            sweep_id,
            writer,
            is_announced=str(self.run_key) == os.environ.get("RUN_LOGGER_RUN_KEY"),
        )
        client = self._connection.own
        run = create_or_join(client, new_run)
        self._recording.run_id = run.id
        if isinstance(run, LoneRun):
            self._recording.writer_id = run.writer_id
            return None
        if run.sweep is None:
            return None
        from run_logger.sweeps.assignment import begin_run, parameters_of_run  # noqa: PLC0415

        if run.agent is not None and run.begun_by is None:
            patiently(lambda: begin_run(client, run.id, new_run))
        return patiently(lambda: parameters_of_run(client, run, self.seed))

    def _record_of(self, run_key: UUID | None, run_id: int | None) -> Recording:
        return Recording(self._connection, run_key, run_id, self._options, offline=self.offline)


def _synchronous(client: type[ClientT_co]) -> type[ClientT_co]:
    if hasattr(client, "__aenter__"):
        raise ConfigError(
            f"{client.__name__} is asynchronous, and the logger waits for its answers",
            remedy="Give the client that run-logger generate --sync writes.",
        )
    return client


def _chart_inputs(specs: Sequence[Any]) -> list[chart_insert_input]:
    if not specs:
        return []  # the inputs take their time to import
    from run_logger_client import chart_insert_input  # noqa: PLC0415

    return [chart_insert_input(spec=spec, order=order) for order, spec in enumerate(specs)]


def _metadata_of(given: Any) -> Any:
    nothing: dict[str, Any] = {}
    return nothing if given is None else jsonify(given)


def _key_of_run(run_id: int | None, given: UUID | str | None) -> UUID | None:
    if run_id is not None:
        return None
    key = given or os.environ.get("RUN_LOGGER_RUN_KEY") or uuid4()
    try:
        return UUID(str(key))
    except ValueError as error:
        raise ConfigError(
            f"the run key {key!r} is no UUID", remedy="Make one with uuid.uuid4()."
        ) from error
