"""Which articles of a set without a dev split of its own are held back as dev: shared by recipes and benchmarks."""

from __future__ import annotations

import hashlib

DEV_SHARE = 0.2


def in_dev(article: str, share: float = DEV_SHARE) -> bool:
    """Whether an article is held back, all of its passages and questions with it.

    The answer hangs on a hash of its name alone, so it is the same everywhere and for ever.

    Args:
        article: its title, or its text where it has none. share: of all articles, about.
    """
    digest = hashlib.sha256(article.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64
