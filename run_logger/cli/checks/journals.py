"""Checks of what lies on this disk: what waits to be delivered, and what was refused."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
from rich.filesize import decimal

from run_logger.cli.ages import age
from run_logger.cli.checks.finding import Finding, Level, Section, problem_of
from run_logger.delivery.recovery.sync import survey
from run_logger.delivery.storage.files import JournalFiles
from run_logger.errors import RunLoggerError
from run_logger.json_objects import as_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from run_logger.delivery.recovery.sync import Survey

__all__ = ["check_journals"]

_MOST = 3
"""The most reasons that are told for one journal; the facts have all."""


def check_journals(journals: Sequence[Path]) -> Iterator[Finding]:
    """Say what each journal holds, whether anybody delivers it, and what was refused.

    Args:
        journals: The journals, as `find_journals` returns them.
    """
    if not journals:
        yield Finding(Section.pending, Level.fine, "nothing waits to be delivered")
    for path in journals:
        try:
            found = survey(path)
        except FileNotFoundError:
            continue  # delivered and removed meanwhile
        except RunLoggerError as error:
            yield problem_of(Section.pending, error, journal=str(path))
        except OSError as error:
            text = f"{path} cannot be read: {error.strerror}"
            yield Finding(Section.pending, Level.problem, text, facts={"journal": str(path)})
        else:
            yield from _pending(found)
            yield from _rejected(found)


def _pending(found: Survey) -> Iterator[Finding]:
    header = found.header
    if header is None or not found.records:
        return
    key = None if header.run_key is None else str(header.run_key)
    changed = _last_change(found.path)
    facts: dict[str, Any] = {
        "journal": str(found.path),
        "endpoint": header.endpoint,
        "run_id": header.run_id,
        "run_key": key,
        "records": found.records,
        "bytes": found.size,
        "changed_at": changed,
        "live": found.live,
    }
    run = header.run_id or key
    text = (
        f"run {run}: up to {found.records:,} records ({decimal(found.size)}, last written"
        f" {age(changed) or 'at an unknown time'}) for {header.endpoint} in {found.path}"
    )
    yield _judged(found.live, text, facts)


def _judged(live: bool | None, text: str, facts: dict[str, Any]) -> Finding:
    if live:
        text += "; its process runs and delivers them"
        return Finding(Section.pending, Level.fine, text, facts=facts)
    if live is None:
        text += "; this file system does not tell whether its process runs"
        remedy = "If it does not: run-logger sync. If it does, that does no harm."
        return Finding(Section.pending, Level.note, text, remedy, facts)
    text += "; its process is gone"
    return Finding(Section.pending, Level.problem, text, "Deliver them: run-logger sync.", facts)


def _last_change(path: Path) -> datetime | None:
    files = JournalFiles.of(path)
    times: list[float] = []
    for segment in files.segments().values() if files else ():
        try:
            times.append(segment.stat().st_mtime)
        except FileNotFoundError:
            continue  # delivered and removed meanwhile
    return datetime.fromtimestamp(max(times), UTC) if times else None


def _rejected(found: Survey) -> Iterator[Finding]:
    files = JournalFiles.of(found.path)
    if files is None or not found.rejected:
        return
    reasons, total = _reasons(files.rejected), found.rejected
    stated = "; ".join(f"{count:,} ({reason})" for reason, count in reasons.most_common(_MOST))
    yield Finding(
        Section.rejected,
        Level.problem,
        f"the server refused {total:,} records of {found.path.name}: {stated}",
        f"They are kept in {files.rejected}. Mend the cause, then run-logger sync --rejected;"
        " or remove that file, if they are of no use.",
        {"journal": str(found.path), "rejected": total, "reasons": dict(reasons)},
    )


def _reasons(path: Path) -> Counter[str]:
    """Count the refused records of a journal by the server's words."""
    reasons: Counter[str] = Counter()
    with path.open("rb") as file:
        for line in file:
            entry = _object(line)
            if "code" in entry:
                reasons[f"{entry['code']}: {entry.get('reason', '')}"] += 1
    return reasons


def _object(line: bytes) -> dict[str, Any]:
    try:
        return as_object(orjson.loads(line))
    except orjson.JSONDecodeError:
        return {}  # its writer was killed in the middle of it
