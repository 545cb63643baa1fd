import numpy as np
import pytest

import slmkit
from slmkit.core import SLM
from slmkit.errors import CheckpointError
from slmkit.interop.reading import Reading
from tests.core.interop.conftest import FAMILIES, TEXTS, make_pretrained, write

MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
]
POOLING = {"word_embedding_dimension": 32, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": False}
CLS, MEAN = {**POOLING, "pooling_mode_cls_token": True}, {**POOLING, "pooling_mode_mean_tokens": True}
PROMPTS = {"query": "find the room: ", "passage": "of the book: "}


def vectors_of(folder, texts, **settings):
    library = pytest.importorskip("sentence_transformers", reason="the library to compare with is not installed")
    model = library.SentenceTransformer(str(folder), device="cpu")
    return model.encode(texts, normalize_embeddings=True, **settings)


def test_the_packaged_minilm(minilm):
    core = slmkit.load(minilm, precision="fp32")
    np.testing.assert_allclose(core.embed(TEXTS), vectors_of(minilm, TEXTS), atol=1e-4)
    assert core.config.encoder.positions == 256  # as its makers say, not the 512 rows of its table
    near = core.embed(["a cat on the sofa", "a kitten on the couch"])
    assert near[0] @ near[1] > 0.5 > near[0] @ core.embed("the stock market fell")


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_vectors_and_prompts_are_the_librarys(tmp_path, family, pooling):
    folder = make_pretrained(family, tmp_path / "model")
    # Bytes are read with the space before them, so that one at the end of a prompt belongs to the text.
    prompts = {kind: prompt.rstrip() if family == "roberta" else prompt for kind, prompt in PROMPTS.items()}
    write(folder, modules=MODULES, config_sentence_transformers={"prompts": prompts})
    write(folder, **{"1_Pooling__config": CLS if pooling == "cls" else MEAN})
    core = SLM.load(folder, precision="fp32")
    assert core.pooling == pooling
    np.testing.assert_allclose(core.embed(TEXTS), vectors_of(folder, TEXTS), atol=1e-4)
    texts = [text for text in TEXTS if text.strip()]
    for kind in PROMPTS:
        found = vectors_of(folder, texts, prompt_name=kind)
        np.testing.assert_allclose(core.embed(texts, kind=kind), found, atol=1e-4)


def test_a_prompt_that_runs_into_the_text_is_refused(tmp_path):
    folder = make_pretrained("roberta", tmp_path / "model")
    write(folder, config_sentence_transformers={"prompts": PROMPTS})
    with pytest.raises(CheckpointError, match="'find the room: '"):
        SLM.load(folder)


def test_pooling_by_the_mean_of_windows(bert):
    write(bert, modules=MODULES, **{"1_Pooling__config": CLS})
    core = SLM.load(bert, precision="fp32")
    text = "the good film, the bad room " * 20
    cut = core.windows([text], max_length=64)
    first = [states[0] for _, batch, _ in core.run(cut) for states in batch]
    order = [number for numbers, _, _ in core.run(cut) for number in numbers]
    weighed = sum(first[order.index(n)] * len(ids) for n, ids in enumerate(cut.ids))
    np.testing.assert_allclose(core.embed(text), weighed / weighed.norm(), atol=1e-5)


@pytest.mark.parametrize(
    ("about", "prompts"),
    [
        ({}, {}),
        ({"prompts": {"query": "", "document": ""}, "default_prompt_name": None}, {}),
        ({"prompts": {"query": "q: ", "document": "d: "}}, {"query": "q: ", "passage": "d: "}),
        (
            {"prompts": {"usual": "u: ", "query": "q: "}, "default_prompt_name": "usual"},
            {"text": "u: ", "query": "q: ", "passage": "u: "},
        ),
    ],
)
def test_prompts_as_they_are_written(tmp_path, about, prompts):
    write(tmp_path, config_sentence_transformers=about)
    assert Reading.of(tmp_path).prompts == prompts


@pytest.mark.parametrize(
    ("name", "query", "text"),
    [
        ("multilingual-e5-small", "query: ", "query: "),
        ("e5-base-v2", "query: ", "query: "),
        ("models--intfloat--e5-large/snapshots/0123456789abcdef", "query: ", "query: "),
        ("bge-small-en-v1.5", "Represent this sentence for searching relevant passages: ", None),
        ("bge-m3", None, None),
        ("multilingual-e5-large-instruct", None, None),
        ("made-by-me", None, None),
    ],
)
def test_prompts_that_only_the_model_card_names(tmp_path, name, query, text):
    (tmp_path / name).mkdir(parents=True)
    prompts = Reading.of(tmp_path / name).prompts
    assert (prompts.get("query"), prompts.get("text")) == (query, text)


@pytest.mark.parametrize(
    ("pooling", "found"),
    [(CLS, "cls"), (MEAN, "mean"), ({"pooling_mode": "cls"}, "cls"), ({"pooling_mode": ["mean"]}, "mean")],
)
def test_pooling_as_it_is_written(tmp_path, pooling, found):
    write(tmp_path, modules=MODULES, **{"1_Pooling__config": pooling})
    assert Reading.of(tmp_path).pooling == found


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"1_Pooling__config": {**MEAN, "pooling_mode_max_tokens": True}}, "max"),
        ({"1_Pooling__config": {"pooling_mode": "lasttoken"}}, "lasttoken"),
        ({"modules": [*MODULES, {"path": "2_Dense", "type": "sentence_transformers.models.Dense"}]}, "Dense"),
        (
            {
                "1_Pooling__config": {**MEAN, "include_prompt": False},
                "config_sentence_transformers": {"prompts": {"query": "q: "}},
            },
            "leaves the prompt out",
        ),
        ({"modules": {"not": "a list"}}, "modules.json"),
    ],
)
def test_vectors_that_are_made_otherwise_are_refused(tmp_path, files, message):
    write(tmp_path, **files)
    with pytest.raises(CheckpointError, match=message):
        Reading.of(tmp_path)


def test_the_length_of_a_row(tmp_path):
    assert Reading.of(tmp_path).limit is None
    write(tmp_path, tokenizer_config={"model_max_length": 512})
    assert Reading.of(tmp_path).limit == 512
    write(tmp_path, sentence_bert_config={"max_seq_length": 128})
    assert Reading.of(tmp_path).limit == 128


def test_a_row_is_never_longer_than_the_table(bert):
    write(bert, sentence_bert_config={"max_seq_length": 48})
    assert SLM.load(bert).config.encoder.positions == 48
    write(bert, sentence_bert_config={"max_seq_length": 4096})
    assert SLM.load(bert).config.encoder.positions == 64
