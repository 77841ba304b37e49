"""The bytes of blobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from run_logger.errors import RunNotFoundError

if TYPE_CHECKING:
    from run_logger_client import Client


def blob(client: Client, blob_id: int) -> bytes:
    """Read a blob.

    Args:
        client: The typed client.
        blob_id: The blob; `client.show_run(run_id).run_blobs` lists those of a run.

    Returns:
        The bytes that were stored.

    Raises:
        RunNotFoundError: There is no such blob, of any run.
        RunLoggerError: The endpoint does not answer as it should.
    """
    found = client.get_blob(blob_id)
    if found is None:
        raise RunNotFoundError(
            f"there is no blob {blob_id}",
            endpoint=client.endpoint,
            remedy="List those of a run: run-logger runs show RUN.",
        )
    return found.blob
