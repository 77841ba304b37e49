"""What a server should not get: bodies, queries, texts and messages."""

from __future__ import annotations

import gzip

__all__ = ["BODIES", "MESSAGES", "QUERIES", "STRINGS"]

BODIES = (
    b"",
    b" " * 1_000_000,
    b"{",
    b"nonsense",
    b"null",
    b"7",
    b'"{ run { id } }"',
    b"{}",
    b"[7]",
    b"\xff\xfe\x00",
    "{ run { id } }".encode("utf-16"),
    gzip.compress(b'{"query": "{ run { id } }"}'),
    b'{"query":',
    b'{"query": null}',
    b'{"query": 7}',
    b'{"query": ["{ run { id } }"]}',
    b'{"query": "{ run { id } }", "variables": 7}',
    b'{"query": "{ run { id } }", "variables": [1]}',
    b'{"query": "{ run { id } }", "operationName": 7}',
    b'{"query": "{ run { id } }", "operationName": "another"}',
    b'{"query": "{ run { id } }\\u0000"}',
    b'{"query": "\\ud800"}',
    b'{"query": NaN}',
    b"[" * 1_000_000,
    b'{"a":' * 1_000_000,
    b'{"query": "{ run { id } }", "variables": {"m": ' + b"[" * 900 + b"]" * 900 + b"}}",
    b'{"query": "{ run { id } }", "variables": {"m": '
    + b"[" * 900
    + b"12345678901234567890"
    + b"]" * 900
    + b"}}",
    b'{"query": "' + b"x" * 10_000_000 + b'"}',
)
"""Bodies that are no requests."""


def nested(depth: int, opening: str, innermost: str, closing: str) -> str:
    """Return a text within so many brackets."""
    return opening * depth + innermost + closing * depth


QUERIES = (
    "",
    "#",
    "{",
    "{}",
    "{ run { id }",
    "{ run { id } }}",
    "query { }",
    "querry { run { id } }",
    "{ nothing }",
    "{ run }",
    "{ run { nothing } }",
    "{ run { id { id } } }",
    "{ run { id(a: 1) } }",
    "{ run_by_pk { id } }",
    '{ run_by_pk(id: "one") { id } }',
    '{ run(limit: "x") { id } }',
    "{ run(limit: -1) { id } }",
    "{ run(limit: 1.5) { id } }",
    "{ run(limit: 99999999999) { id } }",
    "{ run(nothing: 1) { id } }",
    "{ run(where: 7) { id } }",
    "{ run(where: {nothing: {_eq: 1}}) { id } }",
    "{ run(where: {id: {_nothing: 1}}) { id } }",
    "{ run(where: {id: {_eq: {}}}) { id } }",
    "{ run(where: {id: {_eq: 99999999999999999999}}) { id } }",
    '{ run(where: {key: {_eq: "no uuid"}}) { id } }',
    '{ run_log(where: {logged_at: {_gt: "yesterday, at noon"}}) { id } }',
    "{ run(where: {metadata: {_has_key: 7}}) { id } }",
    "{ run(order_by: {id: sideways}) { id } }",
    "{ run(distinct_on: nothing) { id } }",
    '{ run(order_by: {id: asc}, distinct_on: metadata, where: {name: "x"}) { id } }',
    "{ run { ...missing } }",
    "{ run { ...a } } fragment a on run { ...b } fragment b on run { ...a }",
    "{ run { id @nothing } }",
    "{ run { id @skip } }",
    '{ run { id @skip(if: "yes") } }',
    "query ($a: Int!) { run(limit: $a) { id } }",
    "query ($a: nothing) { run(limit: $a) { id } }",
    "query ($a: String) { run(limit: $a) { id } }",
    "{ run(limit: $a) { id } }",
    "{ run { id } } { run { id } }",
    "query a { run { id } } query a { run { id } }",
    "subscription { run { id } }",
    "{ __type { name } }",
    "mutation { insert_run(objects: 7) { affected_rows } }",
    "mutation { insert_run(objects: [{nothing: 1}]) { affected_rows } }",
    'mutation { insert_run(objects: [{id: "x"}]) { affected_rows } }',
    "mutation { insert_run_log(objects: [{run_id: 999999999, log: {}}]) { affected_rows } }",
    "mutation { insert_run_log(objects: [{log: {}}]) { affected_rows } }",
    "mutation { update_run(_set: {archived: true}) { affected_rows } }",
    'mutation { update_run(where: {}, _set: {id: "x"}) { affected_rows } }',
    "mutation { delete_run { affected_rows } }",
    "mutation { nothing { affected_rows } }",
    "{" * 100_000,
    "{ run(where: " + nested(1_000, "{_and: [", "{}", "]}") + ") { id } }",
    "{ run(where: " + nested(1_000, "{_not: ", "{}", "}") + ") { id } }",
    "{ run " + nested(1_000, "{ run_logs { run ", "{ id }", " } }") + " }",
    "{ run(where: {metadata: {_eq: " + nested(50_000, "[", "", "]") + "}}) { id } }",
    "query ($a: " + nested(1_000, "[", "Int", "]") + ") { run { id } }",
    "x" * 10_000_000,
    "{ run { id } } #" + "x" * 10_000_000,
    '{ run(where: {metadata: {_has_key: "' + "x" * 10_000_000 + '"}}) { id } }',
    "{ run { " + "id " * 3_000_000 + "} }",
    # A few names that stand for millions of fields.
    "{ run { ...f0 } } fragment f20 on run { id } "
    + " ".join(
        f"fragment f{n} on run {{ a: run_logs {{ run {{ ...f{n + 1} }} }}"
        f" b: run_logs {{ run {{ ...f{n + 1} }} }} }}"
        for n in range(20)
    ),
)
"""Queries that cannot be answered."""

STRINGS = (
    "'; DROP TABLE run; --",
    '"; DROP TABLE run; --',
    "') OR 1=1 --",
    "\\'; DROP TABLE run; --",
    "$1 $$ $a$ %s %(a)s :a {} {0} ?",
    "/* */ -- \n;",
    "E'\\x00' U&'\\0441'",
    "x" * 100_000,
    "\ufeff\u202e\u0001",
)
"""Texts that would be more than that, were they part of a statement."""

MESSAGES: tuple[str | bytes, ...] = (
    "",
    "{",
    "7",
    "null",
    "[]",
    "{}",
    b"\x00\xff",
    '{"type": 7}',
    '{"type": "nothing"}',
    '{"type": "start"}',
    '{"type": "subscribe", "id": 7}',
    '{"type": "start", "id": "1", "payload": 7}',
    '{"type": "subscribe", "id": "1", "payload": {"query": 7}}',
    '{"type": "connection_init", "payload": 7}',
    '{"type": "connection_init", "payload": {"headers": {"x-hasura-role": 7}}}',
    '{"type": "stop", "id": "nothing"}',
    '{"type": "complete"}',
    "[" * 100_000,
    '{"type": "connection_init", "payload": {"a": ' + "[" * 900 + "]" * 900 + "}}",
    "x" * 1_000_000,
)
"""Messages that no protocol of websockets knows, or not at that moment."""
