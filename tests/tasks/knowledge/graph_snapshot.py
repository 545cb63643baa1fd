"""A graph as plain values that do not depend on the ids of its nodes."""


def snapshot(graph):
    nodes = {row.id: row for row in graph.nodes().itertuples()}
    why = {
        number: sorted((row.surface, row.rule, row.seen) for row in graph.why(int(number)).itertuples())
        for number in nodes
    }
    edges = sorted(
        (
            (nodes[row.head_id].name, tuple(nodes[row.head_id].aliases), row.relation),
            (nodes[row.tail_id].name, tuple(nodes[row.tail_id].aliases)),
            (row.score, row.seen, sorted(map(repr, row.documents))),
        )
        for row in graph.edges().itertuples()
    )
    shown = sorted((row.name, row.type, list(row.aliases), row.seen, why[row.id]) for row in nodes.values())
    return shown, edges


def internal(graph):
    """How many rows each table has: nothing may be left behind."""
    counts = graph.query("MATCH (n) RETURN label(n) AS kind, count(*) AS many ORDER BY kind")
    return {row.kind: row.many for row in counts.itertuples() if row.kind not in ("Meta", "Ruling")}
