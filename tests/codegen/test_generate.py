"""The package that comes out, for a schema with what is hard in Hasura's schemas."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx
import orjson
import pytest
from graphql import parse, print_ast

from run_logger.codegen.package import Options, generate_package
from run_logger.errors import GenerationError
from run_logger.transport import ConnectionPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import ModuleType

SCHEMA = '''
schema { query: query_root mutation: mutation_root subscription: query_root }
scalar bigint
scalar date
scalar halfvec
scalar jsonb
scalar numeric
scalar timestamptz
scalar uuid
scalar _text
input Int_comparison_exp { _eq: Int _in: [Int!] _is_null: Boolean }
input _text_comparison_exp { _eq: _text }
enum order_by { asc desc }
enum status { open done title }
enum visit_select_column { _id id count title name }
"""columns and relationships of "visit"
"""
type visit {
  "The number on the card."
  _id: Int!
  id: Int!
  date: date
  status: status
  next_date: date
  at: timestamptz!
  price: numeric
  key: uuid
  total: bigint
  details: jsonb
  vector: halfvec
  parent: visit
  children(order_by: [visit_order_by!]): [visit!]!
}
input visit_order_by { id: order_by status: order_by order_by: order_by }
input visit_bool_exp {
  _and: [visit_bool_exp!]
  _not: visit_bool_exp
  _or: [visit_bool_exp!]
  _id: Int_comparison_exp
  id: Int_comparison_exp
  tags: _text_comparison_exp
}
"""input type for inserting data into table "visit"
"""
input visit_insert_input {
  "Which visit it is."
  id: Int
  date: date
  next_date: date
  status: status
  uuid: uuid
  copy: String
  from: Int
}
type visit_mutation_response { affected_rows: Int! returning: [visit!]! }
type query_root {
  visit(
    distinct_on: [visit_select_column!]
    order_by: [visit_order_by!]
    where: visit_bool_exp
  ): [visit!]!
  visit_by_pk(id: Int!): visit
}
type mutation_root {
  insert_visit(objects: [visit_insert_input!]!): visit_mutation_response
}
'''

QUERIES = r"""
# This one is not about the operation below.

