"""An MLflow store in an SQLite file, read as it lies: no MLflow is needed, nothing is written."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from planner.errors import Fault, InputError
from planner.intake.tracking import Experiment, Run, real

# table -> columns that are read; they have been the same since MLflow 1.6 (2020), whose successors
# added tables and columns only
READ = {
    "experiments": {"experiment_id", "name", "lifecycle_stage"},
    "runs": {"run_uuid", "name", "status", "lifecycle_stage", "experiment_id", "start_time"},
    "params": {"key", "value", "run_uuid"},
    "latest_metrics": {"key", "value", "is_nan", "run_uuid"},
    "metrics": {"key", "value", "is_nan", "run_uuid", "step", "timestamp"},
}


@contextmanager
def database(path: Path, here: str) -> Iterator[Database]:
    """The store, open for reading only. Raises InputError."""
    try:
        where = f"file:{quote(str(path.absolute()))}?mode=ro"
        link = sqlite3.connect(where, uri=True, timeout=10)
        try:
            yield Database(link, here)
        finally:
            link.close()
    except sqlite3.DatabaseError as error:
        problem = f"is no database that can be read: {error}"
        advice = "give the SQLite file of the store, such as mlflow.db"
        raise InputError(here, [Fault(here, None, problem, advice)]) from None


class Database:
    """Reads what is asked of it from an open SQLite file."""

    def __init__(self, link: sqlite3.Connection, here: str) -> None:
        self.link = link
        tables = {name for (name,) in link.execute("select name from sqlite_master")}
        has = {
            table: {row[1] for row in link.execute(f"pragma table_info({table})")} for table in READ
        }
        lacking = [
            f"{table}.{name}" if has[table] else table
            for table, names in READ.items()
            for name in sorted(names - has[table] if has[table] else {table})
        ]
        if not lacking:
            self.tags = "tags" in tables
            return
        if not {"experiments", "runs"} <= tables:
            some = ", ".join(sorted(tables)[:8]) or "none"
            problem = f"is an SQLite file, but no MLflow store (tables: {some})"
            raise InputError(here, [Fault(here, None, problem)])
        version = "unknown"
        if "alembic_version" in tables:
            row = link.execute("select version_num from alembic_version").fetchone()
            version = str(row[0]) if row else version
        problem = f"is of a version of MLflow's tables that is not known here: {version}"
        advice = (
            f"it lacks {', '.join(lacking[:4])}; start `mlflow server` on it and give its address"
        )
        raise InputError(here, [Fault(here, None, problem, advice)])

    def experiments(self) -> list[Experiment]:
        """All of them, deleted ones too."""
        query = "select experiment_id, name, lifecycle_stage from experiments order by 1"
        return [
            Experiment(str(key), str(name), stage == "deleted")
            for key, name, stage in self.link.execute(query)
        ]

    def runs(self, experiment: Experiment) -> list[Run]:
        """All of an experiment, in the order in which they were started, deleted ones too."""
        metrics: dict[str, dict[str, float]] = {}
        params: dict[str, dict[str, str]] = {}
        tags: dict[str, dict[str, str]] = {}
        own = "run_uuid in (select run_uuid from runs where experiment_id = ?)"
        about = (experiment.key,)
        for run, key, value, is_nan in self.link.execute(
            f"select run_uuid, key, value, is_nan from latest_metrics where {own}", about
        ):
            metrics.setdefault(run, {})[key] = _number(value, is_nan)
        for run, key, value in self.link.execute(
            f"select run_uuid, key, value from params where {own}", about
        ):
            params.setdefault(run, {})[key] = value
        for run, key, value in (
            self.link.execute(f"select run_uuid, key, value from tags where {own}", about)
            if self.tags
            else ()
        ):
            tags.setdefault(run, {})[key] = value
        query = (
            "select run_uuid, name, status, lifecycle_stage from runs where experiment_id = ? "
            "order by start_time, run_uuid"
        )
        return [
            Run(
                str(key),
                str(name or tags.get(key, {}).get("mlflow.runName") or ""),
                str(status or ""),
                stage == "deleted",
                experiment.key,
                metrics.get(key, {}),
                params.get(key, {}),
                tags.get(key, {}),
            )
            for key, name, status, stage in self.link.execute(query, about)
        ]

    def logged(self, run: Run, metric: str) -> list[float]:
        """Every value of a metric."""
        query = "select value, is_nan from metrics where run_uuid = ? and key = ?"
        return [_number(*row) for row in self.link.execute(query, (run.key, metric))]


def _number(value: float | None, is_nan: int) -> float:
    return math.nan if is_nan or value is None else real(value)
