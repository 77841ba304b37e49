"""Reads runs back through the typed client: the runs themselves, their logs, blobs and charts.

from run_logger.hasura_logger import Client
from run_logger.reading import blob, logs, runs

client = Client("http://127.0.0.1:8080/v1/graphql")
ids = [run.id for run in runs(client)]
table = logs(client, ids, keys=["step", "loss"]).arrow()
"""

from __future__ import annotations

from run_logger.reading.blobs import blob
from run_logger.reading.charts import (
    MOST_CHART_ROWS,
    ChartGroup,
    chart_groups,
    chart_rows,
    joined_rows,
    read_runs,
    sampled_logs,
)
from run_logger.reading.frames import Logs, logs
from run_logger.reading.rows import log_rows
from run_logger.reading.runs import runs

__all__ = [
    "MOST_CHART_ROWS",
    "ChartGroup",
    "Logs",
    "blob",
    "chart_groups",
    "chart_rows",
    "joined_rows",
    "log_rows",
    "logs",
    "read_runs",
    "runs",
    "sampled_logs",
]
