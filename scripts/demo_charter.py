"""The federation of scripts/demo: three nations under a charter. Each has a CA and a governance key of its own, certifies its
data, witnesses the log and sets a policy; the job is proposed and voted on, and the model leaves with a bundle that anybody can
check. Python's standard library only."""

import argparse
import secrets
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from demo import RUN, STATE, Demo, DemoError, PROGRAMS, free_ports, play, shown, stop_kept

BUNDLE = STATE / "bundle"
ABOUT = """name = "Fashion-MNIST, the part of {nation}"
description = "28 x 28 images of clothing in ten classes, dealt unevenly to three nations for a demonstration."
license = "https://opensource.org/license/mit"
url = "https://github.com/zalandoresearch/fashion-mnist"
creators = ["Zalando Research"]
publisher = "{nation}"
published = 2017-08-28
version = "1.0"
languages = []
formats = ["application/octet-stream"]
[rai]
collection = "Photographs of a shop's articles, scaled down and made grey."
collection_timeframe = "2017"
personal_sensitive_information = "None."
biases = "Clothing of one shop."
limitations = "Small grey images."
use_cases = "Demonstrations and tests."
[certificate]
modalities = ["image"]
records = {records}
jurisdiction = "Demonstration"
legal_basis = "Published under the MIT licence."
purposes = ["demo"]
personal_data = false
not_after = 2099-12-31
"""
# allow_without_dp: the updates are masked but carry no noise, so what the sum of three nations says of one of them has no
# bound that a privacy budget could count. A lab has to say that it accepts this; here it does, for public images.
POLICY = """version = 1
default = "deny"
federation = "{genesis}"
[limits]
max_epsilon_total = 0.0
max_concurrent_jobs = 1
[[allow]]
id = "demonstration"
submitters = ["member:{proposer}"]
model_kinds = ["cnn", "mlp"]
datasets = ["sha256:{certificate}"]
purposes = ["demo"]
min_cohort = 3
min_group = 3
min_secure = "{secure}"
allow_without_dp = true
max_rounds = 20
max_local_epochs = 1
max_local_steps = 1000
code = ["builtin"]
max_wall_s = 86400
max_mem_mb = 16384
require_own_vote = true
require_approval = false
valid_until = 2099-12-31
"""


