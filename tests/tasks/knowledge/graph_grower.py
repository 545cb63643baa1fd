"""A program that grows a graph without end, and says on stdout what it begins and what it has finished."""

import json
import random
import sys

from marked_documents import document

from slmkit.tasks.knowledge import KnowledgeGraph, store

NAMES = ["Jane Smith", "John Smith", "J. Smith", "Dr. Jane Smith", "Bo Lee", "王小明", "王先生", "Ann Weber"]
FIRMS = ["Acme", "Acme Inc.", "Globex", "阿里巴巴", "阿里巴巴集团", "Institute of Odd Things", "IOT"]


def content(key, version):
    """A text of some sentences that tells which state of which document it is, and its extraction."""
    draw = random.Random(f"{key} {version}")
    triples, parts = [], [f"[work|Report {key} v{version}] was written by [PER|Author {key}]. "]
    triples.append((f"Report {key} v{version}", "by", f"Author {key}"))
    for _ in range(draw.choice([1, 3, 12])):
        person, firm = draw.choice(NAMES), draw.choice(FIRMS)
        parts.append(f"[PER|{person}] runs [ORG|{firm}]. ")
        triples.append((person, "runs", firm))
    return document("".join(parts), *triples)


def say(**what):
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main(path, seed, version):
    store._CHECKPOINT = 30_000  # so that kills meet checkpoints too
    graph = KnowledgeGraph.open(path)
    held, draw = set(graph.documents()), random.Random(seed)
    say(ready=True)
    while True:
        version += 1
        key = draw.randrange(40)
        remove = key in held and draw.random() < 0.4
        say(begins=key, version=None if remove else version)
        if remove:
            graph.remove(key)
        else:
            graph.add(key, *content(key, version), replace=True)
        held = held - {key} if remove else held | {key}
        say(ends=key)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
