"""The routes of the page: its files, and the headers that keep data from becoming code."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from run_logger.web.chart_check import problems_of
from run_logger.web.vega import vega_script

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_STATIC = Path(__file__).parent / "static"

# Scripts come from here alone, none is written into the page, and no text is compiled to one. Even
# where a library asks for it, text becomes no markup: `trusted_types.js` has the one policy.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:;"
    " connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none';"
    " require-trusted-types-for 'script'; trusted-types default"
)
_LARGEST_CHART = 1_000_000
_HEADERS = {
    "content-security-policy": _POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    # A browser asks each time whether it still has the newest; a page of two versions would break.
    "cache-control": "no-cache",
}


def page_routes() -> list[BaseRoute]:
    """Return the routes of the page: `/`, `/static/…`, `/vega.js` and `/check-chart`."""
    files = StaticFiles(directory=_STATIC)

    async def index(request: Request) -> Response:
        return await files.get_response("index.html", request.scope)

    middleware = [Middleware(_Guarded), Middleware(GZipMiddleware)]
    return [
        Route("/", index, middleware=middleware),
        Route("/vega.js", _vega, middleware=middleware),
        Route("/check-chart", _check_chart, methods=["POST"], middleware=middleware),
        Mount("/static", files, middleware=middleware),
    ]


async def _vega(request: Request) -> Response:
    path = await asyncio.to_thread(vega_script)
    return await StaticFiles(directory=path.parent).get_response(path.name, request.scope)


async def _check_chart(request: Request) -> Response:
    """Answer what is wrong with a chart: a list of sentences."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _LARGEST_CHART:
            return JSONResponse(["it is too large to be checked"])
    try:
        problems = await asyncio.to_thread(problems_of, orjson.loads(body))
    except orjson.JSONDecodeError as error:
        problems = [f"it is no JSON: {error}"]
    return JSONResponse(problems)


class _Guarded:
    """Adds the page's headers to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        await self._app(scope, receive, guarded)
