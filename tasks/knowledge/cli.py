"""``slmkit graph …``: a knowledge graph from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from slmkit.errors import InputError
from slmkit.tasks.name_values import read_pairs

if TYPE_CHECKING:
    from slmkit.tasks.knowledge.records import GrowthReport

graph_app = typer.Typer(
    name="graph",
    help="Make a knowledge graph of your own documents, ask it, export it, look at it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

File = Annotated[Path, typer.Argument(metavar="FILE", help="The file of the graph.")]


@graph_app.command("build")
def build(
    table: Annotated[Path, typer.Argument(metavar="TABLE", help=".csv, .tsv, .jsonl (each also .gz) or .parquet.")],
    graph: Annotated[Path, typer.Option(metavar="FILE", help="The file of the graph; made when it is not there.")],
    triples: Annotated[
        Path | None,
        typer.Option(
            help="A table with head, relation, tail and the documents' ids (and head_type, tail_type, score)."
        ),  # noqa: E501
    ] = None,
    column: Annotated[str, typer.Option(help="The column that holds the texts.")] = "text",
    id_column: Annotated[str, typer.Option("--id", help="The column that holds the ids, in both tables.")] = "id",
    replace: Annotated[bool, typer.Option("--replace", help="Replace documents whose ids are there.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was cut off.")] = False,
    encoding: Annotated[str | None, typer.Option(help="Encoding of a text file (UTF-8).")] = None,
) -> None:
    """Put the documents of a table into a graph; each is committed by itself, whatever happens."""
    from slmkit.tasks.knowledge.graph import KnowledgeGraph

    if triples is None:
        raise InputError("name a table of triples with --triples: no recognizer of relations comes with slmkit yet")
    for path in (table, triples):
        if not path.is_file():
            raise InputError(f"there is no file {path}")
    opened = KnowledgeGraph.open(graph) if graph.exists() else KnowledgeGraph.create(graph)
    with opened:
        options: dict[str, Any] = {"replace": replace, "resume": resume, "encoding": encoding, "progress": True}
        report = opened.add_frame(table, column, id_column, triples=triples, **options)
        for line in _summary(report, len(opened)):
            typer.echo(line, err=True)


@graph_app.command("query")
def query(
    graph: File,
    cypher: Annotated[
        str, typer.Argument(help="Such as 'MATCH (a:Entity)-[r:RELATED]->(b) RETURN a.name, r.relation, b.name'.")
    ],  # noqa: E501
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="What $NAME stands for; repeatable."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a row.")] = False,
) -> None:
    """Ask a graph in Cypher; nothing is changed."""
    from slmkit.tasks.knowledge.graph import KnowledgeGraph

    with KnowledgeGraph.open(graph, read_only=True) as opened:
        frame = opened.query(cypher, read_pairs(parameter or [], "--parameter"))
    rows = frame.to_dict("split")["data"]
    if as_json:
        for row in rows:
            typer.echo(json.dumps(dict(zip(frame.columns, row, strict=True)), ensure_ascii=False, default=str))
        return
    typer.echo("\t".join(map(str, frame.columns)))
    for row in rows:
        typer.echo("\t".join(" ".join(str(cell).split()) for cell in row))


@graph_app.command("export")
def export(
    graph: File,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A file (.graphml, .jsonld, .ttl), or a folder.")],
    form: Annotated[str | None, typer.Option("--format", help="graphml, jsonld, turtle, neo4j or parquet.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")] = False,
) -> None:
    """Write a graph for other programs."""
    from slmkit.tasks.knowledge.graph import KnowledgeGraph

    with KnowledgeGraph.open(graph, read_only=True) as opened:
        typer.echo(f"written to {opened.export(out, format=form, overwrite=overwrite)}", err=True)


@graph_app.command("show")
def show(
    graph: File,
    out: Annotated[Path, typer.Option(help="The page.")] = Path("graph.html"),
    most: Annotated[int, typer.Option(min=1, help="Nodes; of a larger graph, those with the most edges.")] = 2000,
    open_it: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Write a graph as one page to look at: search, filters, and the sentence behind each edge."""
    from slmkit.tasks.knowledge.graph import KnowledgeGraph

    with KnowledgeGraph.open(graph, read_only=True) as opened:
        typer.echo(f"written to {opened.show(out, open=open_it, most=most)}", err=True)


def _summary(report: GrowthReport, nodes: int) -> list[str]:
    replaced = f", {report.replaced:,} replaced" if report.replaced else ""
    same = f", {report.unchanged:,} were there already" if report.unchanged else ""
    lines = [
        f"{report.added:,} documents added{replaced}{same}, {report.triples:,} triples, {report.refused:,} refused; "
        f"{nodes:,} nodes in the graph"
    ]
    lines += [f"  {count:,} refused: {reason}" for reason, count in report.reasons.items()]
    lines += [f"  row {each.row} (id {each.id!r}): {each.reason}" for each in report.examples[:5]]
    return lines
