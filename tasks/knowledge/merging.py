"""Which names are one thing: a pure function of names, the links between them and what was settled by hand.

Links that join equals are followed from the surest on; a short form joins what it may stand for only while that is one
thing. So the same names and links give the same things, in whatever order and in however many pieces they came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from slmkit.tasks.knowledge.rules import Link

BY_HAND = "by hand"
MARGIN = 0.05
"""By how much the contexts of one thing must be nearer than those of all others for a short form to join it."""

Likeness = Callable[[str, str], "float | None"]
"""Cosine of the contexts of two names; None where they have none."""


@dataclass(frozen=True)
class Joined:
    """Why a name is where it is: it was joined to another by a rule, with a score."""

    name: str
    to: str
    rule: str
    score: float


@dataclass(frozen=True)
class Cluster:
    """Names that are one thing, in order, and the joints that hold them together."""

    names: tuple[str, ...]
    joints: tuple[Joined, ...]


@dataclass(frozen=True)
class Problem:
    """What ``cluster`` works on.

    Attributes:
        names: keys. links: by pair of names. same, apart: pairs that were settled by hand, as (a, b) with a < b.
        likeness: of contexts. near: how alike the contexts must be for a weak link to hold.
    """

    names: Sequence[str]
    links: Mapping[tuple[str, str], Link]
    same: frozenset[tuple[str, str]]
    apart: frozenset[tuple[str, str]]
    likeness: Likeness
    near: float


class _Groups:
    """Union of names, refused where it would put together what was set apart by hand."""

    def __init__(self, names: Iterable[str], apart: frozenset[tuple[str, str]]) -> None:
        self.of = {name: name for name in names}
        self.members = {name: [name] for name in names}
        self.joints: list[Joined] = []
        self._apart: dict[str, set[str]] = {name: set() for name in self.of}
        for a, b in apart:
            if a in self._apart and b in self._apart:
                self._apart[a].add(b)
                self._apart[b].add(a)

    def allowed(self, a: str, b: str) -> bool:
        one, other = self.members[self.of[a]], self.members[self.of[b]]
        small, large = sorted((one, other), key=len)
        inside = set(large)
        return not any(self._apart[name] & inside for name in small)

    def join(self, a: str, b: str, rule: str, score: float) -> bool:
        if self.of[a] == self.of[b] or not self.allowed(a, b):
            return False
        keep, gone = sorted((self.of[a], self.of[b]))
        for name in self.members[gone]:
            self.of[name] = keep
        self.members[keep] += self.members.pop(gone)
        self.joints.append(Joined(a, b, rule, score))
        return True


def cluster(problem: Problem) -> list[Cluster]:
    """The things that the names make up, ordered by their first name."""
    groups = _Groups(problem.names, problem.apart)
    for a, b in sorted(problem.same):
        if a in groups.of and b in groups.of:
            groups.join(a, b, BY_HAND, 1.0)
    links = sorted(problem.links.items(), key=lambda item: (-item[1].score, item[0]))
    for (a, b), link in links:
        if not link.points and _holds(problem, a, b, link):
            groups.join(a, b, link.rule, link.score)
    short: dict[str, list[tuple[str, Link]]] = {}
    for (a, b), link in links:
        if link.points:
            one, other = (a, b) if link.points > 0 else (b, a)
            short.setdefault(one, []).append((other, link))
    while any([_point(problem, groups, name, short[name]) for name in sorted(short)]):  # noqa: C419
        pass
    return _collect(groups)


def _holds(problem: Problem, a: str, b: str, link: Link) -> bool:
    likeness = problem.likeness(a, b) if link.weak else None
    return likeness is None or likeness >= problem.near


def _point(problem: Problem, groups: _Groups, name: str, targets: Sequence[tuple[str, Link]]) -> bool:
    """Join a short form to the one thing that it can stand for."""
    open_ = [pair for pair in targets if groups.of[pair[0]] != groups.of[name] and groups.allowed(name, pair[0])]
    if len(open_) < len(targets) and any(groups.of[other] == groups.of[name] for other, _ in targets):
        return False  # it has joined one of them
    found: dict[str, tuple[str, Link]] = {}
    nearest: dict[str, float] = {}
    for other, link in open_:
        likeness = problem.likeness(name, other) if link.weak else None
        if likeness is not None and likeness < problem.near:
            continue
        found.setdefault(groups.of[other], (other, link))
        if likeness is not None:
            nearest[groups.of[other]] = max(likeness, nearest.get(groups.of[other], -1.0))
    chosen = _choose(found, nearest)
    return chosen is not None and groups.join(name, chosen[0], chosen[1].rule, chosen[1].score)


def _choose(found: Mapping[str, tuple[str, Link]], nearest: Mapping[str, float]) -> tuple[str, Link] | None:
    if len(found) < 2:
        return next(iter(found.values()), None)
    if len(nearest) < len(found):
        return None
    best, second = sorted(found, key=lambda group: (-nearest[group], group))[:2]
    return found[best] if nearest[best] - nearest[second] >= MARGIN else None


def _collect(groups: _Groups) -> list[Cluster]:
    joints: dict[str, list[Joined]] = {group: [] for group in groups.members}
    for joint in groups.joints:
        joints[groups.of[joint.name]].append(joint)
    found = [Cluster(tuple(sorted(names)), tuple(joints[group])) for group, names in groups.members.items()]
    return sorted(found, key=lambda each: each.names[0])


def explain(found: Cluster, root: str) -> dict[str, Joined]:
    """For each name but the root, the joint that leads from it towards the root."""
    around: dict[str, list[Joined]] = {name: [] for name in found.names}
    for joint in found.joints:
        around[joint.name].append(Joined(joint.to, joint.name, joint.rule, joint.score))
        around[joint.to].append(joint)
    reasons: dict[str, Joined] = {}
    edge = [root]
    while edge:
        here = edge.pop()
        for joint in sorted(around[here], key=lambda each: each.name):
            if joint.name != root and joint.name not in reasons:
                reasons[joint.name] = joint
                edge.append(joint.name)
    return reasons
