"""A federation whose members decide, by real programs: keys, charter, witnesses, a proposal, votes, and the job that follows.
Whoever has not approved trains nothing; the coordinator is killed once the votes are in. Data are certified and found, the log is
followed and published, and a coordinator that comes back with an older log is found out.

usage: governance_test.py DIRECTORY_OF_PROGRAMS
"""

import json
import math
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

from federation import PATIENCE, Federation, Program, free_port

APPS = Path(sys.argv[1]).resolve()
MEMBERS = ["ada", "bo", "cy"]
POLICY = """version = 1
default = "deny"
federation = "{genesis}"
[limits]
max_epsilon_total = 1.0
max_concurrent_jobs = 2
[[allow]]
id = "rows"
submitters = ["member:ada"]
model_kinds = ["mlp"]
datasets = ["sha256:{data}"]
purposes = ["test"]
min_cohort = 3
min_group = 3
min_secure = "malicious"
allow_without_dp = true
max_rounds = 10
max_local_steps = 2000
code = ["builtin"]
max_wall_s = 86400
max_mem_mb = 16384
require_own_vote = true
require_approval = {approval}
valid_until = 2199-01-01
"""
JOB = """version = 1
name = "rows"
purpose = "test"
seed = 3
corrupt = 0
model = {{ kind = "mlp", input = [8], hidden = [16], classes = 4 }}
data = {{ dataset = "rows" }}
inner = {{ lr = 0.05, local_steps = {steps}, batch = 32 }}
update = {{ max_examples = 2000, weights = "exact" }}
[round]
count = {rounds}
min_nodes = 3
min_survivors = 3
max_wait = "5m"
"""


ABOUT = """name = "Rows <of> a rule"
description = "Rows of a rule."
license = "CC0-1.0"
url = "https://example.org/rows"
creators = ["A test"]
publisher = "A test"
published = 2026-01-31
version = "{version}"
languages = ["sw"]
formats = ["text/csv"]
[rai]
collection = "Computed."
collection_timeframe = "2026"
personal_sensitive_information = "None."
biases = "None."
limitations = "None."
use_cases = "Tests."
[certificate]
modalities = ["table"]
records = 2000
jurisdiction = "Kenya"
legal_basis = "None is needed."
purposes = ["test"]
personal_data = false
not_after = 2199-01-01
"""


