"""Makes real stores with MLflow and serves one of them; run by itself, since MLflow takes seconds.

python mlflow_store.py FOLDER: makes FOLDER/mlflow.db and FOLDER/mlruns with the same runs, prints
one line of JSON (what MLflow's own client then says of each store), and serves the first until it
is ended; the second line is the port, or why there is no server.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

os.environ["MLFLOW_DISABLE_TELEMETRY"] = os.environ["DO_NOT_TRACK"] = "true"
os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
NAME = "labels 数据: pilots"
METRIC = "val/acc"


def fill(client: Any) -> dict[str, Any]:
    """Fills a store; what its client says of the finished runs."""
    chosen = client.create_experiment(NAME)
    keys = []
    for number, (human, crowd) in enumerate([(100, 0), (200, 0), (400, 0), (800, 0), (400, 400)]):
        run = client.create_run(chosen, run_name=f"h{human} c{crowd}").info.run_id
        keys.append(run)
        client.log_param(run, "n_human", human)
        client.log_param(run, "data/n_crowd", crowd)
        client.log_param(run, "lr", "1e-3")
        client.log_param(run, "seed", number)
        client.set_tag(run, "stage", "final" if human > 100 else "trial")
        last = 0.5 + (human + 0.5 * crowd) / 4000
        for step, score in [(0, 0.5), (3, last), (1, last + 0.02), (2, float("nan"))]:
            client.log_metric(run, METRIC, score, step=step)
        client.log_metric(run, "loss", float("inf"))
        client.set_terminated(run)
    for status in ("FAILED", "KILLED", None):
        run = client.create_run(chosen).info.run_id
        client.log_param(run, "n_human", 100)
        client.log_metric(run, METRIC, 0.9)
        if status:
            client.set_terminated(run, status)
    for what in ("without metric", "deleted"):
        run = client.create_run(chosen, run_name=what).info.run_id
        client.set_terminated(run)
        if what == "deleted":
            client.delete_run(run)
    other = client.create_experiment("other")
    run = client.create_run(other).info.run_id
    client.log_metric(run, "error", 0.3)
    client.log_param(run, "n", 70)
    client.set_terminated(run)
    client.create_run(client.create_experiment("gone"))
    client.delete_experiment(client.get_experiment_by_name("gone").experiment_id)
    said = {}
    for key in keys:
        run = client.get_run(key)
        logged = [each.value for each in client.get_metric_history(key, METRIC)]
        said[key] = {
            "name": run.info.run_name,
            "last": run.data.metrics[METRIC],
            "best": max(value for value in logged if value == value),
            "human": run.data.params["n_human"],
            "crowd": run.data.params["data/n_crowd"],
        }
    return said


def main(folder: Path) -> None:
    logging.disable(logging.INFO)
    from mlflow.tracking import MlflowClient

    database = f"sqlite:///{folder / 'mlflow.db'}"
    said = {
        "mlflow.db": fill(MlflowClient(database)),
        "mlruns": fill(MlflowClient(str(folder / "mlruns"))),
    }
    print(json.dumps(said), flush=True)
    os.environ["_MLFLOW_SERVER_FILE_STORE"] = database
    os.environ["_MLFLOW_SERVER_ARTIFACT_ROOT"] = str(folder / "artifacts")
    try:
        from mlflow.server import app
        from werkzeug.serving import make_server
    except ImportError as error:
        print(f"no server: {error}", flush=True)
        return
    serving = make_server("127.0.0.1", 0, app, threaded=True)
    logging.disable(logging.CRITICAL)
    print(serving.port, flush=True)
    serving.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
