"""``slmkit index …``, ``slmkit search`` and ``slmkit ask``: an index of documents from the command line."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from slmkit.errors import InputError

if TYPE_CHECKING:
    from slmkit.tasks.question_answering.answer import Answer
    from slmkit.tasks.question_answering.index import DocumentIndex
    from slmkit.tasks.question_answering.records import AddReport, Hit

index_app = typer.Typer(
    name="index",
    help="Make and keep an index of your own documents, to search and to ask.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of the index.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of lines to read.")]
Core = Annotated[
    Path | None, typer.Option(help="Folder of a core or retriever that makes the vectors, instead of the shipped one.")
]
Where = Annotated[
    list[str] | None, typer.Option(metavar="NAME=VALUE", help="A condition on the metadata (also >=, <, …).")
]
# Of ``slmkit run``, for the task that answers.
Asked = Annotated[Path | None, typer.Option(metavar="DIR", help="With ask: the folder of the index.")]
AskedReader = Annotated[Path | None, typer.Option(metavar="DIR", help="With ask: a saved reader.")]


@index_app.command("add")
def add(
    source: Annotated[Path, typer.Argument(metavar="DOCS", help=".csv, .tsv, .jsonl (each also .gz) or .parquet.")],
    index: Annotated[Path, typer.Option(metavar="DIR", help="The folder of the index; made when it is not there.")],
    text: Annotated[str, typer.Option(help="The column that holds the texts.")] = "text",
    id_column: Annotated[str, typer.Option("--id", help="The column that holds the ids.")] = "id",
    metadata: Annotated[list[str] | None, typer.Option(help="A column to keep and filter by; repeatable.")] = None,
    update: Annotated[bool, typer.Option("--update", help="Replace documents whose ids are there.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was cut off.")] = False,
    encoding: Annotated[str | None, typer.Option(help="Encoding of a text file (UTF-8).")] = None,
    core: Core = None,
) -> None:
    """Put the documents of a table into an index; what is committed stays, whatever happens."""
    if not source.is_file():
        raise InputError(f"there is no file {source}")
    opened = _open(index, core, create=True)
    options: dict[str, Any] = {"encoding": encoding, "progress": True}
    columns = (text, id_column, metadata or ())
    if update:
        report = opened.update(source, *columns, **options)
    else:
        report = opened.add(source, *columns, resume=resume, **options)
    for line in _summary(report, opened):
        typer.echo(line, err=True)


@index_app.command("delete")
def delete(
    index: Folder,
    ids: Annotated[list[str], typer.Argument(metavar="ID …", help="Ids of documents.")],
    whole: Annotated[bool, typer.Option("--int", help="The ids are whole numbers, not texts.")] = False,
) -> None:
    """Take documents out of an index."""
    try:
        keys = [int(each) if whole else each for each in ids]
    except ValueError as error:
        raise InputError(f"--int: {error}") from None
    typer.echo(f"{_open(index).delete(keys):,} documents were taken out")


@index_app.command("stats")
def stats(index: Folder, as_json: AsJson = False) -> None:
    """Show how many documents there are, and what they take on disk."""
    facts = _open(index).stats()
    if as_json:
        typer.echo(json.dumps(facts))
        return
    width = max(map(len, facts))
    for name, value in facts.items():
        typer.echo(f"{name:<{width}}  {value:,}" if type(value) is int else f"{name:<{width}}  {value}")


@index_app.command("verify")
def verify(index: Folder) -> None:
    """Look through all parts of an index; ends with an error when something is wrong."""
    report = _open(index).verify()
    for problem in report.problems:
        typer.echo(problem, err=True)
    typer.echo(f"{report.documents:,} documents, {report.passages:,} passages, {len(report.problems)} problems")
    if not report.clean:
        raise typer.Exit(1)


@index_app.command("compact")
def compact(index: Folder) -> None:
    """Give the space of what was deleted back to the disk."""
    opened = _open(index)
    opened.compact()
    typer.echo(f"{opened.stats()['bytes']:,} bytes")


def search(
    index: Folder,
    query: Annotated[str, typer.Argument(help="What to look for.")],
    k: Annotated[int, typer.Option("-k", min=1, help="Passages to show.")] = 5,
    mode: Annotated[str, typer.Option(help="hybrid, dense (by meaning) or lexical (by words).")] = "hybrid",
    where: Where = None,
    core: Core = None,
    as_json: AsJson = False,
) -> None:
    """Find the passages of an index that answer a query best."""
    hits = _open(index, core).search(query, k, mode=mode, where=_read_where(where or []))
    if as_json:
        for hit in hits:
            typer.echo(json.dumps(dataclasses.asdict(hit), ensure_ascii=False).encode("utf-8", "replace").decode())
        return
    for rank, hit in enumerate(hits, start=1):
        for line in _shown(rank, hit):
            typer.echo(line.encode("utf-8", "replace").decode())
    if not hits:
        typer.echo("nothing was found", err=True)


def ask(
    index: Folder,
    question: Annotated[str, typer.Argument(help="What to answer.")],
    reader: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A saved reader, instead of the shipped one.")
    ] = None,
    k: Annotated[int, typer.Option("-k", min=1, help="Passages to read.")] = 5,
    n_best: Annotated[int, typer.Option(min=1, help="Answers to show.")] = 1,
    mode: Annotated[str, typer.Option(help="How passages are found: hybrid, dense or lexical.")] = "hybrid",
    threshold: Annotated[
        float | None, typer.Option(min=0, max=1, help="Abstain where no answer is likelier than this.")
    ] = None,
    style: Annotated[str, typer.Option(help="span (the answer proper) or sentence (the one it stands in).")] = "span",
    where: Where = None,
    core: Core = None,
    as_json: AsJson = False,
) -> None:
    """Answer a question from the documents of an index, with the passage that says so; or say that they do not."""
    from slmkit.tasks.question_answering.answerer import QuestionAnswerer

    answerer = QuestionAnswerer(_open(index, core), reader, k=k, mode=mode, threshold=threshold, style=style)
    found = answerer.ask(question, n_best=n_best, where=_read_where(where or []))
    for rank, answer in enumerate(found if n_best > 1 else [found], start=1):
        lines = [json.dumps(answer.row(), ensure_ascii=False)] if as_json else _told(rank, answer)
        for line in lines:
            typer.echo(line.encode("utf-8", "replace").decode())


def given(**options: Path | None) -> dict[str, Any]:
    """The options that were given."""
    return {name: str(value) for name, value in options.items() if value is not None}


def _open(folder: Path, core: Path | None = None, *, create: bool = False) -> DocumentIndex:
    from slmkit.tasks.question_answering.index import DocumentIndex

    slm = None
    if core is not None:
        from slmkit.tasks.question_answering.retriever import embedder_at

        slm = embedder_at(core)
    if create and (not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))):
        return DocumentIndex.create(folder, slm=slm)
    return DocumentIndex.open(folder, slm=slm)


_SPELLED = {"true": True, "false": False, "null": None, "nan": None}


def _read_where(given: list[str]) -> dict[str, Any]:
    """Take ``NAME=VALUE`` and the like; a value that is JSON (a number, a list) is read as such, any other is text.

    What spells a truth value or a gap is also looked for as it is spelled, since in a table read from CSV it is text.
    """
    where: dict[str, dict[str, Any]] = {}
    for condition in given:
        found = [(condition.find(sign), sign) for sign in ("<=", ">=", "!=", "=", "<", ">") if sign in condition]
        at, sign = min(found, key=lambda pair: pair[0], default=(-1, ""))
        if at < 1:
            raise InputError(f"--where {condition!r}: give NAME=VALUE (or <, <=, >, >=, != in place of =)")
        text = condition[at + len(sign) :]
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        if text.lower() in _SPELLED:
            value = [_SPELLED[text.lower()], text] if sign in ("=", "!=") else text
        if isinstance(value, list) and sign in ("=", "!="):
            sign = "in" if sign == "=" else "not in"
        where.setdefault(condition[:at], {})[sign] = value
    return where


def _shown(rank: int, hit: Hit) -> list[str]:
    sides = [
        f"{name} {value:.3f}" for name, value in (("dense", hit.dense), ("lexical", hit.lexical)) if value is not None
    ]
    about = "  ".join(f"{name}={value}" for name, value in hit.metadata.items())
    head = f"{rank}. {hit.document} [{hit.start}:{hit.end}]  {', '.join(sides)}"
    return [f"{head}  {about}".rstrip(), f"   {' '.join(hit.text.split())}"]


def _told(rank: int, answer: Answer) -> list[str]:
    if not answer or answer.passage is None:
        score = "" if answer.score is None else f" ({answer.score:.2f})"
        return [f"no answer: {answer.reason}{score}"]
    cited = f"{answer.document} [{answer.start}:{answer.end}]"
    return [f"{rank}. {answer.text}  ({answer.score:.2f})  {cited}", f"   {' '.join(answer.passage.text.split())}"]


def _summary(report: AddReport, opened: DocumentIndex) -> list[str]:
    updated = f", {report.updated:,} replaced" if report.updated else ""
    same = f", {report.unchanged:,} were there already" if report.unchanged else ""
    lines = [
        f"{report.added:,} documents added{updated}{same}, {report.refused:,} refused; {len(opened):,} in the index"
    ]
    lines += [f"  {count:,} refused: {reason}" for reason, count in report.reasons.items()]
    lines += [f"  row {each.row} (id {each.id!r}): {each.reason}" for each in report.examples[:5]]
    return lines
