import gc
import weakref

import pytest

from slmkit.core import SLM
from slmkit.errors import InputError
from slmkit.runtime import float_copy
from slmkit.tasks.classification import explain as explain_module

TEXTS = ["the film is good !", "bad bank", "很好，的酒店！", "good 😀 news \ud800", "x" * 40, "the film is good " * 60]


def _sums(explanation):
    total = sum(token.score for token in explanation.tokens)
    return total, explanation.score - explanation.baseline


@pytest.mark.parametrize("which", ["tuned", "linear", "contrasted"])
@pytest.mark.parametrize("text", TEXTS)
def test_attributions_sum_to_the_score_difference(which, text, request):
    explanation = request.getfixturevalue(which).explain(text)
    total, difference = _sums(explanation)
    assert total == pytest.approx(difference, abs=0.01 * max(abs(difference), 0.05) + 1e-4)
    assert explanation.error == pytest.approx(difference - total, abs=1e-4)


def test_the_score_is_the_log_odds_of_the_label(tuned):
    import math

    chance = float(tuned.predict_proba("the good film !")[1])
    explanation = tuned.explain("the good film !", "pos")
    assert explanation.score == pytest.approx(math.log(chance / (1 - chance)), abs=1e-3)
    assert tuned.explain("the good film !", "neg").score == pytest.approx(-explanation.score, abs=1e-4)


def test_tokens_know_their_characters(tuned):
    text = "the film, 很好 😀!"
    explanation = tuned.explain(text)
    assert all(token.text == text[token.start : token.end] for token in explanation.tokens)
    assert [token.start for token in explanation.tokens] == sorted(token.start for token in explanation.tokens)
    covered = {i for token in explanation.tokens for i in range(token.start, token.end)}
    assert {i for i, character in enumerate(text) if not character.isspace()} <= covered


def test_a_quantized_core_is_explained_through_a_float_twin_that_dies_with_it(toy_slm, contrasted):
    core = SLM(toy_slm.config, toy_slm.tokenizer, float_copy(toy_slm.encoder), fingerprint="toy", precision="int8")
    twin = explain_module._float_layers(core, vectors=False)
    assert explain_module._float_layers(core, vectors=False) is twin
    assert explain_module._float_layers(core, vectors=True) is not twin
    watched = weakref.ref(twin[0])
    del core, twin
    gc.collect()
    assert watched() is None


def test_an_empty_text_has_no_tokens(tuned):
    explanation = tuned.explain("")
    assert explanation.tokens == ()
    assert explanation.score == pytest.approx(explanation.baseline)
    assert "<div" in explanation._repr_html_()


def test_it_shows_itself(tuned):
    text = 'good <script>alert("x")</script> & film'
    explanation = tuned.explain(text)
    page = explanation._repr_html_()
    assert "<script>" not in page
    assert "&lt;" in page
    assert page.count("<span") == len(explanation.tokens)
    shown = str(explanation)
    assert "log odds" in shown.splitlines()[0]
    assert "more" not in str(tuned.explain("good"))
    assert "tokens of less weight" in str(tuned.explain("film good bank " * 20))
    frame = explanation.to_frame()
    assert frame.columns.tolist() == ["text", "start", "end", "score"]
    assert len(frame) == len(explanation.tokens)


def test_unusable_requests_are_refused(tuned):
    with pytest.raises(InputError, match="one string"):
        tuned.explain(["a"])
    with pytest.raises(InputError, match="'odd' is not known"):
        tuned.explain("a", "odd")
    with pytest.raises(InputError, match="tolerance"):
        tuned.explain("a", tolerance=0)
