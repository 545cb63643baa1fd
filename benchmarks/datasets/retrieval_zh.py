"""Retrieval: which paragraph, sentence or title answers a Chinese query."""

from __future__ import annotations

from slmkit.benchmarks.datasets import retrieval_readers
from slmkit.benchmarks.datasets.base import DataFile, Dataset
from slmkit.benchmarks.datasets.pools import CarveQueries, Pool

CHINESE_RETRIEVAL = (
    Dataset(
        name="cmrc2018-passages",
        version="1",
        task="retrieval",
        language="zh",
        licence="CC-BY-SA-4.0",
        files=(
            DataFile(
                split="dev",
                path="zh/cmrc2018/cmrc2018_trial.json.xz",
                sha256="c829568e271f27564d62520a4ee18c5bb7233572d4222325be285db4365878fb",
                raw_sha256="f3fae95b57da8e03afb2b57467dd221417060ef4d82db13bf22fc88589f3a6f3",
                repo="ymcui/cmrc2018",
                commit="c0eb1b6ba219847457e6af3180da722bbeb656af",
                source="squad-style-data/cmrc2018_trial.json",
            ),
            DataFile(
                split="test",
                path="zh/cmrc2018/cmrc2018_dev.json.xz",
                sha256="f833a4d3d6a005103ea60d197c9206a61008817a9fcb6e94e78724c4f15239f8",
                repo="ymcui/cmrc2018",
                commit="c0eb1b6ba219847457e6af3180da722bbeb656af",
                source="squad-style-data/cmrc2018_dev.json",
            ),
        ),
        reader=retrieval_readers.squad_paragraphs,
        columns=("query", "relevant documents"),
        metric="ndcg_10",
        protocols=("shipped",),
        rules=(Pool("dev"), Pool("test")),
        notes="Questions against all paragraphs of the file; relevant is the paragraph that a question was "
        "asked of. The official trial set serves as dev and the official dev set as test.",
    ),
    Dataset(
        name="drcd-passages",
        version="1",
        task="retrieval",
        language="zh",
        licence="CC-BY-SA-3.0",
        files=(
            DataFile(
                split="dev",
                path="zh/drcd/DRCD_dev.json.xz",
                sha256="f90caefe1f317ea4f0a669332adccec49f6e4ef6d71f2cb08ae0568eccfa4d51",
                raw_sha256="e236df03861ba241bd7b29628cd48b3b8e339c60137e041a4358b5320ed61928",
                repo="DRCKnowledgeTeam/DRCD",
                commit="b944790de5af02c5fbb7cd9cb1473d27d169eebf",
                source="DRCD_dev.json",
            ),
            DataFile(
                split="test",
                path="zh/drcd/DRCD_test.json.xz",
                sha256="ff9c7bdc7ab49a08e01f50181fa67284d86b98122423b3ff5840d8cdee6a1367",
                repo="DRCKnowledgeTeam/DRCD",
                commit="b944790de5af02c5fbb7cd9cb1473d27d169eebf",
                source="DRCD_test.json",
            ),
        ),
        reader=retrieval_readers.squad_paragraphs,
        columns=("query", "relevant documents"),
        metric="ndcg_10",
        protocols=("shipped",),
        rules=(Pool("dev"), Pool("test")),
        notes="Traditional Chinese, given as it is. Questions against all paragraphs of the file; relevant is "
        "the paragraph that a question was asked of.",
    ),
    Dataset(
        name="simclue",
        version="1",
        task="retrieval",
        language="zh",
        licence="none stated (CLUE benchmark)",
        files=(
            DataFile(
                split="corpus",
                path="zh/simclue/corpus_1w.txt.xz",
                sha256="7addb8e8048f0df315d63a5d91cb7740663666d14f3852a6eef684178fc85fbc",
                raw_sha256="b679650b197e7c459c03f22b27e8baf41b4d3a592aa53a845aee86e8aa5f1a29",
                repo="CLUEbenchmark/SimCLUE",
                commit="96bdefe6dedd39eb3bd3a668547356e7a46d70af",
                source="datasets/corpus_1w.txt",
            ),
            DataFile(
                split="train",
                path="zh/simclue/train_rank_1w.json.xz",
                sha256="5984c5b68b572f4cfc90301a8b0de7a3f973da4161ab3a749aaa0ee682855c80",
                raw_sha256="e1f8a9c8d0f107485d9d9f4f7ee8c48e0c91f30453fc920940c7e5a702a516df",
                repo="CLUEbenchmark/SimCLUE",
                commit="96bdefe6dedd39eb3bd3a668547356e7a46d70af",
                source="datasets/train_rank_1w.json",
            ),
            DataFile(
                split="test",
                path="zh/simclue/test_public.json.xz",
                sha256="112256f80645224a5bb4e47a2435181951934e8a6374a4a1656763a7c683a649",
                repo="CLUEbenchmark/SimCLUE",
                commit="96bdefe6dedd39eb3bd3a668547356e7a46d70af",
                source="datasets/test_public.json",
            ),
        ),
        reader=retrieval_readers.by_split(
            {
                "corpus": retrieval_readers.plain_documents,
                "train": retrieval_readers.json_ranked,
                "test": retrieval_readers.json_judged(query="sentence1", text="sentence2", label="label"),
            }
        ),
        columns=("query", "relevant documents"),
        metric="ndcg_10",
        protocols=("shipped",),
        rules=(
            CarveQueries("train", into="dev", n=1000, seed=0),
            Pool("dev", more="corpus"),
            Pool("test", more="corpus"),
        ),
        notes="Dev is 1,000 queries of the ranked triples, all rows of a query together. Searched are the "
        "10,000 sentences of the corpus file with the similar and the dissimilar sentences of those "
        "queries; relevant is the similar one. What is left of train shares no query or sentence with "
        "dev.",
    ),
    Dataset(
        name="qbqtc",
        version="1",
        task="retrieval",
        language="zh",
        licence="none stated (CLUE benchmark)",
        files=(
            DataFile(
                split="dev",
                path="zh/qbqtc/dev.json.xz",
                sha256="5a8d9a3615bdf4895799b6c6c4215b8f4836bec213d7330f5d377b3150d9a74c",
                raw_sha256="c9f8f48d49976550b154099330932fedd8ebc36dcec0121cc9fad26ce51e8fed",
                repo="CLUEbenchmark/DataCLUE",
                commit="32425a4621d4614a766c4434b29089d41867dd20",
                source="datasets/raw_qbqtc/dev.json",
            ),
            DataFile(
                split="test",
                path="zh/qbqtc/test_public.json.xz",
                sha256="e20344f0a3eff04f61674af7f3f6b90d0faeadbdb78f3d473b4d4ab1b05546d2",
                repo="CLUEbenchmark/DataCLUE",
                commit="32425a4621d4614a766c4434b29089d41867dd20",
                source="datasets/raw_qbqtc/test_public.json",
            ),
        ),
        reader=retrieval_readers.json_judged(query="sentence1", text="sentence2", label="label"),
        columns=("query", "relevant documents"),
        metric="ndcg_10",
        protocols=("shipped",),
        rules=(Pool("dev"), Pool("test")),
        notes="Search queries against the titles of all queries of the split, pooled; equal titles are one. "
        "Grades 1 and 2 as given; queries whose titles are all graded 0 are left out, their titles stay. "
        "Most queries have one judged title, so a good title of another query counts as wrong.",
    ),
)
