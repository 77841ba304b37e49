"""The web page on which people look at their runs.

`static/` holds the page: plain HTML, CSS and JavaScript modules, which the browser loads as they
stand. `page` serves them, by `run-logger serve` beside the API itself and by `run-logger web`
beside a `proxy` of any other Hasura, so that the page asks only where it came from.
"""
