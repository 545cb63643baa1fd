"""Small reviews with a learnable pattern, a quantized toy core, and classifiers fitted once."""

import numpy as np
import pytest


def make_reviews(count, seed=0):
    rng = np.random.default_rng(seed)
    filler = ["the", "a", "film", "movie", "bank", "is", "news", "team"]
    numbers = np.arange(count) % 2
    texts = [" ".join(rng.choice(filler, 5)) + (" good !" if n else " bad ?") for n in numbers]
    return texts, ["pos" if n else "neg" for n in numbers]


@pytest.fixture(scope="session")
def reviews():
    return make_reviews(64)


@pytest.fixture(scope="session")
def int8_slm(toy_slm):
    from slmkit.core import SLM
    from slmkit.runtime import float_copy

    encoder = float_copy(toy_slm.encoder)
    return SLM(toy_slm.config, toy_slm.tokenizer, encoder, fingerprint="toy", precision="int8")


@pytest.fixture(scope="session")
def tuned(toy_slm, reviews):
    from slmkit.tasks.classification import Classifier

    parameters = {"epochs": 4, "learning_rate": 2e-3, "validation_fraction": 0.25}
    return Classifier(method="tune", slm=toy_slm, **parameters).fit(*reviews)


@pytest.fixture(scope="session")
def linear(toy_slm, reviews):
    from slmkit.tasks.classification import Classifier

    return Classifier(method="linear", slm=toy_slm).fit(*reviews)


@pytest.fixture(scope="session")
def contrasted(int8_slm, reviews):
    from slmkit.tasks.classification import Classifier

    texts, labels = reviews
    return Classifier(slm=int8_slm, epochs=2).fit(texts[:16], labels[:16])


AWKWARD = [
    "",
    " ",
    "good",
    "很好，的酒店！",
    "😀👨‍👩‍👧 good",
    "bad\x00\x07\x1b[0m",
    "half \ud800 of a pair",
    "mixed 酒店 is ÀÉ ﷽ good",
    "the film " * 300,
    "\u200b\ufeff",
    "▁ <▁mask> </▁s>",
    "a\r\nb\tc",
]


@pytest.fixture
def awkward():
    return list(AWKWARD)
