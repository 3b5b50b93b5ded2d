"""An MLflow tracking server, through MLflow's own client; nobody else is called."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from planner.errors import Fault, InputError
from planner.intake.tracking import Experiment, Run, real

NEEDS = 'pip install "dataplan[mlflow]"'
# so that importing the client calls nobody, and a server that is not there is soon known
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
}
PAGE = 1000


@contextmanager
def server(address: str, here: str) -> Iterator[Server]:
    """The server at that address. Raises InputError where there is none, or it says no."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    try:
        # by name: importing MLflow takes seconds, and it ships types that take longer
        client = import_module("mlflow.tracking").MlflowClient
        problems = import_module("mlflow.exceptions").MlflowException
    except ImportError:
        fault = Fault(here, None, "needs MLflow's client to be read", NEEDS)
        raise InputError(here, [fault]) from None
    try:
        yield Server(client(address))
    except problems as error:
        said = str(error).splitlines()[0][:160] if str(error) else type(error).__name__
        advice = "check the address, and MLFLOW_TRACKING_TOKEN or user name and password"
        raise InputError(here, [Fault(here, None, f"did not answer: {said}", advice)]) from None


class Server:
    """Asks a tracking server page by page."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def experiments(self) -> list[Experiment]:
        """All of them, deleted ones too."""
        pages = self._pages(self.client.search_experiments, view_type=3)
        return [
            Experiment(str(each.experiment_id), each.name, each.lifecycle_stage == "deleted")
            for each in pages
        ]

    def runs(self, experiment: Experiment) -> list[Run]:
        """All of an experiment, in the order in which they were started, deleted ones too."""
        found = self._pages(
            self.client.search_runs,
            experiment_ids=[experiment.key],
            run_view_type=3,
            order_by=["attributes.start_time ASC"],
        )
        return [
            Run(
                each.info.run_id,
                each.info.run_name or each.data.tags.get("mlflow.runName", ""),
                str(each.info.status or ""),
                each.info.lifecycle_stage == "deleted",
                experiment.key,
                {name: real(value) for name, value in each.data.metrics.items()},
                dict(each.data.params),
                dict(each.data.tags),
            )
            for each in found
        ]

    def logged(self, run: Run, metric: str) -> list[float]:
        """Every value of a metric."""
        return [real(each.value) for each in self.client.get_metric_history(run.key, metric)]

    def _pages(self, ask: Any, **about: Any) -> Iterator[Any]:
        token = None
        while True:
            page = ask(max_results=PAGE, page_token=token, **about)
            yield from page
            token = page.token
            if not token:
                return
