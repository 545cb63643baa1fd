"""The baseline of old: an LSTM encoder and decoder trained from nothing on the pairs, with and without attention.

Embedding → LSTM → state → LSTM → softmax, cross-entropy, teacher forcing (Sutskever et al. 2014), greedy decoding; with
attention as Luong et al. 2015. It shows what a pretrained core adds on the same rows and the same pieces.
"""

from __future__ import annotations

from slmkit.benchmarks.systems.lstm.system import Lstm, LstmAttention

__all__ = ["Lstm", "LstmAttention"]
