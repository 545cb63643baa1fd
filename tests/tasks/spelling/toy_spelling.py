"""Sentences with errors that a narrow core of random weights learns to correct, in words and in characters."""

import numpy as np

FILLER = ("the", "a", "of", "is", "bank", "news", "team", "sport", "card", "movie")
SLIPS = {"film": "flim", "movie": "moive", "team": "taem"}
CHINESE = ("酒店的房间很大", "这店的服务不差", "上海的书店很好", "大酒店的人很好", "我在中国的酒店")


def pairs(count, seed=0, length=6):
    """Wrong and right sentences. "bad" is right before "?", and before "!" it stands for "good"; 电 stands for 店."""
    rng = np.random.default_rng(seed)
    wrong, right = [], []
    for number in range(count):
        if number % 3 == 2:
            text = str(rng.choice(CHINESE)) + "。" + str(rng.choice(CHINESE)) + "。"
            right.append(text)
            wrong.append(text.replace("店", "电", 1) if number % 2 else text)
            continue
        words = [str(word) for word in rng.choice(FILLER, length)] + ["film"]
        pleased = bool(rng.integers(2))
        right.append(" ".join([*words, "good !" if pleased else "bad ?"]))
        slip = number % 4
        if slip == 1:
            words = [SLIPS.get(word, word) for word in words]
        wrong.append(" ".join([*words, "good !" if pleased and slip != 3 else "bad !" if pleased else "bad ?"]))
    return wrong, right
