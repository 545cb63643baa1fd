import json
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from slmkit.errors import CheckpointError, InputError
from slmkit.tasks import tables
from slmkit.tasks.base import TableTask
from slmkit.tasks.generation import Generator, Translator, WritingModel, fit_writer
from slmkit.tasks.generation.fitting import WriterRecipe
from slmkit.tasks.generation.layout import stretches
from slmkit.writing import Written
from tests.conftest import make_toy_slm

SOURCES = ["the good film of the bank", "a bad movie is news", "酒店很好，服务不差！", "the team of the bank"] * 3
TARGETS = ["good film", "bad movie", "酒店好", "the team"] * 3
QUICK = {"epochs": 20, "depth": 2, "learning_rate": 4e-3, "batch_tokens": 60, "target": 30, "held_back": 0.0}


@pytest.fixture(scope="module", params=["decoder", "branch", "no decoder"])
def core(request):
    return make_toy_slm(decoder=request.param != "no decoder", branch=2 if request.param == "branch" else 0)


@pytest.fixture(scope="module")
def writing():
    return make_toy_slm(decoder=True)


@pytest.fixture(scope="module")
def fitted(core):
    return Generator(start="title", slm=core).fit(pd.Series(SOURCES, index=range(5, 17)), TARGETS, **QUICK)


def test_a_fit_learns_its_pairs(fitted):
    assert fitted.predict(SOURCES) == TARGETS
    assert fitted.predict(SOURCES[0]) == TARGETS[0]
    found = fitted.predict(pd.Series(SOURCES[:2], index=["x", "x"]))
    assert list(found.index) == ["x", "x"]
    assert list(found) == TARGETS[:2]
    assert fitted.candidates(SOURCES[0], 3)[0].text == TARGETS[0]
    assert len(fitted.candidates(SOURCES[0], 3)) == 3
    assert "".join(fitted.stream(SOURCES[0])) == TARGETS[0]
    steps = fitted.explain(SOURCES[0])
    assert "".join(TARGETS[0][step.start : step.end] for step in steps).replace(" ", "") == TARGETS[0].replace(" ", "")
    assert np.mean([step.score for step in steps]) > np.mean([s.score for s in fitted.explain(SOURCES[0], "bad team")])


def test_a_fitted_writer_is_saved_and_loaded(fitted, core, tmp_path):
    fitted.save(tmp_path / "model")
    loaded = Generator.load(tmp_path / "model", slm=core)
    assert loaded.start == "title"
    assert loaded.fingerprint == fitted.fingerprint
    assert loaded.predict(SOURCES) == TARGETS
    stored = json.loads((tmp_path / "model/config.json").read_text())
    assert stored["about"]["pairs"] == 12
    with pytest.raises(CheckpointError, match="expected 'translate'"):
        Translator.load(tmp_path / "model", slm=core)
    other = make_toy_slm(decoder=core.decoder is not None)
    other.fingerprint = "another"
    with pytest.raises(CheckpointError, match="was fitted on core toy"):
        Generator.load(tmp_path / "model", slm=other)
    (tmp_path / "model/model.safetensors").write_bytes(b"x")
    with pytest.raises(CheckpointError, match="damaged"):
        WritingModel.load(tmp_path / "model", slm=core)


def test_the_same_seed_gives_the_same_writer(core):
    options = {**QUICK, "epochs": 1}
    models = [fit_writer(core, SOURCES, TARGETS, random_state=seed, **options) for seed in (1, 1, 2)]
    assert models[0].fingerprint == models[1].fingerprint != models[2].fingerprint


