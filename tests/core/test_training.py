import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from slmkit.errors import CheckpointError
from slmkit.model.heads import SpanHead, cosent
from slmkit.training.kept import Kept
from slmkit.training.loop import Run, Schedule, seeded, steps_begun
from slmkit.training.objectives import pooled_distillation, segment_mean


def make_run(folder, steps=40, every=10, *, width=8, about=None):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, width), nn.Tanh(), nn.Linear(width, 1))
    return model, Run(model, Schedule(steps=steps, learning_rate=1e-2), folder, every=every, about=about)


def loss_of(model):
    def loss(step):
        generator = torch.Generator().manual_seed(step)
        x = torch.randn(16, 4, generator=generator)
        return {"fit": (model(x).squeeze(-1) - x[:, 0]).square().mean()}

    return loss


def test_a_run_learns_and_logs(tmp_path):
    model, run = make_run(tmp_path)
    first = float(loss_of(model)(0)["fit"])
    run.train(loss_of(model))
    assert float(loss_of(model)(0)["fit"]) < first / 2
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert lines[-1]["step"] == 40
    assert "fit" in lines[-1]


def test_a_stopped_run_goes_on_as_if_undisturbed(tmp_path):
    whole, run = make_run(tmp_path / "whole")
    run.train(loss_of(whole))
    stopped, run = make_run(tmp_path / "stopped")

    def dying(step):
        if step == 25:
            raise KeyboardInterrupt
        return loss_of(stopped)(step)

    with pytest.raises(KeyboardInterrupt):
        run.train(dying)
    resumed, run = make_run(tmp_path / "stopped")
    assert run.step == 20
    run.train(loss_of(resumed))
    for a, b in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(a, b)


def test_another_schedule_in_the_same_folder_is_refused(tmp_path):
    model, run = make_run(tmp_path)
    run.train(loss_of(model))
    with pytest.raises(CheckpointError, match=r"another schedule \(steps 40, not 50\)"):
        make_run(tmp_path, steps=50)


def test_another_run_in_the_same_folder_is_told_by_what_it_is_about(tmp_path):
    about = {"seed": 0, "layers": (6, 12), "core": "toy"}
    make_run(tmp_path, about=about)[1].save()
    make_run(tmp_path, about=about)
    with pytest.raises(
        CheckpointError, match=r"\(core 'toy', not 'other'; seed 0, not 1\); give another folder or rem"
    ):
        make_run(tmp_path, about={**about, "seed": 1, "core": "other"})
    settings = json.loads((tmp_path / "run.json").read_text())
    assert settings.pop("about") == {"seed": 0, "layers": [6, 12], "core": "toy"}
    (tmp_path / "run.json").write_text(json.dumps(settings))
    make_run(tmp_path, about={**about, "seed": 1})  # a folder from before this was kept says nothing against it
    with pytest.raises(CheckpointError, match="seed 1, not 2"):  # from then on it does
        make_run(tmp_path, about={**about, "seed": 2})


@pytest.mark.parametrize(
    ("name", "left"), [("state.safetensors", 100), ("state.safetensors", 0), ("run.json", 9), ("run.json", None)]
)
def test_a_damaged_folder_is_named_with_the_remedy(tmp_path, name, left):
    make_run(tmp_path)[1].save()
    assert steps_begun(tmp_path) == 40
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).unlink()
    if left is not None:
        (tmp_path / name).write_bytes(whole[:left])
    with pytest.raises(CheckpointError, match=rf"{name} cannot be read \(.*\); remove {tmp_path}$"):
        make_run(tmp_path)
    if name == "run.json":
        with pytest.raises(CheckpointError, match="run.json cannot be read"):
            Kept(tmp_path, {}).steps()


def test_the_state_of_another_model_is_refused_in_one_line(tmp_path):
    make_run(tmp_path)[1].save()
    with pytest.raises(CheckpointError, match=rf"cannot be read \(.*size mismatch.*\); remove {tmp_path}$") as caught:
        make_run(tmp_path, width=9)
    assert "\n" not in str(caught.value)
    tensors = load_file(tmp_path / "state.safetensors")
    save_file(tensors, tmp_path / "state.safetensors")  # without its position
    with pytest.raises(CheckpointError, match="cannot be read"):
        make_run(tmp_path)


def test_tokens_are_counted_on_after_a_resume(tmp_path):
    def go_on(until):
        model, run = make_run(tmp_path)
        seen = [0]

        def loss(step):
            if step == until:
                raise KeyboardInterrupt
            seen[0] += 16
            return loss_of(model)(step)

        run.train(loss, tokens=lambda: seen[0])

    with pytest.raises(KeyboardInterrupt):
        go_on(25)
    go_on(40)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [(line["step"], line["tokens"]) for line in lines] == [(20, 320), (40, 640)]
    tensors = load_file(tmp_path / "state.safetensors")
    save_file(tensors, tmp_path / "state.safetensors", {"step": "40", "seconds": "1.0"})  # as it was kept before
    assert make_run(tmp_path)[1].tokens == 0


def test_what_a_step_draws_depends_on_seed_and_step_alone():
    torch.manual_seed(5)
    wanted = torch.rand(3)
    torch.manual_seed(5)
    drawn = []
    for seed, step in ((0, 3), (0, 4), (1, 3), (0, 3)):
        with seeded(seed, step):
            drawn.append(torch.rand(3).tolist())
    assert drawn[0] == drawn[3] != drawn[1] != drawn[2] != drawn[0]
    assert torch.equal(torch.rand(3), wanted)


def test_schedule_warms_up_and_decays():
    schedule = Schedule(steps=100, learning_rate=1.0)
    rates = [schedule.rate(step) for step in range(100)]
    assert rates[0] < rates[5] == max(rates)
    assert rates[-1] == pytest.approx(0.05, abs=0.01)


def test_pooled_distillation_is_zero_at_the_teacher():
    unit = nn.functional.normalize(torch.randn(5, 8), dim=-1)
    assert float(pooled_distillation(unit, unit)) == pytest.approx(0, abs=1e-5)
    assert float(pooled_distillation(-unit, unit)) > 10


def test_segment_mean():
    means, counts = segment_mean(torch.tensor([[1.0], [3.0], [5.0]]), torch.tensor([0, 0, 2]), 3)
    assert means.squeeze(-1).tolist() == [2.0, 0.0, 5.0]
    assert counts.tolist() == [2, 0, 1]


def test_cosent_wants_the_order_of_the_labels():
    wanted = torch.tensor([0.0, 0.5, 1.0])
    assert cosent(torch.tensor([0.1, 0.5, 0.9]), wanted) < cosent(torch.tensor([0.9, 0.5, 0.1]), wanted)
    assert float(cosent(torch.tensor([0.3, 0.4]), torch.tensor([1.0, 1.0]))) == 0


def test_span_head_answers_only_where_it_may():
    torch.manual_seed(0)
    allowed = torch.tensor([[False, True, True, False]])
    start, end = SpanHead(8)(torch.randn(1, 4, 8), allowed)
    assert int(start.argmax()) in (1, 2)
    assert int(end.argmax()) in (1, 2)
