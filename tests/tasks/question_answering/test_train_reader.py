"""The recipe of the shipped reader: what each set is read as, what is left out of it, and one small run."""

import csv
import io
import json
import lzma

import pytest

from slmkit.errors import DataError
from slmkit.tasks.question_answering import ReadingModel
from slmkit.tasks.question_answering import train_reader as recipe
from slmkit.tasks.question_answering.carving import in_dev
from slmkit.tasks.question_answering.natural_words import join_natural
from slmkit.tasks.question_answering.reading_sources import SOURCES, ReadingSource, load_source

TITLES = [f"article {n}" for n in range(40)]


def squad(articles):
    """SQuAD-style JSON of ``(title, passage, [(question, [(text, start), …]), …])``."""
    return json.dumps(
        {
            "data": [
                {
                    "title": title,
                    "paragraphs": [
                        {
                            "context": passage,
                            "qas": [
                                {
                                    "question": asked,
                                    "id": f"{title}-{asked}",
                                    "is_impossible": "false",
                                    "answers": [{"text": text, "answer_start": start} for text, start in answers],
                                }
                                for asked, answers in questions
                            ],
                        }
                    ],
                }
                for title, passage, questions in articles
            ]
        },
        ensure_ascii=False,
    )


def put(root, name, text):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(lzma.compress(text.encode()))


def reviews(rows):
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, ["question", "review", "human_ans_spans", "human_ans_indices"])
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


@pytest.fixture
def corpus(tmp_path):
    root = tmp_path / "data"
    english = [
        (title, f"the news of team {n} is the card good of the bank", [("the card ?", [("good", 27 + len(str(n)))])])
        for n, title in enumerate(TITLES)
    ]
    english = [(t, p, [(q, [("good", p.index("good"))]) for q, _ in qs]) for t, p, qs in english]
    chinese = [
        (t, f"酒店{n}的房间很好，服务很好。", [("房间？", [("很好", 5 + len(str(n)) - 1)])])
        for n, t in enumerate(TITLES)
    ]
    chinese = [(t, p, [(q, [("很好", p.index("很好"))]) for q, _ in qs]) for t, p, qs in chinese]
    traditional = [
        (t, f"飯店{n}的房間很大，服務很好。", [("房間？", [("很大", p.index("很好")), ("很大", 0)])])
        for n, (t, p, _) in enumerate(chinese)
    ]
    for name in ("zh/cmrc2018/train-pseudo-cmrc2018", "zh/cmrc2018/cmrc2018_trial"):
        put(root, f"{name}.json.xz", squad(chinese))
    put(root, "zh/drcd/DRCD_dev.json.xz", squad(traditional))
    for name in ("new_wiki", "amazon_reviews", "reddit"):
        put(root, f"en/squadshifts/{name}_v1.0.json.xz", squad(english))
    put(root, "en/policyqa/dev.json.xz", squad(english))
    legal = [
        (
            t,
            f"{p}第{n}案。",
            [
                ("房间？", [("很好", p.index("很好")), ("", -1), ("很好", p.index("很好"))]),
                ("价钱？", [("", -1), ("", -1), ("很好", 0)]),
                ("好吗？", [("YES", -1), ("很好", 0), ("YES", -1)]),
            ],
        )
        for n, (t, p, _) in enumerate(chinese)
    ]
    put(root, "zh/cail2019_rc/dev_ground_truth.json.xz", squad(legal))
    put(root, "en/qamr/wiki-sentences.tsv.xz", "s1\tthe team -LRB- good -RRB- is the bank .\ns2\tthe news is bad\n")
    for part in ("dev", "test"):
        rows = ["s1\t0\t1\t0\t0\tWho is the bank?\t0 1\t", "s1\t0\t1\t0\t0\tWhat?\t0 6\t", "s2\t0\t1\t0\t0\tHow?\t3\t"]
        put(root, f"en/qamr/filtered.{part}.tsv.xz", "".join(row + "\n" for row in rows))
    review = "the film is good . ANSWERNOTFOUND"
    answered = {"question": "How?", "review": review, "human_ans_spans": "good", "human_ans_indices": "(12, 16)"}
    none = {"question": "Who?", "review": review, "human_ans_spans": "ANSWERNOTFOUND", "human_ans_indices": "(19, 33)"}
    for domain in ("electronics", "grocery", "restaurants", "tripadvisor"):
        for part in ("train", "dev"):
            put(root, f"en/subjqa/{domain}.{part}.csv.xz", reviews([answered, none]))
    return root


def source(name):
    return next(each for each in SOURCES if each.name == name)


def test_every_set_is_read_with_exact_answers(corpus):
    pytest.importorskip("opencc")
    for each in SOURCES:
        found = load_source(each, corpus)
        assert found
        assert all(0 <= a < b <= len(one.passage) for one in found for a, b in one.spans)
    kept = [title for title in TITLES if not in_dev(title)]
    assert 0 < len(kept) < len(TITLES)
    for name, answer in (
        ("cmrc2018", "很好"),
        ("squadshifts-new-wiki", "good"),
        ("drcd", "很大"),
        ("policyqa", "good"),
    ):
        found = load_source(source(name), corpus)
        assert {one.passage[a:b] for one in found for a, b in one.spans} == {answer}
        assert len(found) == (len(kept) if name in ("squadshifts-new-wiki", "drcd") else len(TITLES))
    simple = load_source(source("drcd-simplified"), corpus)
    assert simple[0].question == "房间？"
    assert {one.passage[a:b] for one in simple for a, b in one.spans} == {"很大"}
    assert "饭店" in simple[0].passage