class Governed(Federation):
    """Every node of a member of its own, which has a CA of its own; the charter is in the log and witnessed."""

    def __init__(self, apps: Path, directory: Path):
        super().__init__(apps, directory, [])
        self.cas = {member: self.start_ca(member) for member in MEMBERS}
        for member in MEMBERS:
            self.add_node(member, self.call("accord-ca", "invite", member, "--state", self.dir / f"{member}.ca").strip())
        self.spy = self.ask("member", "invite", "spy", "--role", "node")["token"]
        (directory / "passphrase").touch(0o600)
        (directory / "passphrase").write_text("a long enough passphrase\n")
        for member in MEMBERS:
            self.call("accord", "key", "create", "--name", f"test/gov/{member}", "--out", directory / f"{member}.key",
                      "--passphrase-file", directory / "passphrase")
        self.certificates = {member: self.certify(member, "1") for member in MEMBERS}
        self.call("accord", "key", "create", "--name", "test/release/ada", "--kind", "p256", "--out",
                  directory / "release.key", "--passphrase-file", directory / "passphrase")
        self.genesis = self.agree()
        self.ask("charter", "pin", self.genesis)
        for member in MEMBERS:
            self.govern(member)
        self.until(lambda: self.refusal("log", "verify") == "")  # until enough of them have witnessed it there is no log
        self.until(lambda: self.ask("log", "verify")["size"] == "1")
        shutil.copytree(directory / "coordinator/log", directory / "log.first")

    def start_ca(self, member: str) -> str:
        """The lines of the charter on it."""
        state = self.dir / f"{member}.ca"
        said = self.call("accord-ca", "init", "--member", member, "--trust-domain", f"{member}.test.accord", "--coordinator",
                         self.address, "--coordinator-ca", self.dir / "coordinator/ca.pem", "--listen",
                         f"127.0.0.1:{free_port()}", "--state", state)
        self.programs[f"{member}.ca"] = Program([self.apps / "accord-ca", "--state", state, "--set", "log.format=json"],
                                                self.env, self.dir / f"{member}.ca.log")
        self.programs[f"{member}.ca"].wait_for("ca.serving")
        return "\n".join(line for line in said.splitlines() if line.startswith(("trust_domain =", "ca =")))

    def data_section(self, name: str) -> str:
        return super().data_section(name).replace(f"{name}.csv", f"{name}.data/rows.csv")

    def write_data(self, name: str) -> None:
        super().write_data(name)
        (self.dir / f"{name}.data").mkdir()
        (self.dir / f"{name}.csv").rename(self.dir / f"{name}.data/rows.csv")

    def certify(self, member: str, version: str) -> str:
        """The certificate of the member's data, in a directory of its own; its hash."""
        about = self.dir / "about.toml"
        about.write_text(ABOUT.format(version=version))
        return self.ask("data", "certify", self.dir / f"{member}.data", "--member", member, "--dataset", "rows", "--about",
                        about, "-o", self.dir / f"{member}.{version}", *self.signed(member))["certificate_sha256"]

    def signed(self, member: str) -> list:
        return ["--key", self.dir / f"{member}.key", "--passphrase-file", self.dir / "passphrase"]

    def witness(self, member: str) -> str:
        return self.call("accord-node", "witness", member, "--state", self.dir / member).strip()

    def agree(self) -> str:
        """One member drafts, all sign; the hash of the charter."""
        draft = self.dir / "charter.toml"
        self.call("accord", "charter", "init", "--federation", "test", "--member", "ada", "--witness", self.witness("ada"),
                  "--release-key", self.dir / "release.key", "--ca", self.dir / "ada.ca/ca.pem", "-o", draft, *self.signed("ada"))
        head, *_ = draft.read_text().split("[quorum]")
        assert "min_cohort = 3" in head and "min_group = 3" in head, "a federation of several hides each in a sum of three"
        member = draft.read_text().split("[[member]]")[1]
        vkeys = {name: self.ask("key", "show", self.dir / f"{name}.key")["vkey"] for name in MEMBERS}
        for name in MEMBERS:
            more = member.replace('"ada"', f'"{name}"').replace(vkeys["ada"], vkeys[name])
            if name != "ada":  # a CA and a trust domain of its own; one release key is enough
                more = re.sub('model_key = .*\n', '', more)
                more = re.sub('(trust_domain|ca) = .*\n', '', more) + self.cas[name] + "\n"
            head += "[[member]]" + more.replace(self.witness("ada"), self.witness(name))
        draft.write_text(self.edit_charter(head))
        self.call("accord", "charter", "sign", draft, *self.signed("ada"))
        for name in MEMBERS[1:]:
            self.call("accord", "charter", "sign", self.dir / "charter.json", *self.signed(name))
        return self.ask("charter", "submit", self.dir / "charter.json")["hash"]

    def edit_charter(self, draft: str) -> str:
        """Before anybody signs it."""
        return draft

    def write_policy(self, member: str, approval: bool = False) -> None:
        (self.dir / f"{member}.policy.toml").write_text(POLICY.format(
            genesis=self.genesis, data=self.certificates[member], approval=str(approval).lower()))

    def govern(self, member: str) -> None:
        self.write_policy(member)
        config = self.dir / f"{member}.toml"
        vkey = self.ask("key", "show", self.dir / f"{member}.key")["vkey"]
        config.write_text(config.read_text().replace(
            "holdout = 0.2\n", f'holdout = 0.2\ncertificate = "{self.dir}/{member}.1"\n'
            f'certified = "{self.dir}/{member}.data"\ncertificate_keys = ["{vkey}"]\n') +
            f'[governance]\ngenesis = "{self.genesis}"\nmember = "{member}"\n'
            f'witness_key = "{self.dir}/{member}/witness.key"\npolicy = "{self.dir}/{member}.policy.toml"\n'
            f'powercap = "{self.counters() if member == "bo" else ""}"\n')
        self.start_node(member)

    def counters(self) -> Path:
        """What Linux shows of a machine with one processor, which stands still."""
        package = self.dir / "powercap/intel-rapl:0"
        package.mkdir(parents=True)
        for name, text in ("name", "package-0"), ("max_energy_range_uj", "262143328850"), ("energy_uj", "42000000"):
            (package / name).write_text(text + "\n")
        return package.parent

    def lab(self, member: str, *args) -> list:
        """What the lab's own program says, in JSON lines, whatever its exit code."""
        done = subprocess.run([self.apps / "accord-node", *map(str, args), "--json", "--config", self.dir / f"{member}.toml"],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, env=self.env, timeout=PATIENCE)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def until(self, holds) -> None:
        end = time.monotonic() + PATIENCE
        while not holds():
            if time.monotonic() > end:
                raise AssertionError("what was awaited did not come")

    def propose(self, steps: int, rounds: int = 3) -> str:
        job = self.dir / "job.toml"
        job.write_text(JOB.format(steps=steps, rounds=rounds))
        data = [word for member in MEMBERS for word in ("--data", f"{member}=sha256:{self.certificates[member]}")]
        return self.ask("proposal", "create", job, *data, *self.signed("ada"))["id"]

    def vote(self, proposal: str, member: str, decision: str = "approve") -> None:
        self.ask("proposal", "vote", proposal[:12], decision, *self.signed(member))

    def attribution(self, job: str, rounds: int) -> dict:
        """Once that many rounds are published: the last one is a moment after the job's end."""
        report = lambda: self.ask("attribution", "report", job[:12])
        self.until(lambda: report()["rounds"] == rounds)
        return report()

    def registered(self) -> dict:
        return {node["name"]: node["member"] for node in self.ask("member", "registry")["nodes"]}

    def refusal(self, *args) -> str:
        done = subprocess.run([self.apps / "accord", *map(str, args), "--json"], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, env=self.env, timeout=PATIENCE)
        answer = json.loads(done.stdout.splitlines()[-1])
        return "" if answer["ok"] else answer["error"]["code"]

    def follow(self, until) -> tuple:
        """What `accord log watch` tells from the first entry on until `until(event)`, its last line, and its exit code."""
        watcher = subprocess.Popen([self.apps / "accord", "log", "watch", "--from", "0", "--every", "100ms", "--json"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, env=self.env)
        timer = threading.Timer(PATIENCE, watcher.kill)
        timer.start()
        events = []
        for line in watcher.stdout:
            events.append(json.loads(line)["data"])
            if until(events[-1]):
                break
        watcher.send_signal(signal.SIGINT)
        rest, _ = watcher.communicate(timeout=PATIENCE)
        timer.cancel()
        return events, json.loads(rest.splitlines()[-1]), watcher.returncode

    def published(self, entries: int) -> None:
        self.until(lambda: int(self.ask("log", "verify")["size"]) >= entries)


def write_safetensors(path: Path, tensors: dict, scale: float = 1.0) -> None:
    """f32 tensors of these shapes, small numbers in all of them."""
    header, data = {}, b""
    for name, shape in tensors.items():
        values = [scale * 0.01 * (i % 17 - 8) for i in range(math.prod(shape))]
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + 4 * len(values)]}
        data += struct.pack(f"<{len(values)}f", *values)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


class GovernanceTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        directory = tempfile.TemporaryDirectory(prefix="accord-governance-")
        cls.addClassCleanup(directory.cleanup)
        cls.federation = Governed(APPS, Path(directory.name))
        cls.addClassCleanup(cls.federation.close)

    def test_a_job_begins_when_its_members_have_approved(self) -> None:
        federation = self.federation
        proposal = federation.propose(steps=5)
        self.assertEqual(federation.refusal("job", "submit", federation.dir / "job.toml"), "job.undecided")
        entries = int(federation.ask("log", "verify")["size"])
        federation.published(entries)
        federation.until(lambda: any(one["id"] == proposal for one in federation.ask("proposal", "list")))
        for member in MEMBERS:
            federation.vote(proposal, member)
        federation.programs["coordinator"].kill()
        federation.start_coordinator()
        federation.until(lambda: federation.refusal("job", "show", proposal) == "")
        view = federation.watch(proposal, lambda view: view["state"] in ("finished", "failed", "cancelled"))
        self.assertEqual(view["state"], "finished", view)
        shown = federation.ask("proposal", "show", proposal[:10])
        self.assertEqual((shown["stands"], shown["approved"]), ("passed", "ada, bo, cy"))
        report = federation.attribution(proposal, rounds=3)
        kinds = [entry["kind"] for entry in federation.ask("log", "show")]
        self.assertEqual(kinds[0], "charter")
        self.assertEqual(kinds.count("vote"), 3)
        self.assertEqual(kinds.count("roundcommit"), 3)
        given = {one["member"]: (one["rounds"], one["updates"], one["local_steps"], one["unverified"])
                 for one in report["members"]}
        self.assertEqual(given, {member: (3, 3, 15, 0) for member in MEMBERS})
        sent = {one["bytes"] for one in report["members"]}
        self.assertEqual(len(sent), 1, "updates of one model have one size")
        self.assertGreaterEqual(sent.pop(), 3 * int(federation.ask("job", "show", proposal)["parameters"]))
        energy = {one["member"]: (one["energy_updates"], one["energy_j"]) for one in report["members"]}
        self.assertEqual(energy, {"ada": (0, None), "bo": (3, 0), "cy": (0, None)}, "where the machine tells, and the lab")
        self.check_that_its_model_leaves(proposal)

    def test_b_a_job_waits_for_a_person_where_the_policy_says_so(self) -> None:
        federation = self.federation
        federation.write_policy("bo", approval=True)
        self.addCleanup(federation.write_policy, "bo")
        proposal = federation.propose(steps=7)
        federation.until(lambda: any(one["id"] == proposal for one in federation.ask("proposal", "list")))
        for member in MEMBERS:
            federation.vote(proposal, member)
        waiting = lambda: [one["job"] for one in federation.lab("bo", "jobs", "--waiting") if "job" in one]
        federation.until(lambda: waiting() == [proposal])
        open_round = lambda: federation.ask("job", "show", proposal)["current"] or {"why": ""}  # bo has it before all have
        federation.until(lambda: "declined: bo (policy.awaits_approval)" in open_round()["why"])
        self.assertEqual({one["name"] for one in open_round()["nodes"] if one["state"] == "declined"}, {"bo"})
        check, = federation.lab("bo", "policy", "check", proposal[:12])
        self.assertEqual((check["takes_part"], check["error"]), (False, "policy.awaits_approval"))
        self.assertEqual([one["result"] for one in check["checks"]], ["holds"] * 9)
        self.assertEqual(check["rules"], [{"rule": "rows", "fails": ""}])
        federation.call("accord-node", "approve", proposal[:12], "--config", federation.dir / "bo.toml")
        view = federation.watch(proposal, lambda view: view["state"] in ("finished", "failed", "cancelled"))
        self.assertEqual(view["state"], "finished", view)
        self.assertEqual(waiting(), [])
        text = federation.call("accord-node", "policy", "check", proposal[:12], "--config", federation.dir / "bo.toml")
        self.assertIn("This node takes part.", text)

    def test_b_b_a_job_begins_from_the_weights_that_its_proposer_showed(self) -> None:
        federation = self.federation
        weights = federation.dir / "former.safetensors"
        tensors = {"layers.0.weight": [16, 8], "layers.0.bias": [16], "layers.1.weight": [4, 16], "layers.1.bias": [4]}
        write_safetensors(weights, tensors)
        text = JOB.format(steps=4, rounds=2).replace("update =", 'outer = { rule = "diloco" }\nupdate =')
        imported = json.loads(federation.call("accordd", "import-model", weights, "--config",
                                              federation.dir / "coordinator.toml", "--json"))
        self.assertEqual((imported["parameters"], imported["kind"]), (212, None))
        job = federation.dir / "from.toml"
        job.write_text(text.replace("model = {", f'model = {{ start = "{imported["start"]}",'))
        words = ["proposal", "create", job, *federation.signed("ada")]
        for member in MEMBERS:
            words += ["--data", f"{member}=sha256:{federation.certificates[member]}"]
        self.assertEqual(federation.refusal(*words), "model.start")
        other = federation.dir / "other.safetensors"
        write_safetensors(other, tensors, scale=2.0)
        self.assertEqual(federation.refusal(*words, "--start", other), "model.start")
        proposal = federation.ask(*words, "--start", weights)["id"]
        federation.until(lambda: any(one["id"] == proposal for one in federation.ask("proposal", "list")))
        kept, = (federation.dir / "coordinator/models").glob("*.safetensors")
        away = kept.rename(federation.dir / "away.safetensors")
        federation.programs["coordinator"].drain()
        for member in MEMBERS:
            federation.vote(proposal, member)
        self.assertIn("model.start_missing", federation.programs["coordinator"].wait_for("job.not_begun")["why"])
        away.rename(kept)  # and it begins by itself
        federation.until(lambda: federation.refusal("job", "show", proposal) == "")
        view = federation.watch(proposal, lambda view: view["state"] in ("finished", "failed", "cancelled"))
        self.assertEqual(view["state"], "finished", view)

    def test_c_a_lost_key_is_replaced_by_the_others(self) -> None:
        """As docs/keys.md has it; what the data's certificate says stands, and whoever finds the old key cannot vote."""
        federation = self.federation
        lost = federation.dir / "bo.key"
        found = lost.rename(federation.dir / "bo.found.key")
        federation.call("accord", "key", "create", "--name", "test/gov/bo-2", "--out", lost, "--passphrase-file",
                        federation.dir / "passphrase")
        old, new = (federation.ask("key", "show", key)["vkey"] for key in (found, lost))
        draft = federation.dir / "next.toml"
        draft.write_text(federation.call("accord", "charter", "show", "--toml").replace(old, new))
        federation.call("accord", "charter", "sign", draft, "--amends", *federation.signed("ada"))
        self.assertEqual(federation.refusal("charter", "submit", draft.with_suffix(".json")), "charter.signatures")
        federation.call("accord", "charter", "sign", draft.with_suffix(".json"), *federation.signed("cy"))
        federation.ask("charter", "submit", draft.with_suffix(".json"))
        federation.until(lambda: federation.ask("charter", "show")["charter"]["version"] == 2)
        proposal = federation.propose(steps=4)
        federation.until(lambda: any(one["id"] == proposal for one in federation.ask("proposal", "list")))
        self.assertEqual(federation.refusal("proposal", "vote", proposal[:12], "approve", "--key", found,
                                            "--passphrase-file", federation.dir / "passphrase"), "vote.refused")
        for member in MEMBERS:
            federation.vote(proposal, member)
        federation.until(lambda: federation.refusal("job", "show", proposal) == "")
        view = federation.watch(proposal, lambda view: view["state"] in ("finished", "failed", "cancelled"))
        self.assertEqual(view["state"], "finished", view)

    def check_that_its_model_leaves(self, proposal: str) -> None:
        """With all that shows where it comes from; anybody checks it, and finds one changed byte."""
        federation = self.federation
        bundle = federation.dir / "bundle"
        make = ["model", "bundle", proposal, "--out", bundle, "--release-key", federation.dir / "release.key",
                "--release-passphrase-file", federation.dir / "passphrase", *federation.signed("ada"), "--certificate",
                federation.dir / "ada.1"]
        federation.until(lambda: federation.refusal(*make) == "")  # the last round is published with the next head
        self.assertEqual(federation.refusal("model", "verify", bundle), "model.bundle", "two members have to endorse it")
        federation.ask("model", "endorse", bundle, *federation.signed("cy"))
        checked = {(line["file"], line["holds"]): line["text"]
                   for line in federation.ask("model", "verify", bundle, "--charter", federation.genesis)["checked"]}
        self.assertIn("3 rounds lead", checked["job-bundle.json", True])
        self.assertIn("certified by ada", checked[f"datasets/{federation.certificates['ada']}.json", True])
        self.assertIn("endorsed by ada, cy", checked["provenance.dsse.json", True])
        self.assertEqual(federation.refusal("model", "verify", bundle, "--log"), "model.unreleased")
        released = federation.ask("model", "release", bundle, *federation.signed("bo"))
        federation.until(lambda: federation.refusal("model", "verify", bundle, "--log") == "")  # with the next head
        self.assertEqual(federation.ask("model", "release", bundle, *federation.signed("bo"))["index"], released["index"])
        model = bytearray((bundle / "model.safetensors").read_bytes())
        model[-1] ^= 1
        (bundle / "model.safetensors").write_bytes(model)
        self.assertEqual(federation.refusal("model", "verify", bundle), "model.bundle")

    def test_a_rejection_ends_a_proposal(self) -> None:
        federation = self.federation
        proposal = federation.propose(steps=6)
        federation.until(lambda: any(one["id"] == proposal for one in federation.ask("proposal", "list")))
        for member, decision in (("cy", "reject"), ("ada", "approve"), ("bo", "approve")):
            federation.vote(proposal, member, decision)
        federation.until(lambda: federation.ask("proposal", "show", proposal)["stands"] == "rejected")
        self.assertEqual(federation.refusal("job", "show", proposal), "job.not_found")

    def test_certified_data_are_found_followed_and_published(self) -> None:
        federation = self.federation
        certificate = federation.certify("ada", "2.0")
        self.assertEqual(federation.ask("data", "submit", federation.dir / "ada.2.0")["certificate_sha256"], certificate)
        federation.until(lambda: federation.ask("data", "list"))
        found = federation.ask("data", "list", "--language", "sw", "--licence", "cc0-1.0", "--purpose", "test")
        self.assertEqual([(one["certificate_sha256"], one["stands"]) for one in found], [(certificate, "in force")])
        self.assertEqual(federation.ask("data", "list", "--language", "fr"), [])
        events, last, code = federation.follow(lambda event: event.get("kind") == "dataset-cert")
        self.assertEqual((last["end"], code), (True, 0))
        told = [event for event in events if event["event"] == "entry"]
        self.assertEqual([event["index"] for event in told], list(range(len(told))))
        self.assertTrue(all(event["counts"] for event in told), told)
        self.assertEqual(told[-1]["words"], f"ada certified ada/rows 2.0 as {certificate[:12]}")

        site = federation.dir / "site"
        for _ in range(2):  # anew, then in its own place
            size = int(federation.ask("publish", "--out", site)["size"])
        self.assertGreater(size, told[-1]["index"])
        self.assertIn("Rows &lt;of&gt; a rule", (site / "datasets.html").read_text())
        self.assertEqual((site / "charter-1.json").read_bytes(), (federation.dir / "charter.json").read_bytes().rstrip())
        subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=site, check=True, timeout=PATIENCE)

    def test_c_a_node_that_joins_in_mid_run_is_taken_in(self) -> None:
        federation = self.federation
        proposal = federation.propose(steps=2000, rounds=8)  # it must not be over before it is paused
        federation.until(lambda: any(one["id"] == proposal for one in federation.ask("proposal", "list")))
        for member in MEMBERS:
            federation.vote(proposal, member)
        federation.until(lambda: federation.refusal("job", "show", proposal) == "")
        federation.watch(proposal, lambda view: view["state"] == "running")  # it is known a moment before it is
        federation.call("accord", "job", "pause", proposal)
        state = federation.dir / "ada.ca"
        federation.add_node("ada-2", federation.call("accord-ca", "invite", "ada-2", "--state", state).strip())
        lab, second = federation.dir / "ada.toml", federation.dir / "ada-2.toml"
        second.write_text(lab.read_text().replace(f'state = "{federation.dir}/ada"', f'state = "{federation.dir}/ada-2"')
                          .replace(f'witness_key = "{federation.dir}/ada/witness.key"\n', ""))
        federation.start_node("ada-2")
        federation.programs["ada-2"].wait_for("job.prepared")
        federation.call("accord", "job", "resume", proposal)
        view = federation.watch(proposal, lambda view: view["state"] in ("finished", "failed", "cancelled"))
        self.assertEqual((view["state"], view["rounds_done"]), ("finished", 8), view)
        lost = sum(one["attempts"] - 1 for one in view["history"])
        self.assertLessEqual(lost, 1, "but for one that the pause may have ended")
        given = {one["member"]: one["updates"] for one in federation.attribution(proposal, rounds=8)["members"]}
        self.assertEqual((given["bo"], given["cy"]), (8, 8))
        self.assertGreater(given["ada"], 8)
        federation.programs["ada-2"].stop()

    def test_d_a_node_that_the_charter_revokes_is_out_at_once(self) -> None:
        federation = self.federation
        federation.add_node("bo-2", federation.call("accord-ca", "invite", "bo-2", "--state", federation.dir / "bo.ca").strip())
        federation.start_node("bo-2")
        self.assertIn("bo-2", federation.registered())
        draft, log_size = federation.dir / "revoking.toml", len(federation.ask("log", "show"))
        draft.write_text(federation.call("accord", "charter", "show", "--toml") +
                         f'\n[[revoked]]\nkind = "node"\nid = "spiffe://bo.test.accord/node/bo-2"\nfrom_index = {log_size}\n')
        federation.call("accord", "charter", "sign", draft, "--amends", *federation.signed("ada"))
        for name in ("bo", "cy"):
            federation.call("accord", "charter", "sign", draft.with_suffix(".json"), "--amends", *federation.signed(name))
        federation.ask("charter", "submit", draft.with_suffix(".json"))
        self.assertIn("auth.revoked", federation.programs["bo-2"].wait_for("coordinator.lost")["why"])
        self.assertNotIn("bo-2", federation.registered())
        self.assertTrue(set(MEMBERS) <= set(federation.registered()))
        federation.programs["bo-2"].stop()
        federation.start_node("bo-2", until="coordinator.lost")  # its certificate is good, and still it is not let in
        federation.programs["bo-2"].stop()
        federation.until(lambda: "peer.refused" in (federation.dir / "coordinator.log").read_text())
        federation.published(log_size + 1)
        ca = ["--state", federation.dir / "bo.ca"]  # which serves meanwhile
        self.assertIn("is not renewed", federation.call("accord-ca", "suspend", "bo-2", *ca))
        listed = [line for line in federation.call("accord-ca", "list", *ca).splitlines() if line.endswith("  suspended")]
        told = map(json.loads, federation.call("accord-ca", "list", "--json", *ca).splitlines())
        self.assertEqual([one["spiffe_id"].rpartition("/")[2] for one in told if one["suspended"]], ["bo-2"])
        self.assertEqual(["spiffe://bo.test.accord/node/bo-2" in line for line in listed], [True])
        self.assertIn("is renewed again", federation.call("accord-ca", "resume", "bo-2", *ca))
        self.assertNotIn("suspended", federation.call("accord-ca", "list", *ca))

    def test_nobody_but_a_member_makes_a_node_of_it(self) -> None:
        federation = self.federation
        self.assertEqual(federation.refusal("member", "invite", "spy", "--role", "node"), "auth.trust_domain")
        federation.add_node("spy", federation.spy)  # of the coordinator's own CA, by a token from before the charter
        federation.start_node("spy", until="coordinator.lost")
        self.assertIn("auth.trust_domain", (federation.dir / "spy.log").read_text())
        false_ca = federation.dir / "false.ca"  # of ada's trust domain, by a key that the charter does not have
        federation.call("accord-ca", "init", "--member", "ada", "--trust-domain", "ada.test.accord", "--coordinator",
                        federation.address, "--coordinator-ca", federation.dir / "coordinator/ca.pem", "--listen",
                        f"127.0.0.1:{free_port()}", "--state", false_ca)
        federation.programs["false.ca"] = Program([federation.apps / "accord-ca", "--state", false_ca, "--set",
                                                   "log.format=json"], federation.env, federation.dir / "false.ca.log")
        federation.programs["false.ca"].wait_for("ca.serving")
        token = federation.call("accord-ca", "invite", "false", "--state", false_ca).strip()
        federation.add_node("false", token)
        federation.start_node("false", until="coordinator.lost")
        for name in ("spy", "false", "false.ca"):
            federation.programs[name].stop()
        listed = federation.registered()
        self.assertEqual({listed[member] for member in MEMBERS}, set(MEMBERS))
        self.assertTrue({"spy", "false"}.isdisjoint(listed))

    def test_the_coordinator_cannot_take_the_log_back(self) -> None:
        """After all others, whose log this takes away."""
        federation = self.federation
        federation.propose(steps=7)
        federation.published(2)
        federation.programs["coordinator"].stop()
        shutil.rmtree(federation.dir / "coordinator/log")
        shutil.copytree(federation.dir / "log.first", federation.dir / "coordinator/log")
        federation.start_coordinator()
        self.assertEqual(federation.refusal("log", "verify"), "log.rollback")
        self.assertEqual(federation.refusal("proposal", "list"), "log.rollback")
        kept = sorted(one.suffix for one in (federation.dir / "cli/logs/test/evidence").iterdir())
        self.assertEqual(kept, [".known", ".shown"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
