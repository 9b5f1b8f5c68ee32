"""Ledger B by real programs: six members whose charter consents to scores, a job whose groups are dealt anew each round, a
judge among them, and the scores that it publishes. The groups are drawn here a second time, by another program.

usage: scores_test.py DIRECTORY_OF_PROGRAMS
"""

import base64
import hashlib
import json
import re
import struct
import sys
import tempfile
import unittest
from pathlib import Path

import governance_test
from governance_test import APPS, Governed

MEMBERS = ["ada", "bo", "cy", "di", "ed", "flo"]
governance_test.MEMBERS[:] = MEMBERS
JOB = """version = 1
name = "scored"
purpose = "test"
seed = 3
corrupt = 0
model = {{ kind = "mlp", input = [8], hidden = [16], classes = 4 }}
data = {{ dataset = "rows" }}
inner = {{ lr = 0.05, local_steps = 5, batch = 32 }}
update = {{ max_examples = 2000, weights = "exact" }}
eval = {{ metrics = ["loss"] }}
[round]
count = {rounds}
min_nodes = 3
min_survivors = 3
max_wait = "5m"
[groups]
min_groups = 2
reshuffle = true
[groups.east]
nodes = ["ada.test.accord/ada", "bo.test.accord/bo", "cy.test.accord/cy"]
[groups.west]
nodes = ["di.test.accord/di", "ed.test.accord/ed", "flo.test.accord/flo"]
"""


def identity(name: str) -> str:
    return f"spiffe://{name}.test.accord/node/{name}"


class Scored(Governed):
    def edit_charter(self, draft: str) -> str:
        if draft.count("contribution_scores = false") != 1:
            raise AssertionError(draft)
        return draft.replace("contribution_scores = false", "contribution_scores = true")

    def govern(self, member: str) -> None:
        super().govern(member)
        if member == "ada":
            config = self.dir / "ada.toml"
            config.write_text(config.read_text().replace("[governance]\n", "[governance]\nevaluate = true\n"))
            self.programs["ada"].stop()
            self.start_node("ada")

    def propose_scored(self, rounds: int) -> str:
        job = self.dir / "job.toml"
        job.write_text(JOB.format(rounds=rounds))
        data = [word for member in MEMBERS for word in ("--data", f"{member}=sha256:{self.certificates[member]}")]
        return self.ask("proposal", "create", job, *data, *self.signed("ada"))["id"]

    def documents(self) -> list[dict]:
        """What was signed, of every entry of the log."""
        found = []
        partial = self.dir / "coordinator/log/tile/entries/000.p"
        sizes = [int(path.name) for path in partial.iterdir() if path.name.isdigit()]  # others are being written
        bundle = (partial / str(max(sizes))).read_bytes()
        while bundle:
            length, = struct.unpack(">H", bundle[:2])
            found.append(json.loads(base64.b64decode(json.loads(bundle[2:2 + length])["payload"])))
            bundle = bundle[2 + length:]
        return found


def draw(job: str, nonces: list[str], round_: int) -> bytes:
    return hashlib.sha256(bytes.fromhex(job) + b"".join(sorted(map(bytes.fromhex, nonces))) + struct.pack(">I", round_)).digest()


def deal(seed: bytes) -> list[set[str]]:
    """The groups of a round, as docs/governance.md has it."""
    names = {hashlib.sha256(identity(name).encode()).digest()[:16]: identity(name) for name in MEMBERS}
    nodes, draws = sorted(names), 0
    for i in range(len(nodes) - 1, 0, -1):
        value, most = 2**64 - 1, 2**64 - 1
        while value >= most - most % (i + 1):
            value = int.from_bytes(hashlib.sha256(b"accord/groups\0" + seed + struct.pack(">Q", draws)).digest()[:8], "big")
            draws += 1
        j = value % (i + 1)
        nodes[i], nodes[j] = nodes[j], nodes[i]
    return [{names[node] for node in nodes[:3]}, {names[node] for node in nodes[3:]}]


class ScoresTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        directory = tempfile.TemporaryDirectory(prefix="accord-scores-")
        cls.addClassCleanup(directory.cleanup)
        cls.federation = Scored(APPS, Path(directory.name))
        cls.addClassCleanup(cls.federation.close)

    def test_groups_are_dealt_anew_and_their_members_scored(self) -> None:
        federation, rounds = self.federation, 6
        job = federation.propose_scored(rounds)
        federation.until(lambda: any(one["id"] == job for one in federation.ask("proposal", "list")))
        for member in MEMBERS:
            federation.vote(job, member)
        federation.until(lambda: federation.refusal("job", "show", job) == "")
        view = federation.watch(job, lambda view: view["state"] in ("finished", "failed", "cancelled"))
        self.assertEqual(view["state"], "finished", view)
        commits_of = lambda: [text for text in federation.documents() if "group_seed" in text]
        federation.until(lambda: len(commits_of()) == rounds)
        documents, commits = federation.documents(), commits_of()
        votes = [text["vote_nonce"] for text in documents if "vote_nonce" in text]
        quorum = next(text["quorum"]["job"] for text in documents if "quorum" in text)
        self.assertGreater(len(votes), quorum, "votes that came later change nothing")
        directory = federation.dir / "coordinator/receipts" / job
        for commit in commits:
            seed = draw(job, votes[:quorum], commit["round"])
            self.assertEqual(commit["group_seed"], seed.hex())
            groups = deal(seed)
            for place, group in enumerate(groups):
                kept = (directory / f"{commit['round']}.{place}").read_bytes()
                named = set(re.findall(rb"spiffe://[a-z]+\.test\.accord/node/[a-z]+", kept))
                self.assertEqual({name.decode() for name in named}, group, "a group's receipts are of its members")

        worth = federation.dir / "ada/worth" / job
        self.assertEqual(list((federation.dir / "ada/worth").iterdir()), [worth])
        self.assertFalse((federation.dir / "bo/worth").exists(), "only who is asked to judges")
        publish = ["attribution", "publish", worth]
        federation.until(lambda: federation.ask("attribution", "report", job[:12])["rounds"] == rounds)
        self.assertNotIn("scores", federation.ask("attribution", "report", job[:12]))
        federation.ask(*publish, *federation.signed("ada"))
        federation.until(lambda: "scores" in federation.ask("attribution", "report", job[:12]))
        scores, = federation.ask("attribution", "report", job[:12])["scores"]
        self.assertEqual((scores["judge"], scores["rounds"]), ("ada", rounds))
        self.assertEqual([one["node"] for one in scores["nodes"]], sorted(map(identity, MEMBERS)))
        self.assertEqual([one["member"] for one in scores["nodes"]], MEMBERS)
        self.assertEqual(max(one["tenths"] for one in scores["nodes"]), 10)
        self.assertEqual(federation.refusal(*publish, *federation.signed("ada")), "cli.exists", "once a job")
        text = federation.call("accord", "attribution", "report", job[:12])
        self.assertIn("they have a price", text)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
