"""A fitted extractor's findings as relations with their sentences, and as extractions for a graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from slmkit.from_states import FromStates
from slmkit.tasks.knowledge.records import Extraction, Mention
from slmkit.tasks.knowledge.relations.candidates import Found, Place
from slmkit.tasks.knowledge.relations.examples import Span, read_examples, rows_for
from slmkit.tasks.knowledge.relations.given import as_ends
from slmkit.tasks.knowledge.relations.held_back import right_keys
from slmkit.tasks.knowledge.relations.relation import Relation, relation_of
from slmkit.tasks.knowledge.relations.relation_model import RelationModel
from slmkit.text.sentences import sentence_spans


class Reading:
    """A model with the threshold that is wanted.

    Args:
        model: what finds. threshold: the score from which a relation is given back; None takes the model's own.
    """

    def __init__(self, model: RelationModel, threshold: float | None) -> None:
        self.model, self.threshold = model, threshold

    def found(self, texts: Sequence[str]) -> Iterator[list[Relation]]:
        """The relations of each text, by a model that finds mentions itself."""
        for text, found in zip(texts, self.model.find(texts), strict=True):
            yield self._of(text, found)

    def finding(self, texts: Sequence[str]) -> FromStates[list[list[Relation]]]:
        """As ``found``, from the states of texts that are few enough to be read at once."""
        return self.model.finding(texts).then(
            lambda made: [self._of(text, found) for text, found in zip(texts, made, strict=True)]
        )

    def extractions(self, texts: Sequence[str]) -> list[Extraction]:
        """Mentions, those without a relation too, and triples of each text."""
        made = []
        for text, found in zip(texts, self.model.find(texts), strict=True):
            sure = [place for place, score in found.mentions.items() if score > 0]
            mentions = [self._mention(text, place, found.mentions[place]) for place in sorted(sure)]
            made.append(Extraction(tuple(mentions), tuple(self._of(text, found))))
        return made

    def told(self, texts: Sequence[str], entities: Sequence[Any]) -> Iterator[list[Relation]]:
        """The relations of each text, by a model that is given the mentions."""
        mentions = mentions_of(entities, texts)
        for text, own, told in zip(texts, mentions, self.model.tell(texts, mentions), strict=True):
            yield self._between(text, own, told)

    def _of(self, text: str, found: Found) -> list[Relation]:
        least = self.model.judge.threshold if self.threshold is None else self.threshold
        sentences, made = sentence_spans(text), []
        for chance, number in found.best(self.model.judge, overlaps=self.model.manner.overlaps):
            if chance >= least:
                head, tail = (
                    self._mention(text, side[number], found.mentions[side[number]])
                    for side in (found.heads, found.tails)
                )
                relation = self.model.schema.relations[found.relations[number]]
                made.append(relation_of(text, sentences, head, relation, tail, chance))
        return _surest_first(made)

    def _between(
        self, text: str, mentions: Sequence[Span], told: Sequence[tuple[int, int, np.ndarray]]
    ) -> list[Relation]:
        manner, sentences, made = self.model.manner, sentence_spans(text), []
        for head, tail, chances in told:
            each = chances[1:]
            if manner.single:
                any_one = 1 - chances[0] >= manner.threshold and each.max() > 0
                chosen = [int(each.argmax())] if any_one else []
            else:
                chosen = np.flatnonzero((each >= manner.threshold) & (each > 0)).tolist()
            sides = [Mention(text[a:b], a, b, kind) for a, b, kind in (mentions[head], mentions[tail])]
            made += [
                relation_of(text, sentences, sides[0], self.model.schema.relations[n], sides[1], float(each[n]))
                for n in chosen
                if self.threshold is None or each[n] >= self.threshold
            ]
        return _surest_first(made)

    def _mention(self, text: str, place: Place, score: float) -> Mention:
        start, end, kind = place
        chance = float(1 / (1 + np.exp(-score)))
        return Mention(text[start:end], start, end, self.model.schema.types[kind], chance)


def mentions_of(entities: Any, texts: Sequence[str]) -> list[list[Span]]:
    """Given mentions of each text, in their order, each once.

    Raises:
        InputError: not one entry a text, or one that cannot be read; the message names the row.
    """
    rows = rows_for(entities, texts, as_ends, "the entities")
    return [list(dict.fromkeys((end.start, end.end, end.type) for end in row)) for row in rows]


def f1(found: Sequence[Sequence[Relation]], texts: Sequence[str], triples: Any, entities: Any) -> float:
    """Micro F1 of what was found against what is right; see ``RelationExtractor.score``."""
    examples, left_out = read_examples(texts, triples, entities)
    right = said = wanted = 0
    for example, each in zip(examples, found, strict=True):
        gold = right_keys(example)
        if example.by_name:
            keys: set[Any] = {(one.head.text, one.relation, one.tail.text) for one in each}
        else:
            typed = any(kind for _, _, kind in example.mentions)
            keys = {(_span(one.head, typed), one.relation, _span(one.tail, typed)) for one in each}
        right, said, wanted = right + len(gold & keys), said + len(keys), wanted + len(gold)
    total = said + wanted + len(left_out)
    return 2 * right / total if total else 0.0


def _span(mention: Mention, typed: bool) -> Span:
    return mention.start, mention.end, mention.type if typed else ""


def _surest_first(found: list[Relation]) -> list[Relation]:
    return sorted(found, key=lambda one: (-one.score, one.head.start, one.tail.start, one.relation))