class Governed(Demo):
    """Demo, where the nations decide."""

    def __init__(self, keep: bool, as_json: bool):
        super().__init__(keep, as_json)
        self.cas: dict[str, str] = {}           # the lines of the charter on each nation's CA
        self.certificates: dict[str, str] = {}  # the hash of each nation's
        self.bundle_lines = 0

    def key(self, name: str) -> list[str]:
        """A member's key, for a command that signs."""
        return ["--key", str(RUN / f"{name}.key"), "--passphrase-file", str(RUN / "passphrase")]

    # --- members

    def start_nodes(self) -> None:
        self.say(f"== each of {', '.join(self.nations)} makes a CA, a governance key and a node, and certifies its data")
        passphrase = RUN / "passphrase"
        passphrase.touch(0o600)
        passphrase.write_text(secrets.token_urlsafe(24) + "\n")
        with ThreadPoolExecutor() as pool:  # what takes time is to make a key of a passphrase, and to load libtorch
            list(pool.map(self.make_ca, self.nations, free_ports(len(self.nations))))
        for nation in self.nations:  # by this thread: what a thread has started ends with it
            self.start(f"{nation}-ca", "accord-ca", "--state", str(RUN / f"{nation}.ca"))
        with ThreadPoolExecutor() as pool:
            list(pool.map(self.join, self.nations))
        self.agree()
        for nation in self.nations:
            self.start(nation, "accord-node", "run", "--config", str(RUN / f"{nation}.toml"), "--state", str(RUN / nation))
        self.wait_until("the nodes", lambda: sum(node["connected"] for node in self.ask("node", "list")) == len(self.nations))
        self.wait_until("the nodes to witness the log", lambda: self.logged() > 0)

    def make_ca(self, nation: str, port: int) -> None:
        self.call("accord", "key", "create", "--name", f"demo.accord/gov/{nation}", "--out", str(RUN / f"{nation}.key"),
                  "--passphrase-file", str(RUN / "passphrase"))
        said = self.call("accord-ca", "init", "--member", nation, "--trust-domain", f"{nation}.demo.accord", "--coordinator",
                         self.rpc, "--coordinator-ca", str(RUN / "coordinator/ca.pem"), "--listen", f"127.0.0.1:{port}",
                         "--state", str(RUN / f"{nation}.ca"))
        self.cas[nation] = "\n".join(line for line in said.splitlines() if line.startswith(("trust_domain =", "ca =")))

    def join(self, nation: str) -> None:
        token = self.call("accord-ca", "invite", nation, "--state", str(RUN / f"{nation}.ca")).strip()
        self.wait_until(f"the CA of {nation}", lambda: "ca.serving" in (RUN / f"{nation}-ca.log").read_text())
        self.call("accord-node", "join", token, "--state", str(RUN / nation))
        (RUN / f"{nation}.about.toml").write_text(ABOUT.format(nation=nation, records=self.images(nation)))
        self.certificates[nation] = self.ask(
            "data", "certify", str(STATE / "data" / nation), "--member", nation, "--dataset", "fashion", "--about",
            str(RUN / f"{nation}.about.toml"), "-o", str(RUN / f"{nation}.certificate"), *self.key(nation))["certificate_sha256"]

    def images(self, nation: str) -> int:
        """Of its training set: the count in the header of the labels (IDX)."""
        with open(STATE / "data" / nation / "train-labels-idx1-ubyte", "rb") as labels:
            return int.from_bytes(labels.read(8)[4:], "big")

    # --- the charter

    def agree(self) -> None:
        first, draft = self.nations[0], RUN / "charter.toml"
        witnesses = {nation: self.call("accord-node", "witness", nation, "--state", str(RUN / nation)).strip()
                     for nation in self.nations}
        keys = {nation: self.ask("key", "show", str(RUN / f"{nation}.key"))["vkey"] for nation in self.nations}
        self.call("accord", "key", "create", "--name", f"demo.accord/release/{first}", "--kind", "p256", "--out",
                  str(RUN / "release.key"), "--passphrase-file", str(RUN / "passphrase"))
        self.call("accord", "charter", "init", "--federation", "demo", "--member", first, "--witness", witnesses[first],
                  "--release-key", str(RUN / "release.key"), "--ca", str(RUN / f"{first}.ca/ca.pem"), "-o", str(draft),
                  *self.key(first))
        head, *_ = draft.read_text().split("[quorum]")  # without it: the least that is safe
        own = draft.read_text().split("[[member]]")[1]
        for nation in self.nations:
            lines = own.replace(f'"{first}"', f'"{nation}"').replace(keys[first], keys[nation])
            lines = lines.replace(witnesses[first], witnesses[nation])
            others = ("trust_domain =", "ca =") if nation == first else ("trust_domain =", "ca =", "model_key =")
            lines = [line for line in lines.splitlines() if not line.startswith(others)]
            head += "[[member]]" + "\n".join(lines) + f"\n{self.cas[nation]}\n"
        draft.write_text(head)
        self.call("accord", "charter", "sign", str(draft), *self.key(first))
        for nation in self.nations[1:]:
            self.call("accord", "charter", "sign", str(RUN / "charter.json"), *self.key(nation))
        self.genesis = self.ask("charter", "submit", str(RUN / "charter.json"))["hash"]
        self.ask("charter", "pin", self.genesis)
        self.say(f"== all three sign the charter {self.genesis[:16]}...; each node starts from its hash, and from its own policy")
        for nation in self.nations:
            self.govern(nation, keys[nation])

    def govern(self, nation: str, key: str) -> None:
        policy = RUN / f"{nation}.policy.toml"
        policy.write_text(POLICY.format(genesis=self.genesis, proposer=self.nations[0], certificate=self.certificates[nation],
                                        secure="off" if self.unmasked == "true" else "malicious"))
        (RUN / f"{nation}.toml").write_text(
            f'[node]\nthreads = {self.threads}\n{self.data_section(nation)}'
            f'certificate = "{RUN / nation}.certificate"\ncertified = "{STATE / "data" / nation}"\ncertificate_keys = ["{key}"]\n'
            f'[policy]\nallow_unmasked = {self.unmasked}\npurposes = ["demo"]\n'
            f'[governance]\ngenesis = "{self.genesis}"\nmember = "{nation}"\nwitness_key = "{RUN / nation}/witness.key"\n'
            f'policy = "{policy}"\n')

    def logged(self) -> int:
        """Entries of the log that enough nations have witnessed."""
        try:
            return int(self.ask("log", "verify")["size"])
        except DemoError:  # nothing is published yet
            return 0

    # --- the job

    def submit(self) -> str:
        if not self.job.is_file():
            raise DemoError(f"there is no job file {self.job}")
        data = [word for nation in self.nations for word in ("--data", f"{nation}=sha256:{self.certificates[nation]}")]
        for nation in self.nations:
            self.ask("data", "submit", str(RUN / f"{nation}.certificate"))
        job = self.ask("proposal", "create", str(self.job), *data, *self.key(self.nations[0]))["id"]
        self.wait_until("the proposal", lambda: any(one["id"] == job for one in self.ask("proposal", "list")))
        for nation in self.nations:
            self.ask("proposal", "vote", job, "approve", *self.key(nation))
        self.say(f"== {self.nations[0]} proposes {self.job.name} as {job[:12]}; all three approve, and it begins by itself")
        self.say("   (its updates are masked but have no noise: each policy says allow_without_dp = true)")

        def begun() -> bool:
            try:
                return bool(self.ask("job", "show", job))
            except DemoError:
                return False
        self.wait_until("the job", begun)
        return job

    def result(self, job: dict) -> dict:
        result = super().result(job)
        self.bundle(job)
        return result | {"bundle_path": str(BUNDLE), "charter_sha256": self.genesis}

    def bundle(self, job: dict) -> None:
        """The model with all that shows where it comes from, endorsed by the nations and checked as anybody would."""
        shutil.rmtree(BUNDLE, ignore_errors=True)
        entries = 1 + 1 + 2 * len(self.nations) + job["rounds_done"]  # charter, proposal, certificates and votes, rounds
        self.wait_until("the last round in the log", lambda: self.logged() >= entries)
        certificates = [word for nation in self.nations for word in ("--certificate", str(RUN / f"{nation}.certificate"))]
        self.call("accord", "model", "bundle", job["id"], "--out", str(BUNDLE), "--release-key", str(RUN / "release.key"),
                  "--release-passphrase-file", str(RUN / "passphrase"), *self.key(self.nations[0]),
                  *certificates)  # for their descriptions, which the log has not
        for nation in self.nations[1:]:
            self.call("accord", "model", "endorse", str(BUNDLE), *self.key(nation))
        self.ask("model", "release", str(BUNDLE), *self.key(self.nations[0]))
        self.bundle_lines = len(self.ask("model", "verify", str(BUNDLE), "--charter", self.genesis)["checked"])

    # --- words at the end

    def report(self, result: dict) -> None:
        super().report(result)
        self.say()
        self.say(f"The model's papers: {shown(BUNDLE)}, from the charter to the last round; {self.bundle_lines} lines checked. Anybody, offline:")
        self.say(f"  {shown(PROGRAMS / 'accord')} model verify {shown(BUNDLE)} --charter {self.genesis}")

    def around(self, accord: str, result: dict) -> list[tuple[str, str]]:
        job = result["job"][:12]
        return [(f"{accord} proposal show {job}", "who voted"), (f"{accord} log show", "what is public"),
                (f"{accord} attribution report {job}", "who gave what")] + super().around(accord, result)


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/demo")
    for option in ("--json", "--keep", "--stop"):
        parser.add_argument(option, action="store_true")
    args = parser.parse_args()
    return stop_kept() if args.stop else play(Governed(args.keep, args.json), args.json)


if __name__ == "__main__":
    sys.exit(main())
