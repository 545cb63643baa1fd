import numpy as np
import pytest

from slmkit.text.ngrams import KeyTable, inside, ngrams


def test_keys_tell_all_stretches_apart():
    one, two, three = ngrams(np.array([0, 5, 0, 5, 7]))
    assert one.tolist() == [1, 6, 1, 6, 8]
    assert two[0] == two[2]
    assert len({*one, *two, *three}) == 3 + 3 + 3
    assert [len(keys) for keys in ngrams(np.array([3, 4]))] == [2, 1]
    assert ngrams(np.array([], dtype=np.int64)) == []


def test_shorter_ones_alone():
    ids = np.array([0, 5, 7])
    assert [keys.tolist() for keys in ngrams(ids, 2)] == [keys.tolist() for keys in ngrams(ids)[:2]]


@pytest.mark.parametrize("lengths", [[3, 2], [1, 0, 4], [0, 0], [5], []])
def test_stretches_over_a_border_are_told(lengths):
    lengths = np.array(lengths, dtype=np.int64)
    owner = np.repeat(np.arange(len(lengths)), lengths)
    for size in (1, 2, 3):
        wanted = [owner[at] == owner[at + size - 1] for at in range(max(len(owner) - size + 1, 0))]
        assert inside(lengths, size).tolist() == wanted


@pytest.mark.parametrize("count", [0, 1, 3, 50_000])
def test_a_table_finds_what_a_search_finds(count):
    rng = np.random.default_rng(count)
    keys = np.unique(rng.integers(0, 1 << 62, count))
    asked = np.concatenate([keys, rng.integers(0, 1 << 62, 1000)])
    wanted = {key: place for place, key in enumerate(keys.tolist())}
    assert KeyTable(keys).places(asked).tolist() == [wanted.get(key, -1) for key in asked.tolist()]
    assert KeyTable(keys).places(asked[:0]).tolist() == []


def test_keys_in_a_row_and_apart_by_powers_of_two():
    for keys in (np.arange(10_000), np.arange(5000) << 40):
        np.testing.assert_array_equal(KeyTable(keys).places(keys), np.arange(len(keys)))
