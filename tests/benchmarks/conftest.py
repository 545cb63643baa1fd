"""A data folder in the registry's layout with rows of our own, small enough for every test."""

import lzma

import pytest

GOOD = ("a warm and funny film", "lovely acting", "the best evening in years", "bright and clever")
BAD = ("a dull and empty film", "wooden acting", "the worst evening in years", "slow and silly")


def write(root, path, text):
    """Write ``text`` where the registry expects it, packed when the name says so."""
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    content = text.encode("utf-8")
    target.write_bytes(lzma.compress(content) if path.endswith(".xz") else content)
    return target


def reviews(n, start=0):
    """``n`` texts with their labels 1 and 0 in turn, no two alike."""
    return [((GOOD, BAD)[i % 2][i // 2 % 4] + f" number {start + i}", 1 - i % 2) for i in range(n)]


@pytest.fixture
def lay():
    return write


@pytest.fixture
def tiny_root(tmp_path):
    root = tmp_path / "data"
    train, dev = reviews(60), reviews(20, start=1000)
    write(root, "en/sst2/train.tsv.xz", "".join(f"{t}\t{y}\n" for t, y in train))
    write(root, "en/sst2/dev.tsv", "".join(f"{t}\t{y}\n" for t, y in dev))
    write(root, "en/rt-polarity/rt-polarity.pos.xz", f"{train[0][0]}\nfresh praise , and warm\n")
    write(root, "en/rt-polarity/rt-polarity.neg.xz", f"well , {train[1][0]} , he said\nfresh blame\n")
    topics = "".join(f'"question {i} about topic {i % 11}",topic_{i % 11}\n' for i in range(1540 + 11 * 12))
    write(root, "en/banking77/train.csv.xz", "text,category\n" + topics)
    pairs = [("abc", "abc", 5.0), ("abc", "ab", 3.5), ("abcdef", "a", 0.5), ("abcd", "ab", 2.0), ("a", "abcdefgh", 0.0)]
    write(root, "en/stsb/stsb-en-dev.csv", "".join(f"{a},{b},{s}\n" for a, b, s in pairs))
    write(root, "zh/lcqmc/dev.txt.xz", "你好\t您好\t1\n你好吗\t好\t0\n天气\t气候\t1\n我们\t她们都不在家\t0\n")
    return root
