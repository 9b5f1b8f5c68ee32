"""The bundle of a model in the hands of tools that others wrote: openssl for the signatures, Go's sumdb/note and
sumdb/tlog for head and proofs, jsonschema for the shapes; and `accord model verify` agrees with them.

usage: bundle_test.py WRITE_BUNDLE ACCORD | - ACCORD BUNDLE CHARTER_SHA256

The second form takes a bundle that is there, such as that of scripts/demo.

The official schema of CycloneDX is not packaged. BOM below has what it demands of the parts that are used here: required
fields, the enumerations, and additionalProperties: false. Without Go or jsonschema the tests of these are skipped.
"""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path, PurePosixPath

try:
    from jsonschema import Draft7Validator
except ImportError:
    Draft7Validator = None

HERE = Path(__file__).resolve().parent
WRITE, ACCORD = (Path(word).resolve() for word in sys.argv[1:3])
GIVEN = sys.argv[3:5]
GOLDEN = HERE.parent / "golden/bundle"
GOPATH = Path("/usr/share/gocode")
HAS_GO = shutil.which("go") is not None and (GOPATH / "src/golang.org/x/mod/sumdb").is_dir()
ED25519_SPKI = bytes.fromhex("302a300506032b6570032100")  # RFC 8410, before the 32 bytes of a key

SHA256 = {"type": "string", "pattern": "^[a-f0-9]{64}$"}
TEXT = {"type": "string", "minLength": 1}


def thing(required: str, closed: bool = True, **properties) -> dict:
    """An object with these properties, and no others when it is closed."""
    return {"type": "object", "required": required.split(), "properties": properties, "additionalProperties": not closed}


def many(item: dict, **more) -> dict:
    return {"type": "array", "items": item, **more}


HASHES = many(thing("alg content", alg={"enum": ["SHA-256"]}, content=SHA256))
PROPERTIES = many(thing("name", name=TEXT, value={"type": "string"}))
CARD = thing(
    "", modelParameters=thing(
        "", approach=thing("", type={"enum": ["supervised", "unsupervised", "reinforcement-learning", "semi-supervised",
                                              "self-supervised"]}),
        task=TEXT, architectureFamily=TEXT, modelArchitecture=TEXT, datasets=many(thing("ref", ref=TEXT))),
    quantitativeAnalysis=thing("", performanceMetrics=many(thing("", type=TEXT, value={"type": "string"}, slice=TEXT))),
    considerations=thing("", users=many(TEXT), useCases=many(TEXT), technicalLimitations=many(TEXT)))
DATA = thing("type", type={"enum": ["source-code", "configuration", "dataset", "definition", "other"]}, name=TEXT,
             classification=TEXT, sensitiveData=many(TEXT), contents=thing("", url=TEXT),
             governance=thing("", owners=many(thing("", organization=thing("", name=TEXT)))), **{"bom-ref": TEXT})
COMPONENT = thing(
    "type name", type={"enum": ["machine-learning-model", "data"]}, name=TEXT, version=TEXT, hashes=HASHES,
    manufacturer=thing("", name=TEXT), licenses=many(thing("license", license=thing("id", id=TEXT))),
    externalReferences=many(thing("type url", type={"enum": ["attestation", "log"]}, url=TEXT)), modelCard=CARD,
    properties=PROPERTIES, data=many(DATA), **{"bom-ref": TEXT})
BOM = thing("bomFormat specVersion", bomFormat={"enum": ["CycloneDX"]}, specVersion={"enum": ["1.6"]},
            version={"type": "integer", "minimum": 1},
            metadata=thing("", timestamp={"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"},
                           component=COMPONENT),
            components=many(COMPONENT, uniqueItems=True),
            dependencies=many(thing("ref", ref=TEXT, dependsOn=many(TEXT, uniqueItems=True)), uniqueItems=True))
STATEMENT = thing("_type subject predicateType predicate", _type={"enum": ["https://in-toto.io/Statement/v1"]},
                  subject=many(thing("digest", name=TEXT, digest=thing("sha256", sha256=SHA256)), minItems=1, maxItems=1),
                  predicateType=TEXT, predicate={"type": "object"})
RESOURCE = {"type": "object", "anyOf": [{"required": ["uri"]}, {"required": ["digest"]}, {"required": ["content"]}]}
SLSA = thing("buildDefinition runDetails",
             buildDefinition=thing("buildType externalParameters", buildType=TEXT,
                                   externalParameters=thing("job_id charter_sha256", job_id=SHA256, charter_sha256=SHA256),
                                   resolvedDependencies=many(RESOURCE)),
             runDetails=thing("builder", builder=thing("id", id=TEXT),
                              metadata=thing("", invocationId=TEXT), byproducts=many(RESOURCE)))


