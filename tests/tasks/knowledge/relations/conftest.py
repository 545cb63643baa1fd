import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))


@pytest.fixture(scope="session")
def finder(toy_slm):
    """An extractor that has learned to find who likes and who hates what."""
    from toy_relations import SETTINGS, material

    from slmkit.tasks.knowledge.relations import RelationExtractor

    made = RelationExtractor(slm=toy_slm, epochs=6, validation_fraction=0.15, entities="found", **SETTINGS)
    return made.fit(*material(160))


@pytest.fixture(scope="session")
def teller(toy_slm):
    """An extractor that has learned to tell what joins two given mentions."""
    from toy_relations import SETTINGS, pairs

    from slmkit.tasks.knowledge.relations import RelationExtractor

    made = RelationExtractor(slm=toy_slm, epochs=10, validation_fraction=0.2, **SETTINGS)
    return made.fit(*pairs(240))
