"""``RelationExtractor`` that is given the mentions: one relation a pair or several, none, far pairs, order."""

import numpy as np
import pytest
from toy_relations import SETTINGS, material, pairs

from slmkit.errors import InputError
from slmkit.tasks.knowledge.relations import RelationExtractor
from slmkit.tasks.knowledge.relations.examples import Example
from slmkit.tasks.knowledge.relations.pairs import PairUnits, Reach
from slmkit.text.tokenizer import Tokens


def test_it_learns_what_joins_two_mentions(teller):
    texts, triples, entities = pairs(80, seed=1)
    assert teller.model_.manner.given
    assert teller.model_.manner.single
    assert teller.score(texts, triples, entities) > 0.9
    found = teller.predict(texts, entities)
    assert all(len(row) <= 1 for row in found)
    for text, row, (head, tail) in zip(texts, found, entities, strict=True):
        for each in row:
            assert (each.head.start, each.head.end) == head
            assert (each.tail.start, each.tail.end) == tail
            assert text[each.start : each.end] == each.sentence


def test_no_relation_is_one_of_the_answers(teller):
    texts, triples, entities = pairs(60, seed=2)
    chances = teller.predict_proba(texts, entities)
    assert {each.shape for each in chances} == {(1, 3)}
    assert np.concatenate(chances).sum(1) == pytest.approx(np.ones(60))
    none = [chance[0, 0] for chance, said in zip(chances, triples, strict=True) if not said]
    some = [chance[0, 0] for chance, said in zip(chances, triples, strict=True) if said]
    assert np.mean(none) > 0.7 > 0.3 > np.mean(some)
    assert 0 < teller.model_.manner.threshold < 1


def test_where_every_pair_has_a_relation_one_is_always_told(toy_slm):
    texts, triples, entities = pairs(40)
    kept = [row for row, said in enumerate(triples) if said]
    made = RelationExtractor(slm=toy_slm, epochs=1, **SETTINGS).fit(
        *[[each[row] for row in kept] for each in (texts, triples, entities)]
    )
    assert all(len(row) == 1 for row in made.predict(texts, entities))


def test_forms_of_mentions_and_of_texts(teller):
    text = "team is good card of news ."
    forms = (
        [(0, 4), (13, 17)],
        [(0, 4, "x"), (13, 17, "y")],
        [{"start": 0, "end": 4}, {"start": 13, "end": 17, "type": "y"}],
        "[[0, 4], [13, 17]]",
    )
    found = [teller.predict(text, form) for form in forms]
    assert {tuple((e.head.text, e.relation, e.tail.text) for e in each) for each in found} == {
        (("team", "likes", "card"),)
    }
    assert teller.predict([text, None], [forms[0], []])[1] == []
    with pytest.raises(InputError, match="mentions that are given"):
        teller.predict(text)
    with pytest.raises(InputError, match="1 rows of entities"):
        teller.predict([text, text], [forms[0]])
    with pytest.raises(InputError, match="row 0 of the entities: .*no place in a text of 27"):
        teller.predict([text], [[(0, 4), (13, 170)]])


def test_batches_do_not_matter(teller):
    texts, _, entities = pairs(30, seed=3)
    together = np.concatenate(teller.predict_proba(texts, entities))
    alone = np.concatenate([teller.predict_proba([t], [e])[0] for t, e in zip(texts, entities, strict=True)])
    assert together == pytest.approx(alone, abs=1e-4)


def test_several_relations_of_a_pair(toy_slm, tmp_path):
    texts, triples, entities = material(60)
    made = RelationExtractor(slm=toy_slm, entities="given", epochs=6, **SETTINGS).fit(texts, triples, entities)
    assert not made.model_.manner.single
    assert made.model_.manner.reach == Reach(both=False, sentences=0)
    assert made.score(texts, triples, entities) > 0.6
    both = [row for row in made.predict(texts, entities) if len({(e.head.start, e.tail.start) for e in row}) < len(row)]
    assert both
    made.save(tmp_path / "model")
    other = RelationExtractor.load(tmp_path / "model", slm=toy_slm)
    assert other.predict(texts[:9], entities[:9]) == made.predict(texts[:9], entities[:9])
    with pytest.raises(InputError, match="single=True, and some pair"):
        RelationExtractor(slm=toy_slm, entities="given", single=True, **SETTINGS).fit(texts, triples, entities)


def test_a_pair_of_a_long_text_is_read_in_a_window_around_it(teller):
    text = "the " * 90 + "team is good card of " + "the " * 90 + "."
    spans = [(text.index(word), text.index(word) + 4) for word in ("team", "card")]
    (tokens,) = teller.slm.tokenizer.encode_batch([text])
    laid = PairUnits.of([tokens], [[(*span, "") for span in spans]], [(0, 0, 1)], teller.model_.manner.room)
    (unit,) = laid.units
    assert unit.end - unit.start == teller.model_.manner.room < len(tokens)
    begin, end = int(tokens.offsets[unit.start, 0]), int(tokens.offsets[unit.end - 1, 1])
    around = text[begin:end], [(a - begin, b - begin) for a, b in spans]
    wanted = teller.predict_proba([around[0]], [around[1]])[0]
    assert teller.predict_proba([text], [spans])[0] == pytest.approx(wanted, abs=1e-4)
    far = "team of " + "the " * 200 + "card ."
    assert teller.predict(far, [(0, 4), (far.index("card"), far.index("card") + 4)]) == []
    assert teller.predict_proba([far], [[(0, 4), (far.index("card"), far.index("card") + 4)]])[0][0].tolist() == [
        1,
        0,
        0,
    ]


def test_pairs_are_marked_where_they_are():
    tokens = Tokens(np.arange(20), np.stack([np.arange(20) * 2, np.arange(20) * 2 + 2], axis=1))
    spans = [(0, 4, ""), (6, 8, ""), (36, 40, "")]
    laid = PairUnits.of([tokens], [spans], [(0, 0, 1), (0, 1, 0), (0, 1, 2)], room=12)
    assert laid.asked == [(0, 0, 1), (0, 1, 0)]
    assert laid.far == [(0, 1, 2)]
    assert len(laid.units) == 1
    assert laid.sides.tolist() == [[[1, 2], [4, 4]], [[4, 4], [1, 2]]]
    assert laid.marks(np.array([1]), 6)[0].T.tolist() == [
        [False, False, False, False, True, False],
        [False, True, True, False, False, False],
    ]


def test_how_far_pairs_reach_is_learned():
    text = "a . b . c ."
    spans = ((0, 1, ""), (4, 5, ""), (8, 9, ""))
    forward = Example(text, spans, ((0, "r", 1),))
    assert Reach.of([forward]) == Reach(both=False, sentences=1)
    assert Reach.of([forward]).pairs(text, spans) == [(0, 1), (1, 2)]
    back = Example(text, spans, ((2, "r", 0),))
    assert Reach.of([forward, back]) == Reach(both=True, sentences=2)
    assert len(Reach.of([back]).pairs(text, spans)) == 6
