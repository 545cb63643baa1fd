import copy
import pickle

import pytest
import torch
import torch.nn.functional as F

from slmkit import runtime
from slmkit.model.heads import bio_path
from slmkit.model.layers import Layer, attend
from slmkit.runtime import convert, float_copy, keep_freed_memory, mixed_precision


@pytest.fixture
def heads():
    torch.manual_seed(0)
    return [torch.randn(3, 2, 7, 8) for _ in range(3)]


@pytest.mark.parametrize("lengths", [(7, 7, 7), (7, 3, 1)])
@pytest.mark.parametrize("trained", [True, False])
def test_attention_spelled_out_is_torchs(heads, lengths, trained):
    mask = (torch.arange(7) < torch.tensor(lengths)[:, None])[:, None, None, :]
    wanted = F.scaled_dot_product_attention(*heads, attn_mask=mask)
    with torch.set_grad_enabled(trained):
        found = attend(*(h.clone() for h in heads), None if min(lengths) == 7 else mask)
    torch.testing.assert_close(found, wanted)


def test_attention_bears_absurd_scores(heads):
    with torch.no_grad():
        found = attend(*(1e4 * h for h in heads), None)
    assert found.isfinite().all()


@pytest.fixture
def layer():
    torch.manual_seed(1)
    return Layer(width=16, heads=4, ffn=32).eval()


def test_a_layer_in_place_says_what_it_says_with_gradients(layer):
    states = torch.randn(2, 5, 16)
    before = states.clone()
    wanted = layer(states, None)
    with torch.no_grad():
        torch.testing.assert_close(layer(states, None), wanted)
    torch.testing.assert_close(states, before)  # the caller's tensor is not written to


@pytest.mark.parametrize("rows", [3, 400])
def test_int8_rows_do_not_depend_on_their_neighbours(layer, rows):
    fast = convert(copy.deepcopy(layer), "int8")
    states = torch.randn(rows, 5, 16) * torch.logspace(-2, 0.3, rows)[:, None, None]
    with torch.inference_mode():
        together = fast(states, None)
        alone = torch.cat([fast(one[None], None) for one in states])
        exact = layer(states, None)
    torch.testing.assert_close(together, alone, atol=5e-3, rtol=0)
    assert F.cosine_similarity(together, exact, dim=-1).min() > 0.99


def test_a_float_copy_of_an_int8_layer_is_all_float(layer, monkeypatch):
    monkeypatch.setattr(runtime, "_multiplies_bf16", lambda: True)
    fast = convert(copy.deepcopy(layer), "int8")
    assert fast.attention.dtype is torch.bfloat16
    again = float_copy(fast)
    assert (again.attention.dtype, again.attention.fused) == (None, True)
    states = torch.randn(2, 5, 16)
    assert F.cosine_similarity(again(states, None), layer(states, None), dim=-1).min() > 0.999


def test_mixed_precision_only_where_it_is_wanted_and_fast(layer, monkeypatch):
    for there in (True, False):
        monkeypatch.setattr(runtime, "_multiplies_bf16", lambda there=there: there)
        for wanted in (True, False):
            with mixed_precision(wanted):
                assert (layer.inner(torch.randn(2, 16)).dtype == torch.bfloat16) is (there and wanted)


def test_freed_memory_is_kept_where_the_library_can(monkeypatch):
    def absent(name):
        raise OSError(name)

    keep_freed_memory.cache_clear()
    keep_freed_memory()
    keep_freed_memory.cache_clear()
    monkeypatch.setattr(runtime.ctypes, "CDLL", absent)
    keep_freed_memory()


def test_the_best_path_keeps_to_bio():
    # O, B-x, I-x, B-y, I-y: the best single labels would be I-x, I-y, O.
    scores = torch.tensor([[[-3.0, -1, 0, -5, -5], [-4, -5, -1, -5, 0], [0, -5, -5, -5, -5]]])
    assert bio_path(scores).tolist() == [[1, 2, 0]]


def test_the_best_path_is_that_of_trying_all():
    torch.manual_seed(3)
    scores = torch.randn(6, 4, 5)

    def allowed(path):
        return all(b in (0, 1, 3) or a in (b, b - 1) for a, b in zip((0, *path), path, strict=False))

    paths = [p for p in torch.cartesian_prod(*[torch.arange(5)] * 4).tolist() if allowed(p)]
    for row, found in zip(scores, bio_path(scores).tolist(), strict=True):
        assert found == max(paths, key=lambda p: sum(float(row[i, label]) for i, label in enumerate(p)))


@pytest.mark.parametrize("way", ["whole", "halved", "none"])
@pytest.mark.parametrize("rows", [1, 5, 300])
def test_int8_products_are_those_of_the_weights(monkeypatch, way, rows):
    from slmkit import runtime

    if way == "halved" and "fbgemm" not in torch.backends.quantized.supported_engines:
        pytest.skip("this torch has no fbgemm")
    if way == "whole" and runtime.int8_products() != "whole":
        pytest.skip("this CPU sums pairs of products in 16 bits")
    monkeypatch.setattr(runtime, "int8_products", lambda: way)
    generator = torch.Generator().manual_seed(0)
    linear = torch.nn.Linear(96, 40)
    # Large values of one sign, whose pairs overflow first.
    states = torch.rand(rows, 96, generator=generator) * 3 + torch.randn(rows, 1, generator=generator)
    used = runtime.Int8Linear.of(linear)
    made = used(states)
    again = pickle.loads(pickle.dumps(used))
    assert again._packed is None
    torch.testing.assert_close(again(states), made, rtol=0, atol=0)
    exact = torch.nn.functional.linear(states, runtime.Int8Linear.of(linear).to_float().weight, linear.bias)
    assert made.shape == exact.shape == (rows, 40)
    assert float((made - exact).abs().max()) < 0.02 * float(exact.abs().max())
    alone = torch.cat([runtime.Int8Linear.of(linear)(row[None]) for row in states])
    torch.testing.assert_close(alone, made, rtol=1e-4, atol=1e-5)


def test_a_used_int8_layer_can_be_pickled():
    layer = runtime.Int8Linear.of(torch.nn.Linear(96, 40))
    layer._packed = lambda: None  # as opaque as oneDNN's own layout, on any CPU
    again = pickle.loads(pickle.dumps(layer))
    assert again._packed is None
    assert again.weight.equal(layer.weight)
