"""Hasura's metadata files are read as the Hasura CLI writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from run_logger.local.catalog import Name
from run_logger.local.errors import ServeError
from run_logger.local.metadata import Metadata, read_metadata

if TYPE_CHECKING:
    from pathlib import Path


def _write(project: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return project


def test_includes_are_followed_from_the_file_that_holds_them(tmp_path: Path) -> None:
    metadata = read_metadata(
        _write(
            tmp_path,
            {
                "metadata/databases/databases.yaml": (
                    "- name: lab\n"
                    "  kind: postgres\n"
                    '  tables: "!include lab/tables/tables.yaml"\n'
                    '  functions: "!include lab/functions/functions.yaml"\n'
                ),
                "metadata/databases/lab/tables/tables.yaml": '- "!include public_run.yaml"\n',
                "metadata/databases/lab/tables/public_run.yaml": (
                    "table: {name: run, schema: public}\nis_enum: true\n"
                ),
                "metadata/databases/lab/functions/functions.yaml": "- function: shop.sold\n",
            },
        )
    )
    assert metadata.source == "lab"
    assert [(entry.name, entry.body["is_enum"]) for entry in metadata.tables] == [
        (Name("public", "run"), True)
    ]
    assert [entry.name for entry in metadata.functions] == [Name("public", "shop.sold")]


def test_an_include_may_be_a_yaml_tag_as_older_command_lines_wrote_it(tmp_path: Path) -> None:
    metadata = read_metadata(
        _write(
            tmp_path,
            {
                "metadata/tables.yaml": "- !include run.yaml\n",
                "metadata/run.yaml": "table: run\n",
            },
        )
    )
    assert [entry.name for entry in metadata.tables] == [Name("public", "run")]


def test_version_2_names_its_tables_without_a_source(tmp_path: Path) -> None:
    files = {"metadata/tables.yaml": "- table: {schema: shop, name: order}\n"}
    metadata = read_metadata(_write(tmp_path, files))
    assert metadata.source == "default"
    assert [entry.name for entry in metadata.tables] == [Name("shop", "order")]


def test_the_config_says_where_the_metadata_are(tmp_path: Path) -> None:
    files = {
        "config.yaml": "version: 3\nmetadata_directory: shown\n",
        "shown/tables.yaml": "- table: run\n",
    }
    assert len(read_metadata(_write(tmp_path, files)).tables) == 1


def test_a_project_without_metadata_shows_nothing(tmp_path: Path) -> None:
    assert read_metadata(tmp_path) == Metadata()


def test_the_first_postgres_source_is_served_and_the_rest_is_said_to_be_left_out(
    tmp_path: Path,
) -> None:
    files = {
        "metadata/databases/databases.yaml": (
            "- {name: sales, kind: mssql, tables: []}\n"
            "- {name: lab, kind: postgres, tables: [{table: run, event_triggers: [{name: t}]}]}\n"
            "- {name: default, kind: postgres, tables: []}\n"
        ),
        "metadata/actions.yaml": "actions: [{name: pay}]\ncustom_types: {enums: []}\n",
        "metadata/cron_triggers.yaml": "[]\n",
    }
    metadata = read_metadata(_write(tmp_path, files))
    assert metadata.source == "default"
    assert metadata.left_out == ("actions", "the source 'sales'", "the source 'lab'")


def test_what_is_left_out_of_the_source_is_said_once_and_kept(tmp_path: Path) -> None:
    files = {
        "metadata/databases/databases.yaml": """
            - name: default
              kind: postgres
              customization: {root_fields: {prefix: lab_}}
              native_queries: [{root_field_name: q}]
              tables:
              - {table: run, event_triggers: [{name: t}], remote_relationships: [{name: r}]}
              - table: log
                insert_permissions:
                - {role: r, permission: {check: {}, columns: [], validate_input: {type: http}}}
              - {table: sweep, event_triggers: [{name: t}]}
        """,
        "metadata/api_limits.yaml": "disabled: false\n",
        "metadata/network.yaml": "tls_allowlist: []\n",
    }
    metadata = read_metadata(_write(tmp_path, files))
    assert metadata.left_out == (
        "API limits",
        "the customization of names",
        "native queries",
        "event triggers",
        "remote relationships",
        "the validation of inputs",
    )
    assert metadata.document["network"] == {"tls_allowlist": []}


def test_the_default_names_are_no_customization(tmp_path: Path) -> None:
    files = {
        "metadata/databases/databases.yaml": (
            "- {name: default, kind: postgres, tables: [],"
            " customization: {naming_convention: hasura-default}}\n"
        )
    }
    assert read_metadata(_write(tmp_path, files)).left_out == ()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('- "!include gone.yaml"\n', "gone.yaml"),
        ("- table: [\n", "tables.yaml is not YAML"),
        ("run\n", "tables.yaml is not a list"),
        ("- {tabel: run}\n", "an entry without 'table'"),
        ("- {table: 3}\n", "3 is no name of a table"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    _write(tmp_path, {"metadata/tables.yaml": text})
    with pytest.raises(ServeError) as caught:
        read_metadata(tmp_path)
    assert complaint in str(caught.value)
