"""Texts written for these tests, the toy core with and without a decoder, and a writer that writes what it is told."""

import pytest

from tests.conftest import make_toy_slm

NEWS = (
    "Harbour bridge to close for repairs\n\n"
    "The harbour bridge in Ashford will close for six weeks from 3 March while engineers replace its cables. "
    "The city council said the cables of the bridge were found to be rusting last autumn. "
    "Dr. Lena Okafor, who led the inspection of the bridge, called the repairs overdue. "
    "About 42,000 cars cross the bridge every day. "
    "The weather was fine on Monday. "
    "A ferry will carry people across the harbour while the bridge is closed. "
    "Tickets for the ferry cost $2.50. "
    "A café near the bridge sells good cakes."
)
NEWS_ZH = (
    "港口大桥将关闭维修\n\n"
    "阿什福德市的港口大桥将从三月三日起关闭六周，工程师将更换大桥的缆索。"
    "市政府表示，去年秋天发现大桥的缆索已经生锈。"
    "负责检查大桥的李娜教授认为，维修早就该做了。"
    "每天约有4.2万辆汽车通过大桥。"
    "周一天气很好。"
    "大桥关闭期间，渡轮将运送乘客过港。"
)


class ToldWriter:
    """A writer whose hypotheses are given beforehand; keeps what it was asked."""

    starts = {"summarize": 8, "title": 9}

    def __init__(self, decoder, *rounds):
        self.decoder, self.rounds, self.asked = decoder, list(rounds), []

    def write(self, texts, start, **settings):
        from slmkit.writing import Written

        self.asked.append((list(texts), start, settings))
        told = self.rounds.pop(0) if len(self.rounds) > 1 else self.rounds[0]
        return [[Written(text, -float(i), ended=not text.endswith("…")) for i, text in enumerate(told)] for _ in texts]


@pytest.fixture(scope="session")
def writing_slm():
    return make_toy_slm(decoder=True)


@pytest.fixture
def told(writing_slm, monkeypatch):
    """Let every summarizer write the given hypotheses; each further round is what it writes when asked again."""
    from slmkit.tasks.summarization import Summarizer

    def tell(*rounds):
        writer = ToldWriter(writing_slm.decoder, *rounds)
        monkeypatch.setattr(Summarizer, "writer", property(lambda self: writer))
        return writer

    return tell
