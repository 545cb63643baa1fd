"""The same rows from Dask and Spark as from pandas, on real local clusters, workers killed in the middle too."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from toy_tasks import Measure

from slmkit.errors import CheckpointError, InputError
from slmkit.tasks import base, tables
from slmkit.tasks.base import load_task
from slmkit.tasks.engines import apply_dask, apply_spark
from slmkit.tasks.engines.recipe import TaskRecipe

TEXTS = ["A wonderful film, warm and funny.", "房间很脏，服务也差。", None, "Dull.", "", "很满意，下次还来！"]
ROWS = 60
TASK = "sentiment"


@pytest.fixture(scope="module")
def frame():
    return pd.DataFrame(
        {
            "id": np.arange(ROWS, dtype=np.int64),
            "text": [TEXTS[i % len(TEXTS)] for i in range(ROWS)],
            "price": [None if i % 7 == 0 else i / 2 for i in range(ROWS)],
        },
        index=[f"row {i}" for i in range(ROWS)],
    )


@pytest.fixture(scope="module")
def local(frame):
    return tables.apply(load_task(TASK), frame)


def assert_same(made, expected):
    """Scores may differ where another batch was padded otherwise; nothing else may."""
    scores = [name for name in expected.columns if pd.api.types.is_float_dtype(expected[name].dtype)]
    for name in expected.columns:
        if name in scores:
            np.testing.assert_allclose(made[name].astype(float), expected[name].astype(float), atol=2e-2)
        else:
            assert made[name].astype(object).where(made[name].notna(), None).tolist() == (
                expected[name].astype(object).where(expected[name].notna(), None).tolist()
            )


@pytest.fixture(scope="module")
def client():
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def test_dask_gives_the_rows_of_pandas(frame, local, client):
    dd = pytest.importorskip("dask.dataframe")
    made = apply_dask(TASK, dd.from_pandas(frame, npartitions=4, sort=False))
    assert list(made.columns) == list(local.columns)
    found = made.compute()
    assert found.index.tolist() == frame.index.tolist()
    assert_same(found, local)
    assert dict(made.dtypes) == dict(found.dtypes)
    # One model in a process, however many partitions it had.
    loaded = client.run(lambda: __import__("slmkit.tasks.engines.recipe", fromlist=["_made"])._made.cache_info().misses)
    assert all(count <= 1 for count in loaded.values())


def test_dask_tells_what_is_wrong_before_anything_runs(frame):
    dd = pytest.importorskip("dask.dataframe")
    parts = dd.from_pandas(frame, npartitions=2, sort=False)
    with pytest.raises(InputError, match="no column 'txet'"):
        apply_dask(TASK, parts, column="txet")
    with pytest.raises(InputError, match="save it first"):
        apply_dask(load_task(TASK), parts)
    with pytest.raises(InputError, match="a Dask DataFrame or Series"):
        apply_dask(TASK, frame)
    with pytest.raises(InputError, match="no option 'colour'"):
        apply_dask(TASK, parts, colour="red")
    assert "my_label" in apply_dask(TASK, parts["text"], prefix="my_").columns


def test_dask_finishes_though_a_worker_is_killed(frame, local, client):
    dd = pytest.importorskip("dask.dataframe")
    workers = client.run(os.getpid)
    future = client.compute(apply_dask(TASK, dd.from_pandas(frame, npartitions=12, sort=False)))
    time.sleep(0.3)
    os.kill(next(iter(workers.values())), signal.SIGKILL)
    assert_same(future.result(timeout=120), local)


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    pyspark = pytest.importorskip("pyspark.sql")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java")
    root = str(Path(__file__).resolve().parents[2])
    # Else its workers run whatever python3 is in the path.
    patch = pytest.MonkeyPatch()
    patch.setenv("PYSPARK_PYTHON", sys.executable)
    places = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
    session = (
        pyspark.SparkSession.builder.master("local[2,4]")
        .config("spark.ui.enabled", "false")
        .config("spark.python.worker.reuse", "false")  # so that a worker that runs is one that works
        .config("spark.executorEnv.PYTHONPATH", places)
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.warehouse.dir", str(tmp_path_factory.mktemp("spark")))
        .getOrCreate()
    )
    yield session
    session.stop()
    patch.undo()


def spark_frame(spark, frame, parts):
    rows = [
        (int(i), None if pd.isna(text) else text, None if pd.isna(price) else float(price))
        for i, text, price in zip(frame["id"], frame["text"], frame["price"], strict=True)
    ]
    return spark.createDataFrame(rows, "id long, text string, price double").repartition(parts)


def collected(made):
    rows = sorted((row.asDict() for row in made.collect()), key=lambda row: row["id"])
    return pd.DataFrame(rows)


def test_spark_gives_the_rows_of_pandas(frame, local, spark):
    made = apply_spark(TASK, spark_frame(spark, frame, 3))
    assert made.columns == list(local.columns)
    assert_same(collected(made), local)
    assert spark_frame(spark, frame, 3).schema.fields == made.schema.fields[:3]


def test_spark_finishes_though_a_worker_is_killed(frame, local, spark):
    psutil = pytest.importorskip("psutil")
    result, failed = [], []

    def run():
        try:
            result.append(collected(apply_spark(TASK, spark_frame(spark, frame, 16))))
        except Exception as error:
            failed.append(error)

    def is_worker(process):
        try:
            return all("pyspark.daemon" in " ".join(p.cmdline()) for p in (process, process.parent()))
        except (psutil.Error, AttributeError):  # gone while it was looked at
            return False

    def workers():
        return [process for process in psutil.Process().children(recursive=True) if is_worker(process)]

    thread = threading.Thread(target=run)
    thread.start()
    deadline = time.monotonic() + 60
    victims = []
    while not victims and thread.is_alive() and time.monotonic() < deadline:
        victims = workers()
        time.sleep(0.05)
    for victim in victims[:1]:
        victim.kill()
    thread.join(timeout=180)
    assert not failed
    assert victims
    assert_same(result[0], local)


def test_a_recipe_is_plain_data():
    recipe = TaskRecipe.of(TASK, {}, 1)
    assert TaskRecipe(**json.loads(json.dumps(vars(recipe)))) == recipe
    assert "secret" not in repr(TaskRecipe.of("redact", {"key": "secret"}, 1))
    with pytest.raises(InputError, match="threads"):
        TaskRecipe.of(TASK, {}, 0)
    with pytest.raises(InputError, match="cannot be sent"):
        TaskRecipe.of(TASK, {"x": object()}, 1)


def test_every_worker_has_the_options_that_a_task_drew(environment):
    given = {"style": "pseudonym", "kinds": ["email"]}
    recipe, other = TaskRecipe.of("redact", given, 1), TaskRecipe.of("redact", given, 1)
    program = "import json, sys; from slmkit.tasks.engines.recipe import TaskRecipe; " + (
        "print(TaskRecipe(**json.load(sys.stdin)).task().predict('a@x.com'))"
    )
    told = json.dumps(vars(recipe))
    call = {"input": told, "capture_output": True, "text": True, "check": True, "env": environment}
    seen = {subprocess.run([sys.executable, "-c", program], **call).stdout for _ in range(2)}
    assert seen == {recipe.task().predict("a@x.com") + "\n"}
    assert recipe.task().predict("a@x.com") != other.task().predict("a@x.com")
    assert TaskRecipe.of("redact", {}, 1) == TaskRecipe.of("redact", {}, 1)


def test_dask_gives_a_value_one_pseudonym_in_all_partitions(client):
    dd = pytest.importorskip("dask.dataframe")
    rows = dd.from_pandas(pd.DataFrame({"text": ["write to ann@x.com"] * 6}), npartitions=6)
    made = apply_dask("redact", rows, style="pseudonym", kinds=["email"]).compute()
    assert made["redacted"].nunique() == 1


def test_a_model_saved_anew_in_its_folder_is_the_one_that_answers(tmp_path):
    from slmkit.tasks.classification import Classifier

    dd = pytest.importorskip("dask.dataframe")
    texts, model = ["the good film !", "a bad bank ?"], tmp_path / "model"
    parts = dd.from_pandas(pd.DataFrame({"text": texts * 2}), npartitions=2)
    recipes = []
    for labels in (["up", "down"], ["left", "right"]):
        Classifier(method="static").fit(texts * 16, labels * 16).save(model)
        made = apply_dask(str(model), parts).compute(scheduler="synchronous")
        assert made["label"].tolist() == labels * 2
        recipes.append(TaskRecipe.of(model, {}, 1))
    assert recipes[0] != recipes[1] == TaskRecipe.of(model, {}, 1)
    assert recipes[1].task() is TaskRecipe.of(model, {}, 1).task()
    with pytest.raises(CheckpointError, match="another model was saved here"):
        replace(recipes[0], threads=2).task()  # a worker that comes late
    with pytest.raises(CheckpointError, match="is no saved model"):
        apply_dask(str(tmp_path / "gone"), parts)


class Counted(Measure):
    """Takes its time to be made."""

    made = 0

    def __init__(self):
        time.sleep(0.1)
        Counted.made += 1
        super().__init__()


def test_threads_of_a_process_share_a_task(monkeypatch):
    monkeypatch.setitem(base.TASKS, TASK, f"{__name__}:Counted")
    recipe = TaskRecipe.of(TASK, {}, 7)  # a number of threads that no other test asks for
    before, found = Counted.made, []
    threads = [threading.Thread(target=lambda: found.append(recipe.task())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(found), len(set(map(id, found))), Counted.made - before) == (8, 1, 1)
