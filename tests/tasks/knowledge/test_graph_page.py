"""The page: whole, self-contained, inert; looked at in a real browser where there is one."""

import base64
import hashlib
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from importlib.resources import files

import numpy as np
import pytest
from marked_documents import document
from test_graph_query import HOSTILE

from slmkit.errors import InputError
from slmkit.tasks.knowledge.page import SENTENCES
from slmkit.tasks.knowledge.page.layout import lay_out

ATTACKS = [
    *HOSTILE,
    "</script><script>window.hit=1</script>",
    "<img src=x onerror=window.hit=1>",
    "%%LIBRARY%%",
    "<!--",
]


class Page(HTMLParser):
    """Tags and what would be asked for elsewhere; the texts of scripts."""

    def __init__(self, text):
        super().__init__()
        self.links, self.scripts, self.tags, self.policy, self._inside = [], [], [], "", None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        about = dict(attrs)
        self.links += [value for key, value in attrs if key in ("src", "href", "srcset", "action")]
        if about.get("http-equiv") == "Content-Security-Policy":
            self.policy = about["content"]
        if tag == "script":
            self._inside = about.get("type", "code")
            self.scripts.append((self._inside, ""))

    def handle_endtag(self, tag):
        if tag == "script":
            self._inside = None

    def handle_data(self, data):
        if self._inside:
            self.scripts[-1] = self._inside, self.scripts[-1][1] + data


@pytest.fixture
def written(people, tmp_path):
    for number, name in enumerate(ATTACKS):
        plain = name.replace("]", ")").replace("|", "/")
        people.add(
            f"{plain} {number}",
            *document(f"😀 [{'PER'}|{plain}] hurts [ORG|Acme]. {plain}", (plain, f"hurts {plain}", "Acme")),
        )
    said = " ".join(["[PER|Jane Smith] founded [ORG|Acme]."] * (SENTENCES + 3))
    people.add("often", *document(said, *[("Jane Smith", "founded", "Acme")] * (SENTENCES + 3)))
    return people.show(tmp_path / "page.html")


def test_everything_is_inside_and_nothing_runs_that_is_not_ours(written):
    page = Page(written.read_text(encoding="utf-8"))
    assert page.links == []
    kinds = [kind for kind, _ in page.scripts]
    assert kinds == ["application/json", "code", "code"]
    hashes = re.findall(r"'sha256-([^']+)'", page.policy)
    assert hashes == [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for _, text in page.scripts[1:]]
    assert page.policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "img" not in page.tags


def test_the_data_is_what_the_graph_holds(written, people):
    data = json.loads(Page(written.read_text(encoding="utf-8")).scripts[0][1])
    assert sorted(node[0] for node in data["nodes"]) == sorted(people.nodes().name)
    names = [node[0] for node in data["nodes"]]
    found = {}
    for head, tail, relations in data["edges"]:
        for relation, score, seen, documents, evidence in relations:
            found[names[head], relation, names[tail]] = (score, seen, documents)
            for _, sentence, _, (start, end), _ in evidence:
                assert data["sentences"][sentence][start:end]
            assert len(evidence) == min(seen, SENTENCES)
    assert found == {
        (row.head, row.relation, row.tail): (row.score, row.seen, len(row.documents))
        for row in people.edges().itertuples()
    }
    piece = next(e for e in data["edges"] if names[e[0]] == "Jane Smith" and names[e[1]] == "Acme")[2][0][4][0]
    assert data["sentences"][piece[1]][slice(*piece[3])] == "Jane Smith"


def test_of_a_large_graph_the_most_connected_are_shown(people, tmp_path):
    data = json.loads(Page(people.show(tmp_path / "page.html", most=2).read_text(encoding="utf-8")).scripts[0][1])
    assert (len(data["nodes"]), data["all"]) == (2, [4, 3])
    assert len(data["edges"]) == 1
    with pytest.raises(InputError, match="at least 1"):
        people.show(tmp_path / "page.html", most=0)
    with pytest.raises(InputError, match="cannot write"):
        people.show(people.file / "page.html")


def test_the_library_is_the_one_that_its_note_names():
    folder = files("slmkit.tasks.knowledge.page")
    note, wrapped = (folder.joinpath(f"cytoscape.{suffix}").read_text(encoding="utf-8") for suffix in ("md", "html"))
    script = re.fullmatch(r"<script>(.*)</script>\n", wrapped, re.DOTALL)[1]
    assert hashlib.sha256(script.encode()).hexdigest() in note
    assert "Permission is hereby granted" in note


def test_nodes_stand_apart_and_in_the_same_places():
    draw = np.random.default_rng(0)
    edges = [(int(a), int(b)) for a, b in draw.integers(0, 300, (350, 2))] + [(5, 5)]
    places = lay_out(320, edges)
    assert places.shape == (320, 2)
    assert np.isfinite(places).all()
    assert (places == lay_out(320, edges)).all()
    between = np.linalg.norm(places[:, None] - places[None], axis=2) + 1e9 * np.eye(320)
    assert np.median(between.min(axis=1)) > 20
    joined = np.array([between[a, b] for a, b in edges if a != b])
    assert np.median(joined) < np.median(between[between < 1e8]) / 2
    assert lay_out(0, []).shape == (0, 2)
    assert lay_out(3, []).shape == (3, 2)


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium")
def test_in_a_browser(written, tmp_path):
    """The page draws itself, an edge shows its sentence with marks, and no name becomes part of the page."""
    probe = tmp_path / "probe.html"
    text = written.read_text(encoding="utf-8")
    code = (
        "addEventListener('load', () => { const i = data.edges.findIndex((e) => data.nodes[e[0]][0].includes('<img'));"
        "showEdge(i); document.title = JSON.stringify({hit: window.hit || 0, images: document.images.length,"
        "marks: [...document.querySelectorAll('mark')].map((m) => m.className + ' ' + m.textContent),"
        "nodes: cy.nodes(':visible').length, scripts: document.scripts.length}); });"
    )
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    text = text.replace("script-src ", f"script-src 'sha256-{digest}' ", 1).replace(
        "</body>", f"<script>{code}</script></body>"
    )
    probe.write_text(text, encoding="utf-8")
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000", "--dump-dom"]
    found = subprocess.run([*command, probe.as_uri()], capture_output=True, text=True, timeout=120).stdout
    title = re.search(r"<title>(.*?)</title>", found, re.DOTALL)[1].replace("&lt;", "<").replace("&gt;", ">")
    seen = json.loads(title.replace("&amp;", "&"))
    assert (seen["hit"], seen["images"], seen["scripts"]) == (0, 0, 4)
    assert seen["marks"] == ["head <img src=x onerror=window.hit=1>", "tail Acme"]
    assert seen["nodes"] == len(ATTACKS) + 4
