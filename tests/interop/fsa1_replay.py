"""Takes a node or a coordinator through a transcript of the vectors, up to a step and including it."""

from typing import Any

from fsa1.coordinator import Coordinator
from fsa1.member import Member
from fsa1_vectors import Transcript

# What a node does with each message of the coordinator, and the step in which its answer is recorded.
ANSWERS = {
    "roster": "shares",
    "inbound": "masked",
    "survivors": "u3",
    "survivors_cert": "unmask",
    "result": "z",
    "result_cert": None,
}


def answer(member: Member, kind: str, message: Any, transcript: Transcript) -> Any:
    """The node's answer to one message; to Inbound it is the upload of the transcript's input."""
    if kind == "offer":
        return member.offer(message, transcript.local())
    reply = getattr(member, kind)(message)
    if kind == "inbound":
        return member.upload(transcript.input_of(member.identity.id))
    return reply


def member_awaiting(transcript: Transcript, node: bytes, step: str) -> Member:
    """A node that has accepted and answered everything before the coordinator's message of this step."""
    member = transcript.member(node)
    if step != "offer":
        member.offer(transcript.offer, transcript.local())
    for kind in ANSWERS:
        if step in (kind, "offer"):
            break
        if kind in transcript.steps:
            answer(member, kind, transcript.sent_to(kind, node), transcript)
    return member


# What the coordinator does with each message of a node, and how it ends that phase.
PHASES = {
    "advertise": ("add_advert", "close_adverts", "roster"),
    "shares": ("add_shares", "close_shares", "inbound"),
    "masked": ("add_masked", "close_masked", "survivors"),
    "u3": ("add_u3", "close_u3", "survivors_cert"),
    "unmask": ("add_unmask", "close_unmask", "result"),
    "z": ("add_z", "close_z", "result_cert"),
}


def coordinator_awaiting(transcript: Transcript, step: str) -> Coordinator:
    """A coordinator that has taken the messages of all nodes in every step before this one."""
    coordinator = Coordinator(transcript.offer, transcript.registry)
    for phase in PHASES:
        if phase == step:
            break
        if phase in transcript.steps:
            take_phase(coordinator, transcript, phase)
    return coordinator


def take_phase(coordinator: Coordinator, transcript: Transcript, phase: str) -> Any:
    """Delivers a phase of the transcript; what the coordinator sends then."""
    add, close, _ = PHASES[phase]
    for node in transcript.nodes:
        held = getattr(coordinator, add)(transcript.sent_by(phase, node))
        assert held is None, held
    return getattr(coordinator, close)()
