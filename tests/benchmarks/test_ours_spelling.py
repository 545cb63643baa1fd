"""``SpellCorrector`` as a system: shipped, fitted, and skipped where no speller ships."""

import pytest

from slmkit.benchmarks import datasets, runner, systems
from slmkit.benchmarks.cell import Cell
from slmkit.benchmarks.systems import ours_spelling
from slmkit.errors import DataError, InputError

pytest.importorskip("rapidfuzz")
pytest.importorskip("pypinyin")
WRONG, RIGHT = ["the flim is good", "the film is bad", "a flim of the team"], ["the film is good", "the film is bad"]
RIGHT = [*RIGHT, "a film of the team"]


@pytest.fixture(scope="module")
def speller(toy_slm, tmp_path_factory):
    """A small speller, saved."""
    from slmkit.tasks.spelling import SpellCorrector

    folder = tmp_path_factory.mktemp("speller") / "speller"
    SpellCorrector(slm=toy_slm).fit(WRONG * 6, RIGHT * 6, depth=1, epochs=1).save(folder)
    return folder


def test_what_ships_corrects(speller, toy_slm):
    system = ours_spelling.Spelling(datasets.get("misspelt-5"), "shipped", slm=toy_slm, speller=speller)
    made = system.predict([*WRONG, ""])
    assert len(made) == 4
    assert made[1] == WRONG[1]
    other = ours_spelling.Spelling(datasets.get("sighan13"), "shipped", slm=toy_slm, speller=speller)
    assert system.fingerprint() == other.fingerprint()
    with pytest.raises(InputError, match="measured as shipped"):
        system.fit(WRONG, RIGHT, seed=0)


def test_the_fitted_one_goes_on_from_it(speller, toy_slm):
    system = ours_spelling.Spelling(datasets.get("ecspell-law"), "fitted", slm=toy_slm, speller=speller)
    with pytest.raises(InputError, match="fit it first"):
        system.predict(WRONG)
    system.fit(WRONG * 4, [[right] for right in RIGHT * 4], seed=1)
    assert len(system.predict(WRONG)) == 3
    assert system._model.model_.about["from"]


def test_bytes_and_parameters(speller, toy_slm, monkeypatch):
    monkeypatch.setattr(ours_spelling.slmkit, "load", lambda: toy_slm)
    system = ours_spelling.Spelling(datasets.get("misspelt-5"), "shipped", slm=toy_slm, speller=speller)
    core = int(toy_slm.info()["parameters"])
    size = system.size()
    layer = sum(p.numel() for p in toy_slm.encoder.layers[0].parameters())
    assert layer < size.parameters - core < 2 * layer
    assert size.bytes >= sum(path.stat().st_size for path in speller.iterdir())


def test_without_a_shipped_speller_the_cell_is_skipped(tmp_path, tiny_root, lay, monkeypatch):
    monkeypatch.setattr("slmkit.tasks.spelling.corrector.shipped_speller", lambda: tmp_path / "none")
    with pytest.raises(DataError, match="no speller ships"):
        systems.build("slmkit", datasets.get("sighan13"), "shipped").fingerprint()
    lay(tiny_root, "zh/sighan-csc/test2013.txt.xz", "1\t他门走\t他们走\n0\t好\t好\n")
    (outcome,) = runner.run(
        [Cell("sighan13", "dev", "shipped", "slmkit")], runner.Run(tiny_root, tmp_path / "out", in_process=True)
    )
    assert outcome.status == "skipped"
    assert "no speller ships" in outcome.reason


def test_it_is_registered():
    entry = systems.get("slmkit")
    assert all(entry.can(datasets.get(name), "shipped") for name in ("misspelt-5", "sighan13", "norvig-words"))
    assert entry.can(datasets.get("ecspell-law"), "fitted")


def test_the_polisher_is_measured_where_a_core_was_taught_to_polish():
    from dataclasses import replace

    from slmkit.core import SLM
    from tests.conftest import make_toy_slm

    plain = make_toy_slm(decoder=True)
    with pytest.raises(DataError, match="not taught to polish"):
        ours_spelling.Polishing(datasets.get("jfleg"), "shipped", slm=plain).fingerprint()
    size = replace(plain.config.decoder, starts={**plain.config.decoder.starts, "clean": 15})
    taught = SLM(
        replace(plain.config, decoder=size), plain.tokenizer, plain.encoder, decoder=plain.decoder, fingerprint="toy"
    )
    taught.writer.decoder.config = size
    system = ours_spelling.Polishing(datasets.get("jfleg"), "shipped", slm=taught)
    assert len(system.predict([*WRONG, ""])) == 4
    assert system.fingerprint() == system.fingerprint()
    with pytest.raises(InputError, match="measured as shipped"):
        system.fit(WRONG, RIGHT, seed=0)
    assert systems.get("slmkit-polisher").can(datasets.get("jfleg"), "shipped")
