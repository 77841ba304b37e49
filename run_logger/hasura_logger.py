"""The logger: creates a run at a Hasura endpoint and records what it gives out.

What httpx, pydantic and the generated client need is imported when it is first used: `import
run_logger` is to cost a training script next to nothing.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Generic, Union
from uuid import UUID, uuid4

from run_logger.errors import ConfigError, NotStartedError, without_secrets
from run_logger.jsonify import jsonify

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType
    from typing import Self

    from run_logger_client import Client
    from typing_extensions import TypeVar

    from run_logger.delivery.identity import WriterIdentity
    from run_logger.delivery.writer import Stats, Writer
    from run_logger.transport import Document, Transport

    # jedi completes by the bound and not by the default: hence the union.
    ClientT = TypeVar("ClientT", bound=Union[Client, Transport], default=Client)  # noqa: UP007
else:
    from typing import TypeVar

    ClientT = TypeVar("ClientT")

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


class HasuraLogger(Generic[ClientT]):
    """Records one run: its metadata, charts, log and blobs.

    What is recorded is written to a journal on disk and delivered from there in the background.
    A server that is away neither stops nor slows the run; `create_run` alone waits for it.

    Args:
        graphql_endpoint: The URL of Hasura's GraphQL API, such as `https://host/v1/graphql`.
        seed: Decides, with the run's place in it, what a run of a random sweep draws.
        _run_id: The id of an existing run to go on with, instead of `create_run`.
        debounce_time: The least time between two deliveries, in seconds; 0 means 100 ms.
        run_key: The key of the run. Loggers with the same key write the same run: whoever comes
            first creates it, the others join. By default `RUN_LOGGER_RUN_KEY`, else a new one.
        headers: Further headers of every request; they win over those of the environment.
        timeout: Seconds to wait for each step of a request.
        client: The class of the client to offer as `client`: your own generated one, say.

    Raises:
        ConfigError: The run key is no UUID.
    """

    def __init__(  # noqa: PLR0913  (four of them are version 0.1's, the others by keyword only)
        self,
        graphql_endpoint: str,
        seed: int = 0,
        _run_id: int | None = None,
        debounce_time: float = 0,
        *,
        run_key: UUID | str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        client: type[ClientT] | None = None,
    ) -> None:
        self.graphql_endpoint = graphql_endpoint
        self.seed = seed
        self.debounce_time = debounce_time
        self._run_id = _run_id
        self._run_key = _key_of_run(_run_id, run_key)
        self._headers = headers
        self._timeout = timeout
        self._client_class = client
        self._clients: tuple[ClientT, Client] | None = None
        self._writer: Writer | None = None
        self._last_stats: Stats | None = None

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
        """Finish: as "failed" if an exception leaves the block."""
        from run_logger.delivery.writer import outcome_of  # noqa: PLC0415

        self._finish(*outcome_of(error))

    @property
    def run_id(self) -> int | None:
        """The run's id in the database; None before `create_run`."""
        return self._run_id

    @property
    def run_key(self) -> UUID | None:
        """The run's key, known from the start; None for a run that is joined by its id."""
        return self._run_key

    @property
    def client(self) -> ClientT:
        """The client of this endpoint: a typed method for each of its operations."""
        return self._connected()[0]

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
            SweepError: The sweep does not exist, has nothing to choose from, or has no runs left.
            RunLoggerError: The server cannot be reached or refuses the run.
            TypeError: The metadata or a chart has no JSON form; the message names the path.
        """
        from run_logger_client import chart_insert_input  # noqa: PLC0415

        from run_logger.delivery.creation import NewRun, create_or_join  # noqa: PLC0415
        from run_logger.delivery.identity import WriterIdentity  # noqa: PLC0415
        from run_logger.sweep import sweep_parameters  # noqa: PLC0415

        if self._run_id is not None or self._run_key is None:
            self.finish()
            self._run_key = uuid4()
        writer = WriterIdentity.of_this_process()
        new_run = NewRun(
            self._run_key,
            {} if metadata is None else jsonify(metadata),
            [chart_insert_input(spec=jsonify(c), order=i) for i, c in enumerate(charts or ())],
            sweep_id,
            writer,
        )
        run = create_or_join(self._connected()[1], new_run)
        self._run_id = run.id
        self._writer = self._open_writer(run.id, writer)
        if run.sweep is None or run.sweep_index is None:
            return None
        return sweep_parameters(run.sweep, run.sweep_index, self.seed)

    def log(self, /, **log: Any) -> None:
        """Add a row to the run's log; it outlives the process when this returns.

        Args:
            log: The row: any values that `jsonify` takes.

        Raises:
            NotStartedError: `create_run` has not been called.
            TypeError: A value has no JSON form; the message names its path.
        """
        (self._writer or self._started("log")).journal.log(log)

    def blob(self, blob: bytes | str, metadata: Any) -> None:
        r"""Store something large, such as an image.

        Args:
            blob: Bytes, or a text that Postgres reads as bytea: `\x` and hex digits, or plain text.
            metadata: What is known of it: any value that `jsonify` takes.

        Raises:
            NotStartedError: `create_run` has not been called.
            TypeError: The metadata has no JSON form; the message names the path.
        """
        (self._writer or self._started("blob")).journal.blob(blob, metadata)

    def update_metadata(self, metadata: Any) -> None:
        """Merge keys into the run's metadata; a key that is there already gets the new value.

        Args:
            metadata: A mapping, or what `jsonify` makes a mapping of, such as a dataclass.

        Raises:
            NotStartedError: `create_run` has not been called.
            TypeError: It is no mapping, or a value has no JSON form; the message names its path.
        """
        (self._writer or self._started("update_metadata")).journal.metadata(metadata)

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until everything that was recorded so far is in the database or set aside.

        Args:
            timeout: The longest wait in seconds; None waits for as long as it takes.

        Returns:
            Whether it is.
        """
        return self._writer is None or self._writer.flush(timeout)

    def finish(self, outcome: str = "finished") -> None:
        """Record how the run ended, and deliver what is left, for a bounded time.

        What cannot be delivered by then stays in the journal, and the last message says where.
        A record after this opens a new journal.

        Args:
            outcome: "finished", "failed" or "killed".
        """
        self._finish(outcome, None)

    def stats(self) -> Stats:
        """Return how many records were accepted, delivered, are waiting, or were refused."""
        from run_logger.delivery.writer import Stats  # noqa: PLC0415

        if self._writer is not None:
            return self._writer.stats()
        return self._last_stats or Stats(0, 0, 0, {})

    def _finish(self, outcome: str, error: str | None) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            self._last_stats = writer.finish(outcome, error)

    def _connected(self) -> tuple[ClientT, Client]:
        """Return the client to offer and the library's own, over one pool of connections."""
        if self._clients is None:
            self._clients = self._connect()
        return self._clients

    def _connect(self) -> tuple[Any, Client]:
        from run_logger_client import Client  # noqa: PLC0415

        from run_logger.transport import ConnectionPool  # noqa: PLC0415

        pool = ConnectionPool(self._timeout)
        own = Client(self.graphql_endpoint, headers=self._headers, pool=pool)
        if self._client_class is None:
            return own, own
        return self._client_class(self.graphql_endpoint, headers=self._headers, pool=pool), own

    def _started(self, call: str) -> Writer:
        """Return the writer of a run that is joined by id, or goes on after `finish`."""
        if self._run_id is None:
            raise NotStartedError(f"{call} called before create_run")
        from run_logger.delivery.identity import WriterIdentity  # noqa: PLC0415

        self._writer = self._open_writer(self._run_id, WriterIdentity.of_this_process())
        return self._writer

    def _open_writer(self, run_id: int, writer: WriterIdentity) -> Writer:
        from importlib.metadata import version  # noqa: PLC0415

        from run_logger.delivery.journal import Header  # noqa: PLC0415
        from run_logger.delivery.writer import Writer  # noqa: PLC0415

        client = self._connected()[1]
        header = Header(client.endpoint, self.run_key, run_id, writer, version("run-logger"))
        return Writer(client, header, self.debounce_time or DEFAULT_INTERVAL)


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
