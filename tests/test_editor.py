"""What editors read: `.graphqlrc.yaml`; the trials ask a language server about it."""

from __future__ import annotations

import yaml

from run_logger._resources import resource
from run_logger.codegen.queries import query_files, read_queries
from run_logger.codegen.sdl import read_schema

_ROOT = resource("schema").parent


def test_editors_find_the_schema_and_every_query() -> None:
    config = yaml.safe_load((_ROOT / ".graphqlrc.yaml").read_text(encoding="utf-8"))
    found = sorted(_ROOT.glob(config["documents"]))
    assert found == query_files(_ROOT / "queries")
    assert read_queries(read_schema(_ROOT / config["schema"]), found).definitions
