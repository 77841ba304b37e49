"""A run in a notebook: cells run again, fail, are interrupted, and the kernel ends in each way."""

from __future__ import annotations

import signal
from contextlib import closing
from typing import TYPE_CHECKING, Any
from uuid import UUID

from jupyter_client.manager import KernelManager

from tests.trials.stage import PATIENCE

if TYPE_CHECKING:
    from tests.trials.conftest import Size
    from tests.trials.stage import Stage

CREATE = """
from run_logger.hasura_logger import HasuraLogger
logger = HasuraLogger({endpoint!r})
logger.create_run({{}})
logger.log(step=0)
print(logger.run_key)
"""

LOG_ON = """
import time
print("logging", flush=True)
while True:
    logger.log(step=1)
    time.sleep(0.01)
"""


class Notebook:
    """A kernel of its own, and the page that runs cells in it."""

    def __init__(self, stage: Stage) -> None:
        self.kernel = KernelManager(transport="ipc", shutdown_wait_time=PATIENCE)
        self.kernel.start_kernel(env=stage.environment())
        self.client = self.kernel.client()
        self.client.start_channels()
        self.client.wait_for_ready(PATIENCE)
        self._create = CREATE.format(endpoint=stage.endpoint)

    def run(self, cell: str) -> str:
        """Run a cell; return what it prints, and the name of the exception that ends it."""
        said: list[str] = []

        def hear(message: dict[str, Any]) -> None:
            content = message["content"]
            said.extend(content[name] for name in ("text", "ename") if name in content)

        self.client.execute_interactive(cell, output_hook=hear, timeout=PATIENCE)
        return "".join(said).strip()

    def create_run(self) -> UUID:
        """Run the cell that creates a run; return the run's key."""
        return UUID(self.run(self._create))

    def interrupt(self, cell: str) -> str:
        """Interrupt a cell once it prints something; return the exception that ends it."""
        self.client.execute(cell)
        while self.client.get_iopub_msg(timeout=PATIENCE)["msg_type"] != "stream":
            pass
        self.kernel.interrupt_kernel()
        answer = self.client.get_shell_msg(timeout=PATIENCE)
        name: str = answer["content"]["ename"]
        return name

    def close(self) -> None:
        """End the kernel, as a page that is closed does."""
        if self.kernel.has_kernel:
            self.client.stop_channels()
            self.kernel.shutdown_kernel()


def outcomes(stage: Stage, key: UUID) -> list[str | None]:
    return [writer.outcome for writer in stage.oracle.writers(key)]


def restarted(notebook: Notebook) -> None:
    notebook.kernel.restart_kernel()


def left(notebook: Notebook) -> None:
    notebook.client.execute("exit()")


def terminated(notebook: Notebook) -> None:
    notebook.kernel.signal_kernel(signal.SIGTERM)


ENDS = {restarted: "finished", left: "finished", terminated: "killed"}


def test_a_run_in_a_notebook_ends_with_its_kernel_and_not_with_a_cell(
    stage: Stage, size: Size
) -> None:
    for end, outcome in [*ENDS.items()][: size(1, len(ENDS))]:
        with closing(Notebook(stage)) as notebook:
            first = notebook.create_run()
            key = notebook.create_run()
            assert notebook.run("1 / 0") == "ZeroDivisionError"
            assert notebook.interrupt(LOG_ON) == "KeyboardInterrupt"
            assert notebook.run("logger.log(step=2); print(logger.flush(60))") == "True"
            assert (outcomes(stage, first), outcomes(stage, key)) == ([None], [None])
            end(notebook)
        assert (outcomes(stage, first), outcomes(stage, key)) == ([outcome], [outcome])
