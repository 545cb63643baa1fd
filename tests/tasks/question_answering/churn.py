"""A program that changes an index without end, and says on stdout what it begins and what it has finished."""

import json
import random
import sys
import time
from pathlib import Path

from toy_embedder import ToyEmbedder

from slmkit.tasks.question_answering import DocumentIndex, adding, dense

WORDS = ["ant", "bee", "cat", "dog", "elk", "fox", "gnu", "hen", "猫", "狗", "鸟", "鱼"]


def text_of(key, version):
    """A text that tells which state of which document it is; some of one passage, some of several."""
    draw = random.Random(f"{key} {version}")
    sentence = " ".join(draw.choices(WORDS, k=12))
    return f"document key{key} version{version} {sentence}. " * draw.choice([1, 1, 20, 60])


def say(**what):
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def change(index, draw, held, version):
    """One change, drawn at random; returns what it is, and how to make it."""
    kind = draw.choices(["add", "update", "delete", "compact"], [4, 3, 2, 1])[0]
    fresh = [n for n in range(400) if n not in held]
    if kind == "add":
        keys = draw.sample(fresh, min(len(fresh), draw.randint(1, 40)))
    else:
        keys = draw.sample(sorted(held), min(len(held), draw.randint(1, 30)))
    rows = [{"id": key, "text": text_of(key, version)} for key in keys]
    if kind == "update":
        rows += [{"id": key, "text": text_of(key, version)} for key in fresh[:3]]
    does = {
        "add": lambda: index.add(rows),
        "update": lambda: index.update(rows),
        "delete": lambda: index.delete(keys),
        "compact": index.compact,
    }
    touched = [row["id"] for row in rows] if kind != "compact" else []
    return kind, touched, does[kind]


def main(folder, seed, version):
    adding.CHUNK_ROWS, dense.SLACK_ROWS, dense._FEW = 8, 30, 50
    index = DocumentIndex.open(Path(folder), slm=ToyEmbedder())
    held = {document.id for document in index.documents()}
    draw = random.Random(seed)
    say(ready=True)
    while True:
        version += 1
        kind, keys, make = change(index, draw, held, version)
        say(begins=kind, keys=keys, version=version)
        make()
        held = held - set(keys) if kind == "delete" else held | set(keys)
        say(ends=kind)
        index.search("cat 猫", 3)
        time.sleep(0.001)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
