"""A program that searches an index over and over while another process changes it, and says what it saw wrong."""

import json
import sys
import time
from pathlib import Path

from toy_embedder import ToyEmbedder

from slmkit.tasks.question_answering import DocumentIndex, dense


def main(folder, deleted, seconds):
    dense.SLACK_ROWS = 30
    index = DocumentIndex.open(Path(folder), slm=ToyEmbedder())
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    searches, wrong, sizes = 0, [], set()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        gone = set(map(int, Path(deleted).read_text().split()))
        for mode in ("hybrid", "dense", "lexical"):
            for hit in index.search("document subject7 version0", 50, mode=mode):
                if hit.document in gone:
                    wrong.append(f"{mode} returned {hit.document}, which is deleted")
                if f"number{hit.document} " not in hit.text:
                    wrong.append(f"{mode} returned the passage of another document for {hit.document}")
            searches += 1
        sizes.add(len(index))
    sys.stdout.write(json.dumps({"searches": searches, "wrong": wrong[:5], "sizes": len(sizes)}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