def test_cases_where_most_found_nothing_have_no_answer(corpus):
    found = load_source(source("cail2019"), corpus)
    assert {(one.question, bool(one.spans)) for one in found} == {("房间？", True), ("价钱？", False)}
    assert len(found) < 2 * len(TITLES)  # some cases are dev


def test_sentences_are_put_together_as_people_write_them(corpus):
    found = load_source(source("qamr"), corpus)
    assert len(found) == 4  # an answer in two stretches is none
    assert found[0].passage == "the team (good) is the bank."
    assert [found[0].passage[a:b] for a, b in found[0].spans] == ["the team"]
    text, spans = join_natural(["``", "Do", "n't", ",", "''", "he", "'s", "said", ";", "-LSB-", "3", "%", "-RSB-"])
    assert text == "\"Don't,\" he's said; [3%]"
    assert [text[a:b] for a, b in spans][:6] == ['"', "Do", "n't", ",", '"', "he"]


def test_reviews_lose_their_closing_mark(corpus):
    found = load_source(source("subjqa"), corpus)
    assert {one.passage for one in found} == {"the film is good ."}
    assert [[one.passage[a:b] for a, b in one.spans] for one in found[:2]] == [["good"], []]


def test_each_question_has_passages_that_do_not_answer_it(corpus):
    pytest.importorskip("opencc")
    material = recipe.gather(corpus, SOURCES, limit=6, seed=0)
    assert set(material.counts.values()) <= {4, 6}
    assert len(material.lessons) == len(material.others) == len(material.weights) == sum(material.counts.values())
    begin = 0
    for each in SOURCES:
        rows = range(begin, begin + material.counts[each.name])
        begin = rows.stop
        assert len({material.weights[i] for i in rows}) == 1
        for i in rows:
            lesson, others = material.lessons[i], material.others[i]
            assert lesson.passage not in others
            if not lesson.spans:
                assert others == []
            assert not any(lesson.passage[a:b] in other for a, b in lesson.spans for other in others)
    assert any(material.others)
    totals = {each.name: each.share * material.counts[each.name] ** 0.5 for each in SOURCES}
    begin = 0
    for name, count in material.counts.items():
        assert material.weights[begin : begin + count].sum() == pytest.approx(totals[name])
        begin += count


def test_the_recipe_writes_a_reader(corpus, toy_slm, tmp_path, capsys):
    pytest.importorskip("opencc")
    toy_slm.save(tmp_path / "core")
    arguments = ["--data-dir", corpus, "--out", tmp_path / "out", "--core", tmp_path / "core", "--epochs", 1]
    arguments += [
        "--depth",
        1,
        "--max-length",
        64,
        "--limit",
        4,
        "--dev",
        5,
        "--run",
        tmp_path / "run",
        "--without",
        "subjqa",
        "policyqa",
    ]
    assert recipe.main([str(each) for each in arguments]) == 0
    assert '{"dev overlap F1": {"cmrc2018": 0.' in capsys.readouterr().err
    about = json.loads((tmp_path / "out/config.json").read_text())["about"]
    assert [each["name"] for each in about["sets"]] == [e.name for e in SOURCES if e.name not in ("subjqa", "policyqa")]
    assert all(each["licence"] and each["rows"] == 4 for each in about["sets"])
    assert set(about["dev_overlap_f1"]) == {"cmrc2018", "squadshifts-new-wiki"}
    from slmkit.core import SLM

    model = ReadingModel.load(tmp_path / "out", slm=SLM.load(tmp_path / "core"))
    assert (model.depth, model.sizes.window) == (1, 64)


def test_what_is_tried_on_is_what_was_held_back(corpus):
    tried = {one.passage for one in recipe.dev_lessons(corpus, "squadshifts-new-wiki", 99, 0)}
    learned = {one.passage for one in load_source(source("squadshifts-new-wiki"), corpus)}
    assert tried
    assert not tried & learned
    assert len(recipe.dev_lessons(corpus, "cmrc2018", 7, 0)) == 7


def test_missing_and_odd_files_are_named(corpus, tmp_path, capsys):
    assert recipe.main(["--data-dir", str(tmp_path / "none"), "--out", str(tmp_path / "out")]) == 1
    assert "error: cmrc2018 in" in capsys.readouterr().err
    put(corpus, "en/policyqa/dev.json.xz", '{"data": [{"paragraphs": [{}]}]}')
    with pytest.raises(DataError, match="policyqa in .* cannot be read"):
        load_source(source("policyqa"), corpus)
    with pytest.raises(DataError, match="has no questions"):
        load_source(ReadingSource("empty", "en", "MIT", lambda data: iter(())), corpus)
    put(corpus, "zh/cmrc2018/cmrc2018_trial.json.xz", "[]")
    with pytest.raises(DataError, match="cmrc2018_trial"):
        recipe.dev_lessons(corpus, "cmrc2018", 1, 0)


@pytest.mark.data
@pytest.mark.parametrize(("name", "n"), [("drcd", 2616), ("cail2019", 4272), ("squadshifts-new-wiki", 6524)])
def test_real_sets_have_their_size(data_dir, name, n):
    assert len(load_source(source(name), data_dir)) == n