# List visits.
#
# All of them, where "where" says nothing.
query list_visits(
  $where: visit_bool_exp
  $order_by: [visit_order_by!]
  $distinct_on: [visit_select_column!]
) {
  visit(where: $where, order_by: $order_by, distinct_on: $distinct_on) {
    ...Visit
    children { ...Visit }
  }
}
fragment Visit on visit {
  _id id date status next_date at price key total details vector
  parent { id }
}
mutation add_visits($self: [visit_insert_input!]!) {
  insert_visit(objects: $self) { affected_rows returning { ...Visit } }
}
query enums($id: Int!) { visit_by_pk(id: $id) { id } }
query tables { __type(name: "visit") { fields { name } } }
query quoted { visit(where: {tags: {_eq: "it's \"x\" \\ y"}}) { id } }
"""

VISIT = {
    "_id": 7,
    "id": 8,
    "date": "2026-01-02",
    "status": "title",
    "next_date": None,
    "at": "2026-01-02T03:04:05.5+00:00",
    "price": 1.5,
    "key": "5a1d9d5c-3b3f-4b6e-9d3d-0c6c2a1f0e4a",
    "total": 2**60,
    "details": {"a": [1]},
    "vector": "[1,2]",
    "parent": {"id": 1},
}


@pytest.fixture
def generate(tmp_path: Path) -> Callable[[str, str], Path]:
    """Generate a package from the texts of a schema and of queries."""

    def run(schema: str, queries: str) -> Path:
        return _generate(tmp_path, schema, queries, "made")

    return run


def _generate(
    directory: Path, schema: str, queries: str, name: str, options: Options | None = None
) -> Path:
    (directory / "queries").mkdir()
    (directory / "queries" / "all.graphql").write_text(queries)
    (directory / "schema.graphql").write_text(schema)
    (directory / "work").mkdir()
    paths = (directory / "schema.graphql", directory / "queries")
    return generate_package(*paths, name, directory / "work", options).folder


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _generate(tmp_path_factory.mktemp("generated"), SCHEMA, QUERIES, "visits_client")


@pytest.fixture(scope="module")
def visits(package: Path) -> Iterator[Any]:
    sys.path.insert(0, str(package.parent))
    yield importlib.import_module("visits_client")
    sys.path.remove(str(package.parent))


def _client(visits: ModuleType, data: object, sent: list[Any] | None = None) -> Any:
    def handle(request: httpx.Request) -> httpx.Response:
        if sent is not None:
            sent.append(orjson.loads(request.content))
        return httpx.Response(200, json={"data": data})

    pool = ConnectionPool(transport=httpx.MockTransport(handle))
    return visits.Client("http://hasura.test/v1/graphql", pool=pool)


def test_hasuras_operators_keep_their_names(visits: Any) -> None:
    sent: list[Any] = []
    where = visits.visit_bool_exp(
        _and=[visits.visit_bool_exp(id=visits.Int_comparison_exp(_in=[3]))],
        _not=visits.visit_bool_exp(_id={"_eq": 1}, id={"_eq": 2}),
    )
    _client(visits, {"visit": []}, sent).list_visits(where=where)
    assert sent[0]["variables"] == {
        "where": {"_and": [{"id": {"_in": [3]}}], "_not": {"_id": {"_eq": 1}, "id": {"_eq": 2}}}
    }


def test_a_misspelt_field_is_an_error_and_no_empty_filter(visits: Any) -> None:
    with pytest.raises(ValueError, match=r"visit_bool_exp has no field idd; did you mean id\?"):
        visits.visit_bool_exp(idd=3)
    with pytest.raises(ValueError, match="has no field wher"):
        visits.visit_bool_exp().wher = 3


def test_an_answer_is_read_into_pythons_types(visits: Any) -> None:
    (visit,) = _client(visits, {"visit": [{**VISIT, "children": [VISIT]}]}).list_visits()
    assert (visit.id_, visit.id) == (7, 8)
    assert visit.date == date(2026, 1, 2)
    assert visit.next_date is None
    assert visit.status is visits.status.title_
    assert visit.at == datetime(2026, 1, 2, 3, 4, 5, 500_000, UTC)
    assert visit.price == Decimal("1.5")
    assert visit.key == UUID("5a1d9d5c-3b3f-4b6e-9d3d-0c6c2a1f0e4a")
    assert visit.total == 2**60
    assert visit.details == {"a": [1]}
    assert visit.children[0].parent.id == 1


def test_fields_named_like_their_types_take_values(visits: Any) -> None:
    sent: list[Any] = []
    row = visits.visit_insert_input(
        date=date(2026, 1, 2), next_date=date(2026, 1, 3), status="done", copy="x"
    )
    answer = {"insert_visit": {"affected_rows": 1, "returning": []}}
    _client(visits, answer, sent).add_visits(self_=[row])
    assert sent[0]["variables"] == {
        "self": [{"date": "2026-01-02", "next_date": "2026-01-03", "status": "done", "copy": "x"}]
    }


def test_every_model_can_be_built(visits: Any) -> None:
    models = [getattr(visits, name) for name in visits.__all__]
    for model in models:
        if hasattr(model, "model_rebuild"):
            model.model_rebuild()


def test_the_comment_above_an_operation_becomes_its_docstring(visits: Any) -> None:
    docstring = visits.Client.list_visits.__doc__
    assert docstring.startswith("List visits.\n\n")
    assert 'where "where" says nothing.' in docstring
    assert visits.Client.quoted.__doc__ is None


def test_descriptions_of_the_schema_become_docstrings(package: Path, visits: Any) -> None:
    assert visits.Visit.__doc__ == 'columns and relationships of "visit"'
    assert visits.visit_insert_input.__doc__ == 'input type for inserting data into table "visit"'
    code = (package / "fragments.py").read_text()
    assert '"The number on the card."\n    id: int' in code


def test_what_has_no_description_is_named(generate: Callable[[str, str], Path]) -> None:
    schema = """
        schema { query: query_root }
        enum colour { red }
        input thing_filter { colour: colour }
        type thing { id: Int!, colour: colour }
        type query_root { things(where: thing_filter): [thing!]! }
    """
    queries = """
        query List($where: thing_filter) { things(where: $where) { ...Known } }
        query Own($where: thing_filter) { things(where: $where) { id } }
        fragment Known on thing { id colour }
    """
    package = generate(schema, queries)
    documented = {
        node.name: ast.get_docstring(node)
        for module in package.glob("*.py")
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.ClassDef)
    }
    assert documented["List"] == 'The answer of the query "List".'
    assert documented["OwnThings"] == 'Fields of the type "thing".'
    assert documented["thing_filter"] == 'The input type "thing_filter".'
    assert documented["colour"] == 'The enum "colour".'
    assert [name for name, text in documented.items() if not text] == []


def test_an_operation_may_be_called_like_a_module_of_the_package(visits: Any) -> None:
    assert _client(visits, {"visit_by_pk": {"id": 1}}).enums(id=1).id == 1


def test_operations_may_ask_for_the_schema(visits: Any) -> None:
    data = {"__type": {"fields": [{"name": "id"}]}}
    assert _client(visits, data).tables().fields[0].name == "id"


def test_the_text_of_an_operation_keeps_its_quotation_marks(visits: Any) -> None:
    assert r"""{_eq: "it's \"x\" \\ y"}""" in visits.QUOTED_GQL
    assert print_ast(parse(visits.QUOTED_GQL))


def test_importing_the_package_loads_none_of_its_models(package: Path) -> None:
    code = "import sys; from visits_client import Client; print(*sys.modules)"
    python = [sys.executable, "-c", code]
    path = {"PYTHONPATH": str(package.parent)}
    loaded = subprocess.run(python, check=True, capture_output=True, text=True, env=path).stdout
    assert "visits_client.client" in loaded.split()
    assert "visits_client.input_types" not in loaded.split()


def test_every_file_says_what_made_it_and_from_what(package: Path) -> None:
    first_lines = {path.read_text().partition("\n")[0] for path in package.glob("*.py")}
    (line,) = first_lines
    generator = (
        f"# Generated by run-logger generate {version('run-logger')} (ariadne-codegen 0.19.0)"
    )
    assert line.startswith(f"{generator} from schema and queries ")
    assert (package / "py.typed").read_text() == ""


def test_two_runs_give_the_same_bytes(package: Path, generate: Callable[[str, str], Path]) -> None:
    again = generate(SCHEMA, QUERIES)
    for path in package.glob("*.py"):
        assert (again / path.name).read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("queries", "message"),
    [
        ("query a { visit { nme id } }", r"all\.graphql:1: Cannot query field 'nme'"),
        (
            "\nquery a { visit(where: {idd: {}}) { id } }",
            r"all\.graphql:2: Field 'idd' is not defined by type 'visit_bool_exp'. Did you mean",
        ),
        ("\nquery a { visit ", r"all\.graphql:2: Syntax Error"),
        ("query { visit { id } }", r"all\.graphql:1: an operation has no name"),
        (
            "query a { visit { id } }\nquery a { visit { id } }",
            r"all\.graphql:2: There can be only one operation named 'a'. \(see .*all\.graphql:1\)",
        ),
        (
            "query _2fa { visit { id } }",
            r"all\.graphql:1: the operation _2fa needs another name: 2fa cannot be a class",
        ),
        ("fragment Visit on visit { id }", "there is no operation in them"),
    ],
)
def test_queries_that_cannot_be_generated_from_are_named(
    generate: Callable[[str, str], Path], queries: str, message: str
) -> None:
    with pytest.raises(GenerationError, match=message):
        generate(SCHEMA, queries)


def test_a_schema_that_is_none_is_named_with_its_line(
    generate: Callable[[str, str], Path],
) -> None:
    with pytest.raises(GenerationError, match=r"(?s)schema\.graphql is no GraphQL schema.*:2"):
        generate("type query_root {\n  id }", QUERIES)


def test_a_folder_without_queries_is_named(tmp_path: Path) -> None:
    (tmp_path / "schema.graphql").write_text(SCHEMA)
    (empty := tmp_path / "queries").mkdir()
    with pytest.raises(GenerationError, match="there are no queries in"):
        generate_package(tmp_path / "schema.graphql", empty, "x", tmp_path)
