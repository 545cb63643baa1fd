"""Nasty texts, drawn by seed: what real tables hold, and what they hold when something went wrong before."""

from __future__ import annotations

import numpy as np

FAMILIAR = (
    "Great staff, would come again.",
    "The room was dirty and the breakfast cold!",
    "房间很干净，服务也好。",
    "又脏又吵，再也不来了。",
    "Dear Mary Smith, call (415) 555-2671 or mail a.b@example.com",
    "苹果公司 released the iPhone 15 in 2023，售价 5,999 元。",
    "name[The Phoenix], eatType[pub], food[French]",
)
ODD = (
    *(
        "",
        " ",
        "\n\n\n",
        "\x00",
        "\x1b[31m",
        "\ufeff",
        "\u200b\u200d",
        "\ud800",
        "a\udfffb",
        "ﷺ",
        "👨‍👩‍👧‍👦",
        "é́́́",
        "𝕳𝖊𝖑𝖑𝖔",
        "ｆｕｌｌ　ｗｉｄｔｈ",
    ),
    *(
        "'; DROP TABLE docs; --",
        "<script>alert(1)</script>",
        "{{7*7}}",
        "%s%n%x",
        "../../etc/passwd",
        "=cmd|' /C calc'!A0",
    ),
    *(
        '"unclosed',
        "[[[[[[",
        "((((((((",
        "\\",
        "\\u0000",
        "NaN",
        "null",
        "1e999",
        "-0",
        "٣٫١٤",
        "१२३",
        "（）【】《》",
        "。。。。",
    ),
    *("https://example.com/" + "a" * 300, "a" * 5000, "中" * 3000, "ab " * 2000, "1234567890" * 200, "!?" * 1000),
    *("これは日本語です。", "это русский", "هذا عربي", "ไทย", "한국어", "zh/en混合text里面", "ALL CAPS SHOUTING TEXT"),
)
_RANGES = (
    (0x20, 0x7E),
    (0xA0, 0x24F),
    (0x4E00, 0x9FFF),
    (0x3040, 0x30FF),
    (0x600, 0x6FF),
    (0x1F300, 0x1FAFF),
    (0, 0x1F),
)


def nasty(count: int, seed: int) -> list[str]:
    """So many texts: familiar, odd, put together of both, and at random from the corners of Unicode."""
    rng = np.random.default_rng(seed)
    return [_one(rng) for _ in range(count)]


def _one(rng: np.random.Generator) -> str:
    draw = rng.random()
    if draw < 0.25:
        return FAMILIAR[int(rng.integers(len(FAMILIAR)))]
    if draw < 0.45:
        return ODD[int(rng.integers(len(ODD)))]
    if draw < 0.7:
        pool = (*FAMILIAR, *ODD)
        return "".join(pool[int(i)][:200] for i in rng.integers(len(pool), size=int(rng.integers(2, 5))))
    length = int(rng.integers(1, 80))
    low, high = np.array(_RANGES)[rng.integers(len(_RANGES), size=length)].T
    return "".join(map(chr, rng.integers(low, high + 1).tolist()))
