"""Texts of the toy vocabulary that say who likes and who hates what: real to learn, and no two alike.

What is said of a thing hangs on the thing in the texts whose mentions are to be found, so that a toy core learns it in
seconds, and on the word before it where mentions are given.
"""

import random

WHO = ("team", "bank")
SAID_OF = {"film": ("likes",), "card": ("hates",), "movie": ("likes", "hates")}
SAYS = {"good": "likes", "bad": "hates"}
SETTINGS = {"depth": 2, "learning_rate": 3e-3, "batch_tokens": 256, "max_length": 64}


def sentence(rng):
    """``(text, mentions, triples)``; triples are ``(head, relation, tail)`` as numbers of mentions."""
    words, places, triples = rng.choices(("the", "of", "a"), k=rng.randint(0, 3)), [], []

    def name(word, kind):
        places.append((len(words), kind))
        words.append(word)
        return len(places) - 1

    head = name(rng.choice(WHO), "who")
    words.append("is")
    for clause in range(rng.randint(0, 2)):
        words += [",", "is"] if clause else []
        words.append(rng.choice(tuple(SAYS)))
        word = rng.choice(tuple(SAID_OF))
        tail = name(word, "what")
        triples += [(head, each, tail) for each in SAID_OF[word]]
    words += [rng.choice(("of", "the")), "."]
    spans = []
    for word in words:
        start = spans[-1][1] + 1 if spans else 0
        spans.append((start, start + len(word)))
    return " ".join(words), [(*spans[at], kind) for at, kind in places], triples


def joined(rows):
    """Sentences as one text."""
    text, mentions, triples = "", [], []
    for own, spans, links in rows:
        at, before = len(text) + bool(text), len(mentions)
        text = f"{text} {own}".strip()
        mentions += [(start + at, end + at, kind) for start, end, kind in spans]
        triples += [(head + before, relation, tail + before) for head, relation, tail in links]
    return text, mentions, triples


def material(n, seed=0):
    """Texts, triples as callers give them, and all mentions of each."""
    rng = random.Random(seed)
    rows = [joined([sentence(rng) for _ in range(rng.choice((1, 2, 3)))]) for _ in range(n)]
    triples = [[as_given(mentions, each) for each in links] for _, mentions, links in rows]
    return [text for text, _, _ in rows], triples, [mentions for _, mentions, _ in rows]


def as_given(mentions, link):
    head, relation, tail = link
    return {"head": end(mentions[head]), "relation": relation, "tail": end(mentions[tail])}


def end(mention):
    start, stop, kind = mention
    return {"start": start, "end": stop, "type": kind}


def pairs(n, seed=0):
    """Texts with two given mentions each: what the second is to the first, or nothing."""
    rng = random.Random(seed)
    texts, triples, entities = [], [], []
    for _ in range(n):
        first, second = rng.choice(WHO), rng.choice(tuple(SAID_OF))
        said = rng.choice(("good", "bad", "the"))
        text = f"{'the ' * rng.randint(0, 2)}{first} is {said} {second} of news ."
        spans = [(text.index(word), text.index(word) + len(word)) for word in (first, second)]
        texts.append(text)
        entities.append(spans)
        triples.append([(spans[0], SAYS[said], spans[1])] if said in SAYS else [])
    return texts, triples, entities
