import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))


@pytest.fixture
def graph(tmp_path):
    from slmkit.tasks.knowledge import KnowledgeGraph

    with KnowledgeGraph.create(tmp_path / "graph.lbug") as made:
        yield made


@pytest.fixture
def people(graph):
    """A graph of three documents about Jane Smith."""
    from marked_documents import document

    graph.add(
        "a",
        *document(
            "[PER|Jane Smith] founded [ORG|Acme Inc.] in [LOC|Paris]. [PER|Smith] lives in [LOC|Berlin].",
            ("Jane Smith", "founded", "Acme Inc."),
            ("Smith", "lives in", "Berlin"),
        ),
    )
    graph.add(
        2, *document("[PER|Dr. Jane Smith] founded [ORG|Acme].", ("Dr. Jane Smith", "founded", "Acme"), score=0.7)
    )
    graph.add("2", *document("[PER|J. Smith] likes [LOC|巴黎].", ("J. Smith", "likes", "巴黎"), score=0.4))
    return graph
