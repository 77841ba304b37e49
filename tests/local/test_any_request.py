"""Whatever is asked, the answer is one of Hasura's; requests are made at random from the schema.

pytest tests/local/test_any_request.py                                  a few hundred
pytest tests/local/test_any_request.py --hypothesis-profile thousands   twenty thousand
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import psycopg
import pytest
from graphql import build_client_schema, get_introspection_query
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from run_logger.local.auth import Session
from run_logger.local.engine import Engine
from run_logger.local.errors import HasuraError
from run_logger.local.migrations import migrate
from tests.local.made_requests import filled, made_requests, made_shapes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from graphql import GraphQLSchema

    from run_logger.local.postgres import Postgres

_ADMIN = Session(role="admin", variables={})
_PROJECT = Path(__file__).parent / "library"
_LEFT_OPEN = """
    SELECT state, query FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'
"""
_THOROUGH = settings(settings.default, deadline=None, suppress_health_check=list(HealthCheck))
# It is the same every time.
_QUICK = settings(_THOROUGH, max_examples=200, derandomize=True, phases=(Phase.generate,))
_SETTINGS = _THOROUGH if settings.get_current_profile_name() == "thousands" else _QUICK


@pytest.fixture(scope="module")
def database(postgres: Postgres) -> str:
    """A library of this module's own: the requests write into it, and delete from it."""
    dsn = postgres.create_database()
    migrate(dsn, _PROJECT)
    return dsn


@pytest.fixture(scope="module")
def engine(database: str) -> Iterator[tuple[Engine, asyncio.Runner]]:
    with asyncio.Runner() as runner:
        opened = runner.run(Engine.open(database, _PROJECT))
        yield opened, runner
        runner.run(opened.close())


@pytest.fixture(scope="module")
def schema(engine: tuple[Engine, asyncio.Runner]) -> GraphQLSchema:
    opened, runner = engine
    request = {"query": get_introspection_query()}
    return build_client_schema(orjson.loads(runner.run(opened.execute(request, _ADMIN)))["data"])


async def _answer(engine: Engine, request: dict[str, Any]) -> dict[str, Any]:
    try:
        return dict(orjson.loads(await engine.execute(request, _ADMIN)))
    except HasuraError as error:
        return error.as_graphql()


def _is_of_hasura(answer: dict[str, Any]) -> bool:
    """Tell whether an error has Hasura's shape, and says what it is about if Postgres made it."""
    extensions = answer["extensions"]
    if extensions["code"] == "unexpected" and not extensions["internal"]["error"]["status_code"]:
        return False
    return bool(answer["message"]) and extensions["path"].startswith("$")


@_SETTINGS
@given(data=st.data())
def test_every_answer_is_data_or_an_error_of_hasura(
    engine: tuple[Engine, asyncio.Runner], schema: GraphQLSchema, data: st.DataObject
) -> None:
    opened, runner = engine
    request = data.draw(made_requests(schema))
    answer = runner.run(_answer(opened, request))
    assert set(answer) == {"data"} or _is_of_hasura(answer), answer


@_SETTINGS
@given(data=st.data())
def test_what_a_value_says_is_no_part_of_the_sql(
    engine: tuple[Engine, asyncio.Runner], schema: GraphQLSchema, data: st.DataObject
) -> None:
    opened, runner = engine
    shape = data.draw(made_shapes(schema, faults=False))
    once, again = data.draw(filled(shape)), data.draw(filled(shape))
    try:
        operations = [runner.run(opened.prepare(item, _ADMIN)).operation for item in (once, again)]
    except HasuraError:
        return
    # The statements are compiled from the operation, in which no value stands.
    assert operations[0] == operations[1]


def test_no_statement_and_no_transaction_is_left_open(
    engine: tuple[Engine, asyncio.Runner], schema: GraphQLSchema, database: str
) -> None:
    opened, runner = engine

    @settings(_SETTINGS, max_examples=50, derandomize=True)
    @given(request=made_requests(schema))
    def ask(request: dict[str, Any]) -> None:
        with suppress(HasuraError):
            runner.run(opened.execute(request, _ADMIN))

    ask()
    with psycopg.connect(database) as connection:
        assert connection.execute(_LEFT_OPEN).fetchall() == []
