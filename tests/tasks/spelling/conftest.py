import sys
from pathlib import Path

import pytest

pytest.importorskip("rapidfuzz")
pytest.importorskip("pypinyin")
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

SETTINGS = {"depth": 2, "rank": 32, "epochs": 10, "learning_rate": 3e-3, "batch_tokens": 512}


@pytest.fixture(scope="session")
def toy_speller(toy_slm):
    """A corrector that has learned the toy errors."""
    from toy_spelling import pairs

    from slmkit.tasks.spelling import SpellCorrector

    return SpellCorrector(slm=toy_slm).fit(*pairs(240), **SETTINGS)


@pytest.fixture(scope="session")
def lists():
    """Lists of a small corpus."""
    from slmkit.tasks.spelling.counting import counted, lists_of

    english = [
        "There is a house, and their house is where they're going. I don't know the form from here.",
        "The receipt of January was received by a friend; believe me, a lot of people know it's a good knife.",
        "Sometimes the weather is nice. Whether it rains or not, the people enjoy themselves altogether.",
    ]
    chinese = ["他们在酒店里，再见。她的房间很大，这里的服务很好。", "苹果和平果，权利与权力，以经和已经，自己。"]
    return lists_of(counted(english * 25 + chinese * 25), shapes={"己": "已巳", "已": "己", "人": "入八"})
