"""How well mentions are put together: B-cubed (Bagga and Baldwin 1998)."""

from collections import Counter


def b_cubed(found, gold):
    """Precision, recall and F1 of the things that were found for mentions, beside the gold things."""
    both, in_found, in_gold = Counter(zip(found, gold, strict=True)), Counter(found), Counter(gold)
    precision = sum(both[pair] / in_found[pair[0]] for pair in zip(found, gold, strict=True)) / len(gold)
    recall = sum(both[pair] / in_gold[pair[1]] for pair in zip(found, gold, strict=True)) / len(gold)
    return precision, recall, 2 * precision * recall / (precision + recall)
