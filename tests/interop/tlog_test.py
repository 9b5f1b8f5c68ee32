"""Logs as Accord writes them, in Go's sumdb/note and sumdb/tlog, which others wrote: each head, tile, entry and proof;
and Go's signed notes in ours.

usage: tlog_test.py PEER

PEER is tests/interop/tlog/peer.cc. Without Go, or without Debian's golang-golang-x-mod-dev, all is skipped.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
PEER = Path(sys.argv[1]).resolve()
GOPATH = "/usr/share/gocode"
SKIPPED = 77


def run(*command, stdin: bytes = b"") -> subprocess.CompletedProcess:
    return subprocess.run([str(word) for word in command], input=stdin, capture_output=True, check=False)


class TlogTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory(prefix="accord-tlog-")
        cls.addClassCleanup(directory.cleanup)
        cls.path = Path(directory.name)
        cls.oracle = cls.path / "oracle"
        environment = dict(os.environ, GO111MODULE="off", GOPATH=GOPATH, GOFLAGS="", GOCACHE=str(cls.path / "cache"))
        subprocess.run(["go", "build", "-o", cls.oracle, HERE / "tlog/oracle.go"], env=environment, check=True)
        subprocess.run([PEER, "write", cls.path / "whole"], check=True)

    def check(self, path: Path) -> subprocess.CompletedProcess:
        return run(self.oracle, "check", path)

    def test_go_takes_every_head_tile_entry_and_proof(self):
        done = self.check(self.path / "whole")
        self.assertEqual((done.returncode, done.stdout), (0, b"65537 entries, 10 heads\n"), done)

    def test_go_finds_one_flipped_bit_in_any_kind_of_file(self):
        for name in ("vkey", "heads/257", "log/checkpoint", "log/tile/0/000", "log/tile/0/256.p/1", "log/tile/1/000",
                     "log/tile/2/000.p/1", "log/tile/entries/003", "log/tile/entries/256.p/1", "proofs/65537-255",
                     "consistency/255-65537"):
            with self.subTest(name):
                changed = self.path / "changed"
                shutil.copytree(self.path / "whole", changed, symlinks=True)
                self.addCleanup(shutil.rmtree, changed, ignore_errors=True)
                file = changed / name
                content = bytearray(file.read_bytes())
                content[len(content) // 2] ^= 1
                file.write_bytes(content)
                done = self.check(changed)
                self.assertEqual(done.returncode, 1, done)
                shutil.rmtree(changed)

    def test_we_open_notes_that_go_signs_and_refuse_them_altered(self):
        for name in ("fed.example/log", "Ñandutí", "日本/記録"):
            with self.subTest(name):
                vkey, note = run(self.oracle, "sign", name).stdout.split(b"\n", 1)
                done = run(PEER, "open", vkey.decode(), stdin=note)
                self.assertEqual((done.returncode, done.stdout), (0, note[: note.rindex(b"\n\n") + 1]), done)
                other = run(self.oracle, "sign", name).stdout.split(b"\n", 1)[0]
                self.assertIn(b"note.unsigned", run(PEER, "open", other.decode(), stdin=note).stdout)
                altered = note.replace(b"\n7\n", b"\n8\n")
                self.assertIn(b"note.signature", run(PEER, "open", vkey.decode(), stdin=altered).stdout)


if __name__ == "__main__":
    library = Path(GOPATH) / "src/golang.org/x/mod/sumdb"
    if shutil.which("go") is None or not library.is_dir():
        print("skipped: Go or golang-golang-x-mod-dev is not installed (scripts/setup --tests)")
        sys.exit(SKIPPED)
    unittest.main(argv=sys.argv[:1])
