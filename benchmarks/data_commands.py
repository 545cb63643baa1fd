"""The commands of ``slmkit data``. Heavy modules are imported by the command that needs them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from slmkit.benchmarks.console import one_line_errors, show_table
from slmkit.errors import DataError

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        help="Folder of the datasets. Without it: SLMKIT_DATA, ../shared/data where it exists, the user's cache.",
    ),
]
Names = Annotated[list[str] | None, typer.Argument(help="Dataset names; none stands for all.")]


def data_list(data_dir: DataDir = None) -> None:
    """Registered datasets, and which of their files are there."""
    from slmkit.benchmarks import datasets

    root = datasets.locate(data_dir)
    rows = []
    for entry in datasets.REGISTRY.values():
        missing = datasets.missing_files(entry, root)
        state = "complete" if not missing else f"{len(entry.files) - len(missing)} of {len(entry.files)} files"
        rows.append([entry.name, entry.task, entry.language, ", ".join(entry.splits), state, entry.licence])
    show_table(f"Data in {root}", ["dataset", "task", "language", "splits", "here", "licence"], rows)


def _chosen(names: list[str] | None) -> list[str]:
    from slmkit.benchmarks import datasets

    return [datasets.get(name).name for name in names] if names else datasets.names()


def data_verify(names: Names = None, data_dir: DataDir = None) -> None:
    """Compare the files that are there with the registry's checksums; a missing file is told, not an error."""
    from slmkit.benchmarks import datasets
    from slmkit.benchmarks.datasets import fetch

    with one_line_errors():
        chosen, root = _chosen(names), datasets.locate(data_dir)
        states = [state for name in chosen for state in fetch.verify(datasets.get(name), root)]
        _show_states(f"Data in {root}", states)
        wrong = [s.path for s in states if s.state == "differs"]
        if wrong:
            raise DataError(f"{len(wrong)} files are not those that the registry names: {', '.join(wrong)}")


def data_fetch(
    names: Annotated[list[str], typer.Argument(help="Dataset names.")],
    data_dir: DataDir = None,
    base_url: Annotated[str, typer.Option("--base-url", help="Where REPO/COMMIT/PATH is served.")] = "",
) -> None:
    """Download missing files from their public source, check them, and lay them into the data folder."""
    from slmkit.benchmarks import datasets
    from slmkit.benchmarks.datasets import fetch

    with one_line_errors():
        chosen, root = _chosen(names), datasets.locate(data_dir)
        states = [
            s for name in chosen for s in fetch.fetch(datasets.get(name), root, base_url=base_url or fetch.SOURCE)
        ]
        _show_states(f"Data in {root}", states)
        failed = [s for s in states if s.state == "failed"]
        if failed:
            raise DataError(f"{len(failed)} of {len(states)} files could not be fetched; first: {failed[0].detail}")


def _show_states(title: str, states: list) -> None:
    show_table(title, ["dataset", "file", "state", "detail"], [[s.dataset, s.path, s.state, s.detail] for s in states])
