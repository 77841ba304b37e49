"""Errors in the shape that Hasura gives them."""

from __future__ import annotations

from typing import Any, Final

from run_logger.errors import RunLoggerError

NO_PERSISTED_QUERIES: Final = "Automatic Persisted Queries is not enabled"


class ServeError(RunLoggerError):
    """The local server cannot start or go on; the message says where and what to do."""


class HasuraError(Exception):
    """A request that is answered with an error.

    Args:
        message: What is wrong, in Hasura's words.
        code: One of Hasura's error codes: `validation-failed`, `constraint-violation`, ….
        path: Where in the request: `$.selectionSet.run.args.where`.
        internal: What only an administrator sees: details of an error of the database, or the
            list of what does not fit in the metadata.
    """

    def __init__(
        self,
        message: str,
        code: str,
        path: str = "$",
        internal: dict[str, Any] | list[Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.path = path
        self.internal = internal

    def as_graphql(self) -> dict[str, Any]:
        """Return it as an item of `errors` in an answer of `/v1/graphql`."""
        extensions: dict[str, Any] = {"path": self.path, "code": self.code}
        if self.internal is not None:
            extensions["internal"] = self.internal
        return {"message": self.message, "extensions": extensions}

    def as_metadata(self) -> dict[str, Any]:
        """Return it as the whole body of an answer of `/v1/metadata` and its like."""
        body: dict[str, Any] = {"path": self.path, "error": self.message, "code": self.code}
        return body if self.internal is None else body | {"internal": self.internal}
