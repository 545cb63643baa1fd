"""Types by name: rows from vectors, recognizers of other types, fits that begin from names."""

import numpy as np
import pytest
import torch

from slmkit.errors import InputError
from slmkit.tasks.knowledge import EntityRecognizer
from slmkit.tasks.knowledge.entities import inventories
from slmkit.tasks.knowledge.entities.inventories import GENERAL, inventory, labels_of_general
from slmkit.tasks.knowledge.entities.offers import Offer
from slmkit.tasks.knowledge.entities.open_fit import OpenNetwork, judged
from slmkit.tasks.knowledge.entities.recipe import RecognizerRecipe
from slmkit.tasks.knowledge.entities.type_rows import TypeRows, name_vectors, named_types
from slmkit.training.loop import Descent, Schedule

NAMES = {"bank card": "bank", "good team": "team", "酒店": "hotel"}
FILLER = ["the", "a", "is", "of", "news", "film"]


def texts_of(count, seed):
    rng = np.random.default_rng(seed)
    texts, spans = [], []
    for _ in range(count):
        text, own = "", []
        for _ in range(6):
            word = str(rng.choice(list(NAMES) if rng.random() < 0.4 else FILLER))
            text += " " if text else ""
            if word in NAMES:
                own.append((len(text), len(text) + len(word), NAMES[word]))
            text += word
        texts.append(text)
        spans.append(own)
    return texts, spans


@pytest.fixture(scope="module")
def network(toy_slm):
    """Trained to find what is named "bank", "team" or "hotel", offered one or two at a time."""
    recipe = RecognizerRecipe(depth=2, held_back=0.0, epochs=1, learning_rate=3e-3).settled(1, 1.0, toy_slm)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = OpenNetwork(toy_slm, recipe, ["bank", "team", "hotel"])
        descent = Descent(made.train(), Schedule(60, 3e-3), {"type_rows.": 5.0, "spans.heads.": 5.0})
        kinds = ["bank", "team", "hotel"]
        for step in range(60):
            rng = np.random.default_rng(step)
            offered = [kinds[i] for i in rng.permutation(3)[: 1 + step % 3]]
            texts, spans = texts_of(24, 100 + step)
            own = [[span for span in each if span[2] in offered] for each in spans]
            descent.step(made.loss(Offer(texts, own, offered, offered)))
    return made.eval()


@pytest.fixture(scope="module")
def folder(network, tmp_path_factory):
    place = tmp_path_factory.mktemp("open") / "saved"
    network.model().save(place)
    return place


def test_only_what_is_asked_for_by_name_is_found(folder, toy_slm):
    text = "the bank card of a good team is 酒店"
    for types, found in (
        (["bank"], {"bank card": "bank"}),
        (["team", "hotel"], {"good team": "team", "酒店": "hotel"}),
        ({"MONEY": "bank", "PLACE": "hotel"}, {"bank card": "MONEY", "酒店": "PLACE"}),
    ):
        made = EntityRecognizer.from_types(types, model=folder, slm=toy_slm)
        assert made.types_ == tuple(types)
        assert {each.text: each.type for each in made.predict(text)} == found


def test_the_option_of_the_command_line_is_the_same(folder, toy_slm):
    made = EntityRecognizer(["bank"], model=folder, slm=toy_slm)
    assert [each.type for each in made.predict("the bank card of")] == ["bank"]
    one = made.fingerprint
    made.set_params(types=["team"])
    assert made.types_ == ("team",)
    assert made.fingerprint != one


def test_judged_by_kind(network):
    texts, spans = texts_of(20, 7)
    found = judged(network.model(), Offer(texts, spans, ["bank", "team", "hotel"], ["bank", "team", "hotel"]))
    assert found.there == sum(map(len, spans))
    assert found.best()[0] > 0.9


def test_saved_types_by_name_are_read_again(folder, toy_slm, tmp_path):
    made = EntityRecognizer.from_types({"MONEY": "bank"}, model=folder, slm=toy_slm)
    made.save(tmp_path / "types")
    again = EntityRecognizer.load(tmp_path / "types", slm=toy_slm)
    assert again.predict("the bank card of") == made.predict("the bank card of") != []
    assert again.types == {"MONEY": "bank"}
    assert again.model_.knows_names


def test_the_general_types_are_those_of_their_words(network):
    model = network.model()
    assert model.types == tuple(GENERAL)
    again = model.with_types(GENERAL)
    torch.testing.assert_close(again.tensors["pointer.kind.weight"], model.tensors["pointer.kind.weight"])
    torch.testing.assert_close(again.tensors["tagger.kind.bias"], model.tensors["tagger.kind.bias"])


def test_a_fit_begins_where_the_names_lead(folder, toy_slm):
    texts, spans = texts_of(10, 3)
    labelled = [[(a, b, kind.upper()) for a, b, kind in own] for own in spans]
    settings = {"epochs": 1, "learning_rate": 1e-7, "validation_fraction": 0.0, "slm": toy_slm, "start": folder}
    words = {"BANK": "bank", "TEAM": "team", "HOTEL": "hotel"}
    knowing = EntityRecognizer(words, **settings).fit(texts, labelled)
    assert (
        knowing.score(*(texts_of(20, 8)[0], [[(a, b, k.upper()) for a, b, k in o] for o in texts_of(20, 8)[1]])) > 0.8
    )
    assert knowing.model_.types == ("BANK", "HOTEL", "TEAM")


def test_rows_stand_where_pointer_and_tagger_look_for_them():
    rows = TypeRows(4, 3, torch.tensor([1.0, 0.0, 0.0]))
    with torch.no_grad():
        rows.linear.weight.zero_()
        rows.linear.bias.copy_(torch.arange(20.0))  # begin, end, begin, inside: four weights and a bias each
        (pointing, point_bias), (tagging, tag_bias) = rows(torch.rand(2, 3))
    assert pointing.shape == tagging.shape == (4, 4)
    assert pointing[:, 0].tolist() == [0, 0, 5, 5]
    assert point_bias.tolist() == [4, 4, 9, 9]
    assert tagging[:, 0].tolist() == [10, 15, 10, 15]
    assert tag_bias.tolist() == [14, 19, 14, 19]


def test_several_wordings_are_their_mean(toy_slm):
    both, bank, card = name_vectors(toy_slm, ["bank|card", "bank", "card"])
    torch.testing.assert_close(both, (bank + card) / 2)


@pytest.mark.parametrize(
    "types", [[], {}, "drug", ["drug", "drug"], ["drug", " "], ["|"], {"A": ""}, {"": "drug"}, [3], {"A": None}]
)
def test_what_are_no_types_is_named(types, folder, toy_slm):
    with pytest.raises(InputError, match="types"):
        EntityRecognizer.from_types(types, model=folder, slm=toy_slm)


def test_types_of_any_shape():
    assert named_types(["drug", "side effect"]) == {"drug": "drug", "side effect": "side effect"}
    assert named_types({"D": "drug"}) == {"D": "drug"}


def test_the_table_of_types_is_whole():
    sets = inventories._read()
    assert len(sets) > 10
    for name, types in sets.items():
        for named in types.values():
            assert named.general in ("", *GENERAL), (name, named)
            assert all(word == word.strip() != "" for word in (*named.en, *named.zh)), (name, named)
            assert named.words.count("|") == 1
    assert labels_of_general("wikiann-en") == {"person": "PER", "organisation": "ORG", "location": "LOC"}
    assert labels_of_general("wnut17").keys() == {"person", "location", "product", "work"}
    with pytest.raises(InputError, match="those of these sets are: msra-ner"):
        inventory("msra")
