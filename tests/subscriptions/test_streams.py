"""Streams give every row once, whatever happens to the connection, and however slow the reader."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from run_logger.errors import ConfigError
from run_logger.transport import AsyncTransport
from run_logger.wire import ExactFloat
from tests.subscriptions.conftest import STREAM, names_in_stream, proxied

if TYPE_CHECKING:
    from tests.subscriptions.conftest import Shop


def numbers(first: int, last: int) -> list[str]:
    return [str(number) for number in range(first, last + 1)]


def test_a_stream_gives_rows_in_batches_from_where_it_begins(shop: Shop) -> None:
    shop.add(*numbers(1, 5))
    with shop.stream(size=2, after=1) as batches:
        assert [next(batches), next(batches)] == [["2", "3"], ["4", "5"]]
        shop.add("6")
        assert next(batches) == ["6"]


def test_no_row_is_lost_or_doubled_when_connections_break(shop: Shop) -> None:
    with shop.stream(size=3) as batches:
        seen: list[str] = []
        for end in (5, 10, 15, 20):
            shop.add(*numbers(end - 4, end))
            while len(seen) < end - 2:
                seen += next(batches)
            shop.proxy.cut()
        while len(seen) < 20:
            seen += next(batches)
    assert seen == numbers(1, 20)


def test_a_slow_reader_gets_everything_and_holds_up_nobody(shop: Shop) -> None:
    shop.run("INSERT INTO item (name) SELECT n FROM generate_series(1, 40) AS n")
    with shop.stream() as batches, shop.live() as others:
        assert next(batches) == ["1"]
        assert len(next(others)) == 40
        shop.add("41")
        assert len(next(others)) == 41
        assert [next(batches) for _ in range(40)] == [[number] for number in numbers(2, 41)]


def test_what_waits_for_a_slow_reader_is_bounded(shop: Shop) -> None:
    """The rows that it has not asked for are still in the database, and can be deleted there."""
    shop.run("INSERT INTO item (name) SELECT n FROM generate_series(1, 40) AS n")
    with shop.stream() as batches, shop.live() as others:
        assert next(batches) == ["1"]
        next(others)
        # It has been stopped once others get news again and again and nothing more comes for it.
        for number in range(41, 61):
            shop.add(str(number))
            while str(number) not in next(others):
                pass
        shop.run("DELETE FROM item WHERE id > 20")
        shop.add("end")
        seen: list[str] = []
        while "end" not in seen:
            seen += next(batches)
    assert len(seen) <= 20
    assert seen[:-1] == numbers(2, len(seen))


def test_a_stream_that_cannot_resume_says_so_before_it_begins(shop: Shop) -> None:
    query = """
        subscription names {
          item_stream(cursor: {initial_value: {id: 0}}, batch_size: 1) { name }
        }
    """
    with pytest.raises(ConfigError, match="does not select id"):
        shop.client.subscribe(query, "names", {}, names_in_stream)
    assert shop.proxy.accepted == 0


def test_numbers_of_many_digits_keep_their_place(shop: Shop) -> None:
    """As floats, the first two would be one number, and the second row be lost or doubled."""
    prices = ["12345678901234567890.1", "12345678901234567890.2", "12345678901234567890.3"]
    query = """
        subscription prices($from: numeric!) {
          item_stream(cursor: [{initial_value: {price: $from}, ordering: ASC}], batch_size: 1) {
            name
            cost: price
          }
        }
    """
    seen: list[str] = []
    with shop.client.subscribe(query, "prices", {"from": 0}, names_in_stream) as batches:
        for price in prices:
            shop.run(f"INSERT INTO item (name, price) VALUES ('{price}', {Decimal(price)})")
            seen += next(batches)
            shop.proxy.cut()
    assert seen == prices


@pytest.mark.parametrize("query", ["item", "item_stream"])
def test_numbers_keep_all_their_digits_where_that_is_asked_for(shop: Shop, query: str) -> None:
    shop.run("INSERT INTO item (price) VALUES (12345678901234567890.123)")
    cursor = "(cursor: {initial_value: {id: 0}}, batch_size: 1)" if query != "item" else ""
    text = f"subscription prices {{ {query}{cursor} {{ id price }} }}"
    with shop.client.subscribe(text, "prices", {}, lambda data: data, exact=True) as results:
        price = next(results)[query][0]["price"]
    assert isinstance(price, ExactFloat)
    assert price.text == "12345678901234567890.123"


def test_a_coroutine_gets_every_row_too(shop: Shop) -> None:
    async def follow() -> list[str]:
        seen: list[str] = []
        variables: dict[str, Any] = {"after": 0, "size": 2}
        async with AsyncTransport(proxied(shop.served, shop.proxy)) as client:
            async for names in client.subscribe(STREAM, "items", variables, names_in_stream):
                seen += names
                if len(seen) >= 9:
                    break
                await asyncio.to_thread(shop.proxy.cut)
        return seen

    shop.add(*numbers(1, 9))
    assert asyncio.run(follow()) == numbers(1, 9)