def pae(kind: str, payload: bytes) -> bytes:
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)


class BundleTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory(prefix="accord-bundle-")
        cls.addClassCleanup(directory.cleanup)
        cls.path = Path(directory.name)
        cls.bundle = cls.path / "bundle"
        if GIVEN:
            shutil.copytree(GIVEN[0], cls.bundle)
            cls.genesis = GIVEN[1]
            return
        cls.genesis = subprocess.run([WRITE, cls.bundle], check=True, capture_output=True, text=True).stdout.strip()

    def read(self, name: str):
        return json.loads((self.bundle / name).read_bytes())

    def openssl_takes(self, digest: str, key: Path, envelope: dict) -> bool:
        message, signature = self.path / "message", self.path / "signature"
        message.write_bytes(pae(envelope["payloadType"], base64.b64decode(envelope["payload"])))
        signature.write_bytes(base64.b64decode(envelope["signatures"][0]["sig"]))
        done = subprocess.run(["openssl", "dgst", digest, "-verify", key, "-signature", signature, message],
                              capture_output=True, check=False)
        return done.returncode == 0

    def accord(self, directory: Path) -> subprocess.CompletedProcess:
        environment = dict(os.environ, ACCORD_HOME=str(self.path / "home"))
        return subprocess.run([ACCORD, "model", "verify", directory, "--charter", self.genesis], env=environment,
                              capture_output=True, text=True, check=False)

    def changed(self, change) -> subprocess.CompletedProcess:
        copy = self.path / "changed"
        shutil.copytree(self.bundle, copy)
        try:
            change(copy)
            return self.accord(copy)
        finally:
            shutil.rmtree(copy)

    def test_the_program_takes_it_and_finds_a_flipped_bit_in_each_file(self):
        done = self.accord(self.bundle)
        self.assertEqual(done.returncode, 0, done.stderr)
        files = [path.relative_to(self.bundle).as_posix() for path in self.bundle.rglob("*") if path.is_file()]
        self.assertGreater(len(files), 15)
        for name in files:
            def flip(copy, name=name):
                content = bytearray((copy / name).read_bytes())
                content[len(content) // 2] ^= 1
                (copy / name).write_bytes(content)
            done = self.changed(flip)
            self.assertEqual(done.returncode, 1, name)
            self.assertTrue(done.stderr.startswith(f"error: {name}: "), (name, done.stderr))
            done = self.changed(lambda copy, name=name: (copy / name).unlink())
            self.assertEqual((done.returncode, done.stderr.startswith(f"error: {name}: it is missing")), (1, True), name)

    def test_openssl_takes_the_signature_of_the_files_and_refuses_it_reordered(self):
        envelope = self.read("model.sig")["dsseEnvelope"]
        key = self.bundle / "release-key.pem"
        self.assertTrue(self.openssl_takes("-sha256", key, envelope))
        statement = json.loads(base64.b64decode(envelope["payload"]))
        statement["predicate"]["resources"].reverse()
        envelope["payload"] = base64.b64encode(json.dumps(statement).encode()).decode()
        self.assertFalse(self.openssl_takes("-sha256", key, envelope))
        hint = self.read("model.sig")["verificationMaterial"]["publicKey"]["hint"]
        self.assertEqual(hint, hashlib.sha256(key.read_bytes()).hexdigest())

    def test_the_signature_of_model_signing_itself_is_of_the_same_form(self):
        theirs = json.loads((GOLDEN / "model_signing.sig").read_bytes())
        key = GOLDEN / "model_signing.pem"
        self.assertTrue(self.openssl_takes("-sha384", key, theirs["dsseEnvelope"]))
        self.assertEqual(theirs["verificationMaterial"]["publicKey"]["hint"], hashlib.sha256(key.read_bytes()).hexdigest())

        def shape(value):
            return {key: shape(inner) for key, inner in value.items()} if isinstance(value, dict) else type(value).__name__
        ours = self.read("model.sig")
        self.assertEqual(shape(ours), shape(theirs))
        payloads = [json.loads(base64.b64decode(one["dsseEnvelope"]["payload"])) for one in (ours, theirs)]
        self.assertEqual(shape(payloads[0]), shape(payloads[1]))

    def test_files_and_subject_are_as_model_signing_computes_them(self):
        statement = json.loads(base64.b64decode(self.read("model.sig")["dsseEnvelope"]["payload"]))
        ignored = statement["predicate"]["serialization"]["ignore_paths"]
        names = sorted(PurePosixPath(path.relative_to(self.bundle)) for path in self.bundle.rglob("*") if path.is_file())
        hashes = {str(name): hashlib.sha256((self.bundle / name).read_bytes()) for name in names if str(name) not in ignored}
        listed = {one["name"]: one["digest"] for one in statement["predicate"]["resources"]}
        self.assertEqual(list(listed.items()), [(name, one.hexdigest()) for name, one in hashes.items()])
        root = hashlib.sha256(b"".join(one.digest() for one in hashes.values())).hexdigest()
        self.assertEqual([one["digest"]["sha256"] for one in statement["subject"]], [root])

    def test_openssl_takes_each_endorsement(self):
        envelope = self.read("provenance.dsse.json")
        charter = json.loads(base64.b64decode(json.loads(self.read("charter.json")["versions"][-1])["payload"]))
        keys = {"+".join(vkey.split("+", 2)[:2]): base64.b64decode(vkey.split("+", 2)[2])[1:]
                for member in charter["members"] for vkey in member["gov_vkeys"]}
        message, signature, key = (self.path / name for name in ("statement", "one.sig", "one.der"))
        message.write_bytes(pae(envelope["payloadType"], base64.b64decode(envelope["payload"])))
        self.assertGreaterEqual(len(envelope["signatures"]), charter["quorum"]["job"])
        for one in envelope["signatures"]:
            signature.write_bytes(base64.b64decode(one["sig"]))
            key.write_bytes(ED25519_SPKI + keys[one["keyid"]])
            subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", key, "-rawin", "-in",
                            message, "-sigfile", signature], check=True, capture_output=True)

    @unittest.skipUnless(HAS_GO, "Go or golang-golang-x-mod-dev is not installed (scripts/setup --tests)")
    def test_go_takes_head_and_proofs(self):
        oracle, entry = self.path / "oracle", self.path / "entry"
        environment = dict(os.environ, GO111MODULE="off", GOPATH=str(GOPATH), GOFLAGS="", GOCACHE=str(self.path / "cache"))
        subprocess.run(["go", "build", "-o", oracle, HERE / "tlog/oracle.go"], env=environment, check=True)
        charter = self.read("charter.json")["versions"]
        vkey = json.loads(base64.b64decode(json.loads(charter[-1])["payload"]))["log"]["vkey"]
        job = self.read("job-bundle.json")
        entries = {f"charter-{i}": text for i, text in enumerate(charter, 1)}
        entries |= {f"vote-{i}": text for i, text in enumerate(job["votes"], 1)}
        entries |= {f"round-{i}": text for i, text in enumerate(job["rounds"], 1)}
        entries["proposal"] = job["proposal"]
        for proof in self.bundle.glob("dataset-*.tlog-proof"):
            entries[proof.stem] = (self.bundle / "datasets" / f"{proof.stem.removeprefix('dataset-')}.json").read_text()
        self.assertEqual(sorted(entries), sorted(path.stem for path in self.bundle.glob("*.tlog-proof")))
        for name, text in entries.items():
            for content, code in ((text, 0), (text + " ", 1)):
                entry.write_text(content)
                done = subprocess.run([oracle, "entry", vkey, entry, self.bundle / f"{name}.tlog-proof"],
                                      capture_output=True, check=False)
                self.assertEqual(done.returncode, code, (name, done))

    @unittest.skipUnless(Draft7Validator, "python3-jsonschema is not installed (scripts/setup --tests)")
    def test_bill_of_materials_and_statements_have_their_shapes(self):
        self.assertEqual([error.message for error in Draft7Validator(BOM).iter_errors(self.read("bom.cdx.json"))], [])
        for envelope in (self.read("provenance.dsse.json"), self.read("model.sig")["dsseEnvelope"]):
            statement = json.loads(base64.b64decode(envelope["payload"]))
            self.assertEqual([error.message for error in Draft7Validator(STATEMENT).iter_errors(statement)], [])
            if statement["predicateType"].startswith("https://slsa.dev"):
                self.assertEqual([one.message for one in Draft7Validator(SLSA).iter_errors(statement["predicate"])], [])
        edited = self.read("bom.cdx.json")
        edited["metadata"]["component"]["hashes"][0]["alg"] = "sha256"
        self.assertTrue(list(Draft7Validator(BOM).iter_errors(edited)))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
