import subprocess
import sys

import pandas as pd
import pytest


def test_accessor_is_registered_only_on_explicit_import(environment):
    program = """
import pandas as pd, slmkit, slmkit.tasks.tables
from toy_tasks import Measure
assert not hasattr(pd.DataFrame, "slm") and not hasattr(pd.Series, "slm")
import slmkit.tasks.accessor
frame = pd.DataFrame({"review": ["a", "bb"]}, index=[5, 5])
assert frame.slm.apply(Measure(), column="review")["length"].tolist() == [1, 2]
assert frame.review.slm.apply(Measure(), prefix="m_")["m_length"].tolist() == [1, 2]
import sys
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)


def test_threads_that_use_the_accessor_at_once_share_a_task(environment):
    program = """
import threading, time
import pandas as pd, toy_tasks
import slmkit.tasks.accessor
from slmkit.tasks import base
class Slow(toy_tasks.Measure):
    made = 0
    def __init__(self):
        time.sleep(0.1)
        Slow.made += 1
        super().__init__()
toy_tasks.Slow = Slow
base.TASKS["sentiment"] = "toy_tasks:Slow"
frame, found = pd.DataFrame({"text": ["a", "bb"]}), []
threads = [threading.Thread(target=lambda: found.append(frame.slm.sentiment())) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert [made["length"].tolist() for made in found] == [[1, 2]] * 8
assert Slow.made == 1, Slow.made
"""
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)


@pytest.mark.weights
def test_shipped_sentiment_through_the_accessor():
    import slmkit.tasks.accessor  # noqa: F401

    frame = pd.DataFrame(
        {"text": ["What a wonderful evening!", None, "房间又脏又吵，太失望了。"]}, index=["a", "a", "b"]
    )
    result = frame.slm.sentiment()
    assert result["label"].tolist()[::2] == ["positive", "negative"]
    assert result.index.tolist() == ["a", "a", "b"]
    assert result["slm_error"].tolist()[1] == "missing"