@pytest.mark.parametrize("depth", [None, 0, 1, 3])
def test_a_fit_tunes_the_top_of_the_branch_and_leaves_the_rest(depth):
    core = make_toy_slm(decoder=True, branch=2)
    model = fit_writer(core, SOURCES, TARGETS, **{**QUICK, "epochs": 1, "depth": depth})
    own = [*core.encoder.layers[:2], *core.decoder.branch.layers]
    kept = model.writer.decoder.branch.layers
    assert len(kept) == max(2, depth or 0) == model.writer.decoder.config.branch
    assert model.about["recipe"]["depth"] == (2 if depth is None else depth)
    moved = [
        (layer.inner.weight - before.inner.weight).abs().max() > 2e-3  # more than rounding to int8 rows
        for layer, before in zip(kept, own[-len(kept) :], strict=True)
    ]
    tuned = 2 if depth is None else depth
    assert moved == [False] * (len(kept) - tuned) + [True] * tuned


def test_a_held_back_part_stops_a_fit_and_its_best_weights_stay(writing):
    rng = np.random.default_rng(0)
    noise = ["".join(rng.choice(list("abcdefgh"), 8)) for _ in range(24)]
    model = fit_writer(writing, noise, noise[::-1], **{**QUICK, "held_back": 0.4, "epochs": 40}, patience=2)
    losses = [look["loss"] for look in model.about["history"]]
    assert len(losses) < 80
    assert len(losses) - 1 - int(np.argmin(losses)) >= 2


def test_an_interrupted_fit_is_a_fit(writing, monkeypatch):
    from slmkit.tasks.generation.fitting import WriterInTraining

    plain, calls = WriterInTraining.loss, []

    def loss(self, rows):
        calls.append(1)
        if len(calls) > 3:
            raise KeyboardInterrupt
        return plain(self, rows)

    monkeypatch.setattr(WriterInTraining, "loss", loss)
    with pytest.warns(UserWarning, match="interrupted after step 3"):
        model = fit_writer(writing, SOURCES, TARGETS, **QUICK)
    assert model.about["interrupted"]
    assert len(model.writer.write(["the film"], None, max_new_tokens=3)) == 1


def test_a_long_source_is_said_to_be_cut_in_training_only(writing):
    sources = ["the good film. " * 30, *SOURCES]
    with pytest.warns(UserWarning, match="1 of the sources are longer than 40 tokens"):
        model = fit_writer(writing, sources, ["the film", *TARGETS], **{**QUICK, "epochs": 1}, source=40)
    memory = model.writer.read(sources[:1])
    assert memory.ids.shape[1] > 100


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layers": 3}, "layers: not known; give depth"),
        ({"depth": 9}, "the core has 4 layers"),
        ({"epochs": 0}, "epochs 0"),
        ({"target": 500}, "give 2 to 127 tokens"),
        ({"held_back": 1.0}, "held_back"),
        ({"blanks": 1.0}, "blanks 1.0: give 0 to 1"),
        ({"start": "sing"}, "the core knows continue"),
    ],
)
def test_impossible_options_are_refused(writing, options, message):
    with pytest.raises(InputError, match=message):
        fit_writer(writing, SOURCES, TARGETS, **options)


def test_rows_that_are_no_pairs_are_refused(writing):
    with pytest.raises(InputError, match="2 sources and 1 targets"):
        fit_writer(writing, ["a", "b"], ["c"])
    with pytest.raises(InputError, match="row 1 of the texts"):
        fit_writer(writing, ["a", None], ["c", "d"])
    with pytest.raises(InputError, match="at least one pair"):
        fit_writer(writing, [], [])


def test_a_recipe_reads_small_sets_more_often():
    assert WriterRecipe().for_pairs(100_000, 9_000_000, 512, taught=True).epochs == 2
    assert WriterRecipe().for_pairs(2_000, 600_000, 512, taught=True).epochs == 5
    assert WriterRecipe().for_pairs(500, 20_000, 512, taught=True).epochs == 20
    assert WriterRecipe().for_pairs(50, 2_000, 512, taught=True).held_back == 0
    rates = [WriterRecipe().for_pairs(10, 400, 512, taught=taught).learning_rate for taught in (True, False)]
    assert rates[0] < rates[1]
    assert WriterRecipe(learning_rate=0.1).for_pairs(10, 400, 512, taught=True).learning_rate == 0.1
    assert WriterRecipe(epochs=7).for_pairs(10, 400, 512, taught=True).epochs == 7
    assert WriterRecipe().for_pairs(10, 400, 128, taught=True).target == 127


