"""A schema and operations whose names are Python's, pydantic's, the generator's or each other's."""

from __future__ import annotations

import asyncio
import importlib
import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import orjson
import pytest
from graphql import build_schema

from run_logger.codegen.checking import check_import, check_types
from run_logger.codegen.package import Options, generate_package
from run_logger.transport import AsyncConnectionPool, ConnectionPool
from tests.codegen.big_schema import big_schema
from tests.codegen.table_operations import count_of, table_operations

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Path(__file__).parent / "data"
PACKAGES = ["hard", "hard_async", "tables"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the packages: for the hard names twice, and for tables written by rule."""
    directory = tmp_path_factory.mktemp("generated")
    schema, queries = DATA / "hard_names.graphql", directory / "queries"
    queries.mkdir()
    (queries / "all.graphql").write_bytes((DATA / "hard_names_queries.graphql").read_bytes())
    work = directory / "work"
    work.mkdir()
    generate_package(schema, queries, "hard", work)
    generate_package(schema, queries, "hard_async", work, Options(asynchronous=True))
    sdl = big_schema(2)
    (directory / "tables.graphql").write_text(sdl)
    (directory / "by_rule").mkdir()
    (directory / "by_rule" / "all.graphql").write_text(table_operations(build_schema(sdl)))
    generate_package(directory / "tables.graphql", directory / "by_rule", "tables", work)
    return work


@pytest.fixture(scope="module")
def hard(folder: Path) -> Iterator[Any]:
    sys.path.insert(0, str(folder))
    yield importlib.import_module("hard")
    sys.path.remove(str(folder))


def client(package: Any, data: object, sent: list[Any] | None = None) -> Any:
    def handle(request: httpx.Request) -> httpx.Response:
        if sent is not None:
            sent.append(orjson.loads(request.content))
        return httpx.Response(200, json={"data": data})

    pool = ConnectionPool(transport=httpx.MockTransport(handle))
    return package.Client("http://hasura.test/v1/graphql", pool=pool)


@pytest.mark.parametrize("name", PACKAGES)
def test_every_module_is_imported_and_every_model_built(folder: Path, name: str) -> None:
    check_import(folder / name)


@pytest.mark.parametrize("name", PACKAGES)
def test_mypy_accepts_every_package_strictly(folder: Path, name: str) -> None:
    assert check_types(folder / name) == "mypy"


def test_pyright_accepts_the_packages_strictly(folder: Path) -> None:
    settings = {"include": PACKAGES, "typeCheckingMode": "strict", "pythonVersion": "3.11"}
    (folder / "pyrightconfig.json").write_bytes(orjson.dumps(settings))
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "--warnings"]
    checked = subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder)
    assert checked.returncode == 0, checked.stdout
    assert "No source files" not in checked.stdout


def test_ten_operations_and_more_are_written_for_a_table() -> None:
    assert count_of(table_operations(build_schema(big_schema(1)))) >= 10


def test_operations_that_differ_by_case_have_a_method_each(hard: Any) -> None:
    rows = {"visit": [{"id": 1}]}
    assert client(hard, rows).a_()[0].id == 1
    assert client(hard, {"visit": [{"_id": 2}]}).a()[0].id__ == 2


@pytest.mark.parametrize(
    ("method", "sent_as"),
    [("client", "client"), ("execute_", "execute"), ("send_", "send"), ("list_", "list")],
)
def test_an_operation_may_be_called_like_a_part_of_the_client(
    hard: Any, method: str, sent_as: str
) -> None:
    sent: list[Any] = []
    data: dict[str, object] = {"class": 1}
    if sent_as in {"client", "list"}:
        data = {"visit": []}
    getattr(client(hard, data, sent), method)()
    assert sent[0]["operationName"] == sent_as


def test_variables_may_be_called_like_what_a_method_uses(hard: Any) -> None:
    sent: list[Any] = []
    answer = dict.fromkeys("bdefghi") | {"class": 1, "field": None, "a": [], "c": []}
    client(hard, answer, sent).args(
        self__=[],
        query=1,
        data_={"x": 1},
        parse_=b"\x01",
        UNSET_=Decimal("1.50"),
        send_bytea_=b"\x02",
        dict_=7,
        class_=8,
        where=[],
    )
    assert sent[0]["variables"] == {
        "self": [],
        "query": 1,
        "data": {"x": 1},
        "parse": r"\x01",
        "UNSET": "1.50",
        "send_bytea": r"\x02",
        "dict": 7,
        "class": 8,
        "where": [],
    }


def test_columns_may_be_called_like_keywords_types_and_methods(hard: Any) -> None:
    sent: list[Any] = []
    row = hard.visit_insert_input(
        _id=1,
        id=2,
        id_=3,
        date=date(2026, 1, 2),
        datetime=datetime(2026, 1, 2, tzinfo=UTC),
        time=time(3, 4),
        copy="c",
        json={"a": [1]},
        model_config=[],
        self="me",
        from_=1,
        class_="c",
        import_="i",
        double=2,
        span=timedelta(days=1, seconds=1.5),
        blob=b"\x00\xff",
        price=Decimal("0.10"),
        tags=["a", "b"],
        order_by=hard.order_by.asc,
        type="t",
    )
    answer = {"insert_visit": {"affected_rows": 1, "returning": []}}
    client(hard, answer, sent).insert(objects=[row])
    assert sent[0]["variables"]["objects"][0] == {
        "_id": 1,
        "id": 2,
        "id_": 3,
        "date": "2026-01-02",
        "datetime": "2026-01-02T00:00:00+00:00",
        "time": "03:04:00",
        "copy": "c",
        "json": {"a": [1]},
        "model_config": [],
        "self": "me",
        "from": 1,
        "class_": "c",
        "import": "i",
        "__double": 2,
        "span": "1 days 00:00:01.500000",
        "blob": r"\x00ff",
        "price": "0.10",
        "tags": ["a", "b"],
        "order_by": "asc",
        "type": "t",
    }


def test_fields_selected_twice_are_merged(hard: Any) -> None:
    parent = {"id": 1, "name": "n", "date": None, "children": [{"id": 2, "name": "c"}]}
    (visit,) = client(hard, {"visit": [{"parent": parent}]}).merged()
    assert (visit.parent.id, visit.parent.name) == (1, "n")
    assert (visit.parent.children[0].id, visit.parent.children[0].name) == (2, "c")


def test_a_fragment_is_taken_apart_where_its_fields_are_merged_with_others(hard: Any) -> None:
    row = {"id": 1, "_id": 2, "id_": 3, "date": None, "status": "open"}
    (visit,) = client(hard, {"visit": [{**row, "children": [{"id": 4, "name": "c"}]}]}).spread()
    assert (visit.children[0].id, visit.children[0].name) == (4, "c")


@pytest.mark.usefixtures("hard")
def test_what_a_condition_leaves_out_is_none() -> None:
    module = importlib.import_module("hard.everything")
    fields = module.EverythingVisit.model_fields
    left_out = {name for name, field in fields.items() if not field.is_required()}
    assert left_out >= {"more", "skipped", "maybe", "sure"}
    assert {"id", "parent"}.isdisjoint(left_out)


def test_a_union_is_told_apart_by_its_types(hard: Any) -> None:
    found = [
        {"__typename": "Error", "message": "m"},
        {"__typename": "Literal", "x": 1},
        {"__typename": "visit"},
    ]
    error, literal, visit = client(hard, {"search": found}).searched2()
    assert (error.message, literal.x, visit.typename__) == ("m", 1, "visit")
    assert "__typename" in hard.SEARCHED2_GQL


def test_an_interface_gives_what_each_type_has(hard: Any) -> None:
    node = {"__typename": "visit", "id": 1, "name": "n", "children": []}
    assert client(hard, {"node": node}).node_types().name == "n"
    assert client(hard, {"node": {"id": 1}}).node_only().id == 1
    assert client(hard, {"node": {"id": 2}}).node_plain().id == 2


def test_two_operations_never_share_a_class(hard: Any) -> None:
    assert client(hard, {"visit": [{"parent": {"id": 1}}]}).user()[0].parent.id == 1
    assert client(hard, {"parent": [{"id": 2}]}).user_visit()[0].id == 2


def test_members_of_an_enum_keep_their_values(hard: Any) -> None:
    values = ["open", "done", "title", "count", "name", "None", "True", "mro", "_id", "id"]
    assert [member.value for member in hard.status][: len(values)] == values
    assert (hard.status.id.value, hard.status.id_.value) == ("id", "_id")


@pytest.mark.usefixtures("hard")
def test_the_methods_of_an_asynchronous_client_are_coroutines() -> None:
    package = importlib.import_module("hard_async")
    answer = httpx.Response(200, json={"data": {"visit": [{"id": 1}]}})

    async def ask() -> Any:
        pool = AsyncConnectionPool(transport=httpx.MockTransport(lambda _: answer))
        async with package.Client("http://hasura.test/v1/graphql", pool=pool) as asking:
            return await asking.client()

    assert asyncio.run(ask())[0].id == 1
