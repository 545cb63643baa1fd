import json

import pytest
import torch
from torch import nn

from slmkit.errors import CheckpointError
from slmkit.model.heads import SpanHead, cosent
from slmkit.training.loop import Run, Schedule
from slmkit.training.objectives import pooled_distillation, segment_mean


def make_run(folder, steps=40, every=10):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
    return model, Run(model, Schedule(steps=steps, learning_rate=1e-2), folder, every=every)


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
    with pytest.raises(CheckpointError, match="another schedule"):
        make_run(tmp_path, steps=50)


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