def test_scikit_learn_manners(fitted, core):
    made = clone(fitted)
    assert made.get_params(deep=False) == fitted.get_params(deep=False)
    assert made.slm is core
    assert not hasattr(made, "model_")
    assert isinstance(made, TableTask)
    assert repr(Generator(start="title")) == "Generator(start='title')"
    pipeline = Pipeline([("trim", FunctionTransformer(lambda rows: [row.strip() for row in rows])), ("write", fitted)])
    assert list(pipeline.predict([f" {SOURCES[0]} "])) == TARGETS[:1]
    with pytest.raises(ValueError, match="no parameter 'layers'; it has start"):
        made.set_params(layers=3)
    with pytest.raises(NotFittedError, match="Generator"):
        made.save("nowhere")
    if core.decoder is None:
        with pytest.raises(CheckpointError, match="no decoder"):
            made.predict("x")


def test_a_table_keeps_its_rows_and_flags_the_one_that_is_too_long(writing):
    frame = pd.DataFrame({"text": ["the film", None, "好" * 20_000, " ", "a bank"]}, index=[3, 3, 1, 0, "x"])
    made = tables.apply(Generator(max_new_tokens=6, slm=writing), frame)
    assert list(made.index) == list(frame.index)
    assert made["generated"].notna().tolist() == [True, False, False, False, True]
    assert "tokens, the decoder reads" in made["slm_error"].iloc[2]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        alone = Generator(max_new_tokens=6, slm=writing).predict("a bank")
    assert made["generated"].iloc[4] == alone


class Upper:
    """A writer that shows what it was given."""

    def __init__(self, decoder):
        self.decoder, self.asked = decoder, []

    def write(self, texts, start, **settings):
        self.asked.append((list(texts), start))
        return [[Written(f"<{text}>", 0.0, ended=True)] for text in texts]


@pytest.fixture
def translator(writing, monkeypatch):
    shown = Upper(writing.decoder)
    monkeypatch.setattr(Translator, "writer", property(lambda self: shown))
    return Translator("en", "zh", slm=writing), shown


def test_a_document_keeps_its_layout(translator):
    task, shown = translator
    text = "  Title\n\nFirst one. Second one!\n\t- 3.14 %\n---\n已经是中文。\nFirst one.\n"
    assert task.predict(text) == (
        "  <Title>\n\n<First one.><Second one!>\n\t- 3.14 %\n---\n已经是中文。\n<First one.>\n"
    )
    assert shown.asked == [(["Title", "First one.", "Second one!"], "translate-en-zh")]


def test_marks_of_lists_headings_quotes_and_tables_stay(translator):
    task, _ = translator
    text = (
        "# Opening hours\n\n- The shop is open.\n* Tea.\n  • Coffee. Milk.\n1. Open it.\n2) Close it.\n"
        "> He said hello.\n- [ ] Buy milk\n| Name | Age |\n|---|---|\nHello.\tGood morning.\t\n12\t"
    )
    assert task.predict(text) == (
        "# <Opening hours>\n\n- <The shop is open.>\n* <Tea.>\n  • <Coffee.><Milk.>\n1. <Open it.>\n2) <Close it.>\n"
        "> <He said hello.>\n- [ ] <Buy milk>\n| <Name> | <Age> |\n|---|---|\n<Hello.>\t<Good morning.>\t\n12\t"
    )
    task.set_params(source="zh", target="en")
    assert task.predict("一、开门。关门。\n（二）等\n* 茶\n3、走  ") == (
        "一、<开门。> <关门。>\n（二）<等>\n* <茶>\n3、<走>  "
    )


