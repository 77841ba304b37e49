"""Live queries give what is new, to however many, whatever happens to the connection."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from run_logger.transport import AsyncTransport
from tests.subscriptions.conftest import LIVE, names_in, proxied

if TYPE_CHECKING:
    from tests.subscriptions.conftest import Shop


def test_each_change_is_a_new_result(shop: Shop) -> None:
    with shop.live() as results:
        assert next(results) == []
        shop.add("pen")
        assert next(results) == ["pen"]
        shop.run("UPDATE item SET name = 'ink'")
        assert next(results) == ["ink"]


def test_a_result_that_nobody_took_gives_way_to_a_newer(shop: Shop) -> None:
    with shop.live() as slow, shop.live() as quick:
        assert next(slow) == []
        for number in range(1, 4):
            shop.add("pen")
            while len(next(quick)) < number:
                pass
        # What the slow one is told of meanwhile comes on the same socket, before or after.
        while len(newest := next(slow)) < 3:
            pass
        assert newest == ["pen"] * 3


def test_many_subscriptions_share_one_socket(shop: Shop) -> None:
    open_before = shop.proxy.accepted
    following = [shop.live() for _ in range(20)]
    assert [next(results) for results in following] == [[]] * 20
    shop.add("pen")
    assert [next(results) for results in following] == [["pen"]] * 20
    assert shop.proxy.accepted == open_before + 1


def test_after_an_interruption_only_news_is_given(shop: Shop) -> None:
    with shop.live() as results:
        shop.add("pen")
        while next(results) != ["pen"]:
            pass
        shop.proxy.cut()
        shop.proxy.wait_for_connections(2)
        shop.add("ink")
        assert next(results) == ["pen", "ink"]


def test_a_change_that_a_float_does_not_show_is_news_too(shop: Shop) -> None:
    query = "subscription prices { item { price } }"
    shop.run("INSERT INTO item (price) VALUES (12345678901234567890.1)")
    with shop.client.subscribe(query, "prices", {}, str) as results:
        before = next(results)
        shop.run("UPDATE item SET price = 12345678901234567890.2")
        assert next(results) == before


def test_a_wait_that_is_over_loses_nothing(shop: Shop) -> None:
    with shop.live() as results:
        assert results.wait(60) == []
        with pytest.raises(TimeoutError):
            results.wait(0.01)
        shop.add("pen")
        assert results.wait(60) == ["pen"]


def test_who_waits_sees_the_end_when_another_thread_closes(shop: Shop) -> None:
    results = shop.live()
    assert next(results) == []
    seen: list[Any] = []
    waiting = threading.Thread(target=lambda: seen.append(list(results)))
    waiting.start()
    results.close()
    waiting.join(60)
    assert seen == [[]]


def test_a_closed_subscription_or_client_gives_nothing(shop: Shop) -> None:
    first, second, third = shop.live(), shop.live(), shop.live()
    first.close()
    assert next(second) == []
    assert list(first) == []
    shop.client.close()
    assert list(second) == list(third) == []


def test_times_and_what_else_jsonify_takes_may_be_variables(shop: Shop) -> None:
    shop.add("pen")
    query = """
        subscription recent($since: timestamptz!, $names: [String!]!) {
          item(where: {made: {_gt: $since}, name: {_in: $names}}) { name }
        }
    """
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    variables = {"since": hour_ago, "names": {"pen"}}
    with shop.client.subscribe(query, "recent", variables, names_in) as results:
        assert next(results) == ["pen"]


def test_a_variable_that_is_not_given_is_left_out(shop: Shop) -> None:
    shop.add("pen", "ink")
    query = "subscription some($n: Int = 1) { item(order_by: {id: asc}, limit: $n) { name } }"
    variables = {"n": shop.client.unset}
    with shop.client.subscribe(query, "some", variables, names_in) as results:
        assert next(results) == ["pen"]


class TestInAnEventLoop:
    def test_results_are_iterated_over(self, shop: Shop) -> None:
        async def follow() -> list[list[str]]:
            seen: list[list[str]] = []
            async with (
                AsyncTransport(proxied(shop.served, shop.proxy)) as client,
                client.subscribe(LIVE, "items", {}, names_in) as results,
            ):
                async for names in results:
                    seen.append(names)
                    if names == ["pen"]:
                        break
                    await asyncio.to_thread(shop.add, "pen")
                await results.aclose()
                assert [each async for each in results] == []
            return seen

        assert asyncio.run(follow()) == [[], ["pen"]]

    def test_a_task_that_is_cancelled_leaves_the_others_their_results(self, shop: Shop) -> None:
        async def follow() -> list[str]:
            async with AsyncTransport(proxied(shop.served, shop.proxy)) as client:
                one = client.subscribe(LIVE, "items", {}, names_in)
                other = client.subscribe(LIVE, "items", {}, names_in)
                assert [await anext(one), await anext(other)] == [[], []]
                waiting = asyncio.ensure_future(anext(one))
                await asyncio.sleep(0)
                waiting.cancel()
                await asyncio.gather(waiting, return_exceptions=True)
                await asyncio.to_thread(shop.add, "pen")
                assert await anext(one) == ["pen"]
                return await anext(other)

        assert asyncio.run(follow()) == ["pen"]

    def test_a_client_serves_one_event_loop_after_the_other(self, shop: Shop) -> None:
        async def first(client: AsyncTransport) -> list[str]:
            async with client, client.subscribe(LIVE, "items", {}, names_in) as results:
                return await anext(results)

        client = AsyncTransport(proxied(shop.served, shop.proxy))
        assert [asyncio.run(first(client)) for _ in range(2)] == [[], []]
