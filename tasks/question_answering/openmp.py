"""FAISS beside torch: each brings an OpenMP runtime of its own, and the two must not meet at work.

Two copies of LLVM's runtime (macOS, Windows) end the process as soon as the second one starts, unless they are told
to bear it, and may crash when both run teams of threads. Two copies of GNU's (Linux) share settings when torch was
imported first. So FAISS searches on the calling thread alone, and leaves torch's number of threads as it was.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

_LLVM = sys.platform in ("darwin", "win32")


@lru_cache(maxsize=1)
def load_faiss() -> Any:
    """The module, imported at its first use."""
    if _LLVM:
        os.environ.setdefault("KMP_DUPLICATE_LIB_OK", "TRUE")
    import faiss

    return faiss


@contextmanager
def one_thread(*, building: bool = False) -> Iterator[None]:
    """Run FAISS on one thread inside the block; ``building`` leaves it all threads where that is safe."""
    faiss = load_faiss()
    if building and not _LLVM:
        yield
        return
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