@given(st.text(alphabet="ab。.\n\t |-#>1、一 ", max_size=40))
def test_stretches_are_the_document(text):
    found = list(stretches(text))
    assert "".join(each.before + each.text + each.after for each in found) == (text if text.strip() else "")


def test_a_line_break_of_the_decoder_is_none_of_the_document(translator):
    task, shown = translator
    shown.write = lambda texts, start, **settings: [[Written("甲\n乙", 0.0, ended=True)] for _ in texts]
    assert task.predict("One.\nTwo.\n") == "甲 乙\n甲 乙\n"


def test_a_heading_gets_no_full_stop(translator):
    task, shown = translator
    shown.write = lambda texts, start, **settings: [[Written("你好。", 0.0, ended=True)] for _ in texts]
    assert task.predict("# Hello\nHello.\nHello! (you)\n") == "# 你好\n你好。\n你好。你好。\n"
    task.set_params(source="zh", target="en")
    shown.write = lambda texts, start, **settings: [[Written("At 5 p.m.", 0.0, ended=True)] for _ in texts]
    assert task.predict("五点") == "At 5 p.m."


@pytest.mark.parametrize("text", ["Привет, как дела?", "こんにちは", "안녕하세요"])
def test_a_text_in_another_script_is_said(translator, text):
    task, _ = translator
    with pytest.raises(InputError, match="text 0 (has no English in it|is Chinese)"):
        task.predict(text)


def test_what_is_drawn_needs_no_word_about_beams(writing):
    task = Generator(start="title", settings={"do_sample": True, "seed": 1}, max_new_tokens=3, slm=writing)
    assert task._search()["num_beams"] == 1
    assert Generator(start="title", slm=writing)._search()["num_beams"] == 4


def test_english_gets_spaces_between_sentences(translator):
    task, _ = translator
    task.set_params(source="zh", target="en")
    assert task.predict("第一句。第二句！\n第三句") == "<第一句。> <第二句！>\n<第三句>"
    assert task.predict(["", "12:30", "第一句。"]) == ["", "12:30", "<第一句。>"]


def test_the_wrong_language_is_said(translator):
    task, _ = translator
    with pytest.raises(
        InputError, match=r"text 1 is Chinese, this translator reads English; give Translator\(source='zh'"
    ):
        task.predict(["Fine.", "全是中文。"])
    made = tables.apply(task, pd.DataFrame({"text": ["Fine.", "全是中文。"]}))
    assert made["translation"].tolist()[0] == "<Fine.>"
    assert "is Chinese" in made["slm_error"].iloc[1]
    with pytest.raises(InputError, match="give 'en' and 'zh'"):
        Translator("en", "fr").predict("x")


def test_without_a_source_what_is_in_the_target_language_stays(translator):
    task, shown = translator
    task.set_params(source=None)
    assert task.predict(["Fine.", "全是中文。"]) == ["<Fine.>", "全是中文。"]
    assert shown.asked == [(["Fine."], "translate-en-zh")]
    with pytest.raises(InputError, match="give 'en' and 'zh'"):
        Translator(None, "fr").predict("x")


def test_a_core_without_the_job_says_what_it_knows(writing):
    assert isinstance(Translator("en", "zh", slm=writing).predict("The film."), str)
    with pytest.raises(InputError, match="not taught to 'translate-zh-en'; it knows continue"):
        Translator("zh", "en", slm=writing).predict("电影。")


def test_a_saved_writer_annotates_a_table(fitted, core, tmp_path, monkeypatch):
    from slmkit.tasks.base import load_model

    fitted.save(tmp_path / "model")
    monkeypatch.setattr("slmkit.core.load", lambda path=None, precision="auto": core)
    monkeypatch.setattr("slmkit.tasks.saved_part.load_core", lambda: core)
    task = load_model(str(tmp_path / "model"))
    assert isinstance(task, Generator)
    assert task.annotate(SOURCES[:2]) == [{"generated": text} for text in TARGETS[:2]]
