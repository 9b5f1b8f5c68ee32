"""Lies about the sum: the Result, and the certificate with which the next round begins."""

from collections.abc import Callable
from dataclasses import replace

from fsa1.bodies import Z
from fsa1.messages import Result
from fsa1.params import Params
from fsa1.primitives import P, bytes_of, merkle_root, sha256, words_of
from lab.stubs import node_pb2

from coordinator import wire
from coordinator.job import Attempt

from .telling import FOREIGN, LIES, ME, Lie, Talk, edited, flipped, lie


def commit_of(attempt: Attempt, result: Result) -> tuple[str, object]:
    return "commit", wire.to_commit(attempt.place, attempt.outcome, result)


def sum_lie(name: str, refusal: str, change: Callable[[list[int], Params], None], **how) -> None:
    """The words of the sum changed, with a root that fits them."""

    def tell(talk: Talk) -> tuple[str, object]:
        result = talk.attempt.result
        words = words_of(b"".join(result.chunks))
        change(words, talk.attempt.coordinator.params)
        chunks = talk.attempt.coordinator.params.chunks(bytes_of(words))
        return commit_of(talk.attempt, replace(result, nwords=len(words), chunks=chunks, z_root=merkle_root(chunks)))

    LIES[name] = Lie(refusal, tell, **how)


def result_lie(name: str, refusal: str, change: Callable[[Result], dict], **how) -> None:
    def tell(talk: Talk) -> tuple[str, object]:
        return commit_of(talk.attempt, replace(talk.attempt.result, **change(talk.attempt.result)))

    LIES[name] = Lie(refusal, tell, **how)


def setting(at: int, value: Callable[[int, Params], int]) -> Callable[[list[int], Params], None]:
    def change(words: list[int], params: Params) -> None:
        words[at] = value(words[at], params)

    return change


def swapped(words: list[int], params: Params) -> None:
    first = len(params.headers)
    words[first], words[first + 1] = words[first + 1], words[first]


sum_lie("sum-with-a-bit-flipped", "bad_tag", setting(-2, lambda word, p: word ^ 1))
sum_lie("sum-with-places-swapped", "bad_tag", swapped)
sum_lie("sum-of-one-more", "wrong_count", setting(0, lambda word, p: word + 1))
sum_lie("sum-of-one-less", "wrong_count", setting(0, lambda word, p: word - 1))
sum_lie("sum-without-weight", "zero_weight", setting(1, lambda word, p: 0))
sum_lie("sum-of-deflated-weights", "mean_bound", setting(1, lambda word, p: 1))
sum_lie("sum-of-other-weights", "bad_tag", setting(1, lambda word, p: word - 1))
sum_lie("sum-with-a-header-above-its-bound", "range", setting(2, lambda word, p: 5 * p.headers[2][1] + 1))
sum_lie("sum-with-a-header-moved-by-p", "range", setting(2, lambda word, p: word + P))
sum_lie("sum-with-a-field-above-its-bound", "range", setting(-2, lambda word, p: word | 2**p.f - 1))
sum_lie("sum-with-padding", "range", setting(-2, lambda word, p: word | 1 << 63))
sum_lie("sum-a-word-short", "wrong_length", lambda words, params: words.pop() and None, ends=False)
result_lie("tag-altered", "bad_tag", lambda r: {"tau": (r.tau[0] ^ 1, r.tau[1])})
result_lie("tag-not-below-p", "bad_tag", lambda r: {"tau": (r.tau[0] + P, r.tau[1])})
result_lie("tag-left-out", "bad_tag", lambda r: {"tau": ()})
result_lie("root-of-other-words", "bad_root", lambda r: {"z_root": FOREIGN})
result_lie("sum-of-another-set", "second_u3", lambda r: {"u3_hash": FOREIGN}, ends=False)


@lie("second_u3", ends=False)
def a_sum_that_names_other_survivors(talk):
    told = talk.attempt.commit
    return "commit", edited(told, survivors=told.survivors[1:])


@lie("second_u3", ends=False)
def a_sum_that_was_not_opened(talk):
    told = edited(talk.attempt.commit)
    told.ClearField("opened")
    return "commit", told


@lie("blob.checksum", ends=False)
def a_sum_that_is_not_the_announced_one(talk):
    return "commit", edited(talk.attempt.commit, sum_hash=FOREIGN)


@lie("out_of_phase", ends=False)
def a_sum_before_the_certificate(talk):
    talk.attempt.certificate
    coordinator = talk.attempt.coordinator
    words = bytes(8 * coordinator.params.nwords)
    opened = node_pb2.Commit.Opened(u3_hash=coordinator.u3_hash, z_root=merkle_root([words]), tau=(0, 0))
    return "commit", node_pb2.Commit(
        **talk.attempt.place.fields(), cohort=talk.attempt.cohort, survivors=coordinator.u3, sum=words,
        words=coordinator.params.nwords, sum_hash=sha256(words), model_hash=FOREIGN, opened=opened)


@lie("second_u3", ends=False)
def the_sum_of_an_older_attempt(talk):
    older = talk.attempt.commit
    talk.again().result
    return "commit", edited(older, attempt=1)


def next_train(talk: Talk, **proof) -> node_pb2.Train:
    """Of the second round, from the model that the first came to; other fields of the proof."""
    attempt = talk.attempt
    return node_pb2.Train(job=talk.job.plan.job, round=2, purpose=1, model_hash=attempt.outcome.model_hash,
                          proof=edited(attempt.proof, **proof))


TWO_ROUNDS = {"count": "2"}
BOTH = ("refused", "declined")  # this attempt, and so that round


@lie("wrong_model", answers=("declined",), ends=False, plan=TWO_ROUNDS)
def a_result_without_a_certificate(talk):
    told = next_train(talk)
    told.ClearField("proof")
    return "train", told


@lie("wrong_model", answers=("declined",), ends=False, plan=TWO_ROUNDS)
def another_model_than_the_certified_one(talk):
    return "train", edited(next_train(talk), model_hash=FOREIGN)


@lie("bad_certificate", answers=BOTH, plan=TWO_ROUNDS)
def a_result_that_too_few_signed(talk):
    least = talk.attempt.coordinator.params.t
    return "train", next_train(talk, result=talk.attempt.proof.result[: least - 1])


@lie("bad_certificate", answers=BOTH, plan=TWO_ROUNDS)
def a_result_with_a_forged_signature(talk):
    *good, last = talk.attempt.proof.result
    return "train", next_train(talk, result=[*good, edited(last, signature=flipped(last.signature))])


@lie("forked_result", answers=BOTH, plan=TWO_ROUNDS, stops=True)
def another_sum_for_the_others(talk):
    coordinator = talk.attempt.coordinator
    talk.attempt.proof
    sigs = tuple((node, talk.sign(node, Z(node, coordinator.u3_hash, coordinator.params.nwords, FOREIGN)).sig)
                 for node in coordinator.u3 if node != ME)
    return "train", next_train(talk, z_root=FOREIGN, result=wire.to_signatures(sigs))
