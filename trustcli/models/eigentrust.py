"""Personalised EigenTrust: the share of one viewpoint's trust that comes to rest at each subject.

Kamvar, Schlosser, Garcia-Molina, "The EigenTrust Algorithm" (WWW 2003), Algorithm 2, with the pre-trusted
set P = {viewpoint}: t ← (1 − a) Cᵀ t + a p, where C is the row-normalised matrix of positive trust
max(v, 0), v = (stars − 3) / 2, and the row of a node that trusts nobody is p. The iteration contracts by
(1 − a) in L1, so it ends after at most ln(2/eps) / −ln(1 − a) rounds.

Assumes: whom you trust chooses well whom to trust. Fails when: negative experience matters (it has none:
a bad rating only gives nothing), or a cluster returns to itself whatever reaches it.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csc_array

from trustcli.models.answer import SHARE, Answer, Score, Term, ranked, summary
from trustcli.models.personal import chain_to, chains
from trustcli.view import NO_WEIGHT, Ignored

TYPE_CHECKING = False
if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trustcli.models.answer import Question
    from trustcli.view import View, Voice

    Floats = NDArray[np.float64]
    Integers = NDArray[np.integer]

RESTART = 0.15  # a in the paper: probability of returning to the pre-trusted
TOLERANCE = 1e-10  # L1 distance of two rounds
MAX_ROUNDS = 500  # more than the contraction bound for any a above 0.05


def eigentrust(
    raters: Integers,
    subjects: Integers,
    trust: Floats,
    pretrusted: Floats,
    *,
    restart: float = RESTART,
    tolerance: float = TOLERANCE,
) -> Floats:
    """Return the trust of n nodes: non-negative, sum 1.

    Args:
        raters, subjects, trust: the m edges; node numbers 0..n−1, trust ≥ 0. Parallel edges add up.
        pretrusted: p, shape (n,), non-negative, sum 1.
        restart: a in the paper, 0 < a ≤ 1.
        tolerance: stop when two rounds differ by less than this in L1.

    Raises:
        ValueError: trust is negative or p is no distribution.
    """
    n = len(pretrusted)
    if not (trust >= 0).all() or not (pretrusted >= 0).all() or not abs(pretrusted.sum() - 1) <= 1e-9:
        raise ValueError("trust must be non-negative and pretrusted a distribution")
    given = np.bincount(raters, weights=trust, minlength=n)
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = np.where(given > 0, 1 / given, 0.0)
    # columns are raters: y = C_T @ (t / given) needs the matrix once, unscaled and untransposed
    matrix = csc_array((trust, (subjects, raters)), shape=(n, n))
    dangling = given <= 0
    current = pretrusted.copy()
    for _ in range(MAX_ROUNDS):
        flow = matrix @ (current * inverse)
        flow *= 1 - restart
        flow += (restart + (1 - restart) * current[dangling].sum()) * pretrusted
        flow /= flow.sum()
        moved = np.abs(flow - current).sum()
        current = flow
        if moved <= tolerance:
            break
    return current


class EigenTrust:
    """EigenTrust as seen by one viewpoint."""

    name = "eigentrust"
    unit = SHARE

    def score(self, view: View, question: Question, subject: int) -> Answer:
        """Score one subject. The whole ledger is read: shares exist only together."""
        subject = view.current(subject)
        shares, voices = _shares(view, question)
        given: dict[int, float] = {}
        for voice in voices:
            given[voice.rater] = given.get(voice.rater, 0.0) + _positive(voice)
        paths = _Paths(voices, question.viewpoint, view.current(question.viewpoint))
        terms, silent = [], []
        for voice in voices:
            if voice.subject != subject:
                continue
            weight = shares.get(voice.rater, 0.0) * _positive(voice) / (given[voice.rater] or 1.0)
            seqs = tuple(opinion.seq for opinion in voice.opinions)
            if weight > 0:
                terms.append(
                    Term(voice.rater, paths.to(voice.rater), voice.stars, weight, voice.newest, seqs)
                )
            else:
                silent += [Ignored(seq, voice.rater, NO_WEIGHT) for seq in seqs]
        _, ignored = view.voices_of(subject, question.category)
        score = summary(subject, shares.get(subject, 0.0), terms)
        return Answer(score._replace(weight=score.value or 0.0), ranked(terms, view), ignored + silent)

    def score_all(self, view: View, question: Question) -> list[Score]:
        """Score every subject that trust flows to."""
        shares, voices = _shares(view, question)
        by_subject: dict[int, list[Voice]] = {}
        for voice in voices:
            if shares.get(voice.rater, 0.0) * _positive(voice) > 0:
                by_subject.setdefault(voice.subject, []).append(voice)
        scores = []
        paths = _Paths(voices, question.viewpoint, view.current(question.viewpoint))
        for subject, said in by_subject.items():
            terms = [Term(v.rater, paths.to(v.rater), v.stars, 1.0, v.newest, ()) for v in said]
            scores.append(summary(subject, shares[subject], terms)._replace(weight=shares[subject]))
        return scores


class _Paths:
    """The chains of praise from one viewpoint."""

    def __init__(self, voices: list[Voice], viewpoint: int, me: int) -> None:
        praise: dict[int, dict[int, float]] = {}
        for voice in voices:
            if _positive(voice) > 0 and voice.rater != voice.subject:
                praise.setdefault(voice.rater, {})[voice.subject] = _positive(voice)
        self._before = chains(lambda node: praise.get(node, {}), me)
        self._viewpoint, self._me = viewpoint, me

    def to(self, rater: int) -> tuple[int, ...]:
        """Return the chain to a rater."""
        return (self._viewpoint, *chain_to(rater, self._before, self._me)[1:])


def _positive(voice: Voice) -> float:
    return max(voice.stars - 3, 0.0) / 2 * voice.bridge


def _shares(view: View, question: Question) -> tuple[dict[int, float], list[Voice]]:
    """Return the share of each node, and the voices; in the order of names, so that sums have one."""
    voices = list(view.all_voices(question.category))
    me = view.current(question.viewpoint)
    nodes = sorted({me}.union(*((voice.rater, voice.subject) for voice in voices)), key=view.name)
    number = {node: index for index, node in enumerate(nodes)}
    voices.sort(key=lambda voice: (number[voice.rater], number[voice.subject]))
    pretrusted = np.zeros(len(nodes))
    pretrusted[number[me]] = 1.0
    shares = eigentrust(
        np.array([number[voice.rater] for voice in voices], dtype=np.int64),
        np.array([number[voice.subject] for voice in voices], dtype=np.int64),
        np.array([_positive(voice) for voice in voices], dtype=np.float64),
        pretrusted,
    )
    return dict(zip(nodes, shares.tolist(), strict=True)), voices


MODEL = EigenTrust()
