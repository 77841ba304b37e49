"""Uses of the logger that type checkers have to accept; nobody runs this file."""
# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from typing import Any, assert_type

from run_logger_client import Client
from run_logger_client.run_parameters import RunParametersRunByPk

from run_logger.hasura_logger import Client as ExportedClient
from run_logger.hasura_logger import HasuraLogger, jsonify
from run_logger.transport import Transport


class Own(Transport):
    """A client that a user generated from their own endpoint."""

    def nothing(self) -> None:
        """Do nothing."""


def record(url: str) -> None:
    """A logger is used as in version 0.1."""
    with HasuraLogger(url, seed=1, debounce_time=1) as logger:
        parameters = logger.create_run(metadata={"a": 1}, charts=[{"mark": "line"}], sweep_id=3)
        assert_type(parameters, dict[str, Any] | None)
        logger.log(step=1, loss=0.5)
        logger.blob(b"\x00", metadata={})
        logger.update_metadata({"b": jsonify(2)})
        assert_type(logger.run_id, int | None)
        logger.log(1)  # type: ignore[call-arg]


def clients(url: str) -> None:
    """The client is the library's own, typed, unless another one is given."""
    logger = HasuraLogger(url)
    assert_type(logger.client, Client)
    assert_type(logger.client.run_parameters(1), RunParametersRunByPk | None)
    exported: type[Client] = ExportedClient
    exported(url)
    own = HasuraLogger(url, client=Own)
    assert_type(own.client, Own)
    own.client.nothing()
