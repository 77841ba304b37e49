"""A client of one's own behind the logger, and subscriptions: what type checkers have to accept.

Nobody runs this file. A misuse carries the comment that silences it: a checker that does not find
it reports the comment as unused.
"""
# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_type

from run_logger import create_run, update_params
from run_logger.hasura_logger import HasuraLogger
from run_logger.transport import AsyncSubscription, AsyncTransport, Subscription, Transport

if TYPE_CHECKING:
    from collections.abc import Iterator

    from run_logger_client import Client


class MyClient(Transport):
    """As `run-logger generate` writes it: a typed method for each operation."""

    def my_runs(self, limit: int) -> list[str]:
        """List runs."""
        data = self.send("query my_runs($limit: Int!) …", "my_runs", {"limit": limit})
        return [str(run) for run in data["run"]]

    def my_rows(self) -> Subscription[list[float]]:
        """Follow rows."""
        return self.subscribe("subscription my_rows …", "my_rows", {}, _losses)


class MyAsyncClient(AsyncTransport):
    """The same, as `run-logger generate --async` writes it."""

    async def my_runs(self, limit: int) -> list[str]:
        """List runs."""
        data = await self.send("query my_runs($limit: Int!) …", "my_runs", {"limit": limit})
        return [str(run) for run in data["run"]]

    def my_rows(self) -> AsyncSubscription[list[float]]:
        """Follow rows."""
        return self.subscribe("subscription my_rows …", "my_rows", {}, _losses)


def _losses(data: dict[str, Any]) -> list[float]:
    return [float(row["loss"]) for row in data["run_log"]]


def facade(url: str) -> None:
    """The logger offers the client that it was given, with all its methods."""
    logger = HasuraLogger(url, client=MyClient)
    assert_type(logger, HasuraLogger[MyClient])
    assert_type(logger.client, MyClient)
    assert_type(logger.client.my_runs(3), list[str])
    logger.client.my_runs("3")  # type: ignore[arg-type]
    logger.client.show_run(1)  # type: ignore[attr-defined]
    with logger as entered:
        assert_type(entered.client, MyClient)
    HasuraLogger(url, client=MyAsyncClient)  # type: ignore[type-var]


def record(url: str) -> dict[str, Any]:
    """Such a logger goes wherever another one goes."""
    logger = HasuraLogger(url, client=MyClient)
    params = create_run(logger=logger, config="config.yaml")
    return update_params(logger, params, name="first", lr=0.1)


def follow(client: MyClient, generated: Client) -> Iterator[float]:
    """A subscription is an iterator of what its operation gives."""
    with client.my_rows() as batches:
        for losses in batches:
            assert_type(losses, list[float])
            yield from losses
        assert_type(batches.wait(timeout=1), list[float])
    watch = generated.watch_run(1)
    assert_type(next(watch)[0].status, str | None)


async def follow_in_a_loop(client: MyAsyncClient) -> list[str]:
    """So is one of the asynchronous client."""
    async with client, client.my_rows() as batches:
        async for losses in batches:
            assert_type(losses, list[float])
    return await client.my_runs(3)
