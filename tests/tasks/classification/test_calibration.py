import numpy as np
import pytest

from slmkit.tasks.classification.calibration import fit_temperature, log_loss


def _drawn(temperature, n=4000, k=4, multi=False):
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(n, k)) * 2
    if multi:
        return logits * temperature, (rng.random((n, k)) < 1 / (1 + np.exp(-logits))).astype(np.float32)
    chances = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    return logits * temperature, (chances.cumsum(1) > rng.random((n, 1))).argmax(1)


@pytest.mark.parametrize("multi", [False, True])
@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_that_was_put_in_is_found(temperature, multi):
    logits, truth = _drawn(temperature, multi=multi)
    assert fit_temperature(logits, truth) == pytest.approx(temperature, rel=0.1)


def test_too_few_texts_say_nothing():
    assert fit_temperature(np.ones((5, 2)), np.zeros(5, dtype=int)) == 1.0


def test_a_part_without_a_mistake_asks_for_no_boundless_certainty():
    truth = np.arange(40) % 2
    logits = np.eye(2)[truth] * 8
    assert fit_temperature(logits, truth) > 0.5


def test_weights_count_as_repetitions():
    logits, truth = _drawn(2.0, n=200)
    weights = np.arange(200) % 3
    repeated = np.repeat(np.arange(200), weights)
    ones = np.ones(len(repeated))
    assert log_loss(logits, truth, weights) == pytest.approx(log_loss(logits[repeated], truth[repeated], ones))


def test_probabilities_of_a_fitted_classifier_use_it(toy_slm, reviews):
    from slmkit.tasks.classification import Classifier

    texts, labels = reviews
    noisy = [label if n % 5 else {"pos": "neg", "neg": "pos"}[label] for n, label in enumerate(labels)]
    model = Classifier(method="linear", validation_fraction=0.4, slm=toy_slm).fit(texts, noisy)
    assert model.model_.temperature != 1.0
    logits = model.model_.logits(texts) / model.model_.temperature
    chances = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    np.testing.assert_allclose(model.predict_proba(texts), chances, rtol=1e-4)
