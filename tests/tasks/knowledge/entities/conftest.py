import sys
import warnings
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from marked_names import SETTINGS, marked  # noqa: E402


def make(slm, **more):
    from slmkit.tasks.knowledge import EntityRecognizer

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return EntityRecognizer(slm=slm, **{**SETTINGS, **more}).fit(*marked(120))


@pytest.fixture(scope="session")
def both(toy_slm):
    return make(toy_slm)


@pytest.fixture(scope="session")
def pointer(toy_slm):
    return make(toy_slm, head="pointer")


@pytest.fixture(scope="session")
def tagger(toy_slm):
    return make(toy_slm, head="tagger", validation_fraction=0.0)


@pytest.fixture(scope="session")
def saved(both, tmp_path_factory):
    folder = tmp_path_factory.mktemp("recognizer") / "saved"
    both.save(folder)
    return folder
