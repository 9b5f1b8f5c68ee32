"""What the real programs say to somebody who is wrong: a code, a cause and what to do, and nothing is made or lost.

usage: messages_test.py DIRECTORY_OF_PROGRAMS
"""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from federation import free_port

APPS = Path(sys.argv[1]).resolve()
FAILED, USAGE = 1, 4


class MessagesTest(unittest.TestCase):
    def setUp(self):
        self.dir = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)

    def run_it(self, *words, user: str = "") -> tuple[int, str]:
        command = [str(APPS / words[0]), *map(str, words[1:])]
        if user:
            command = ["runuser", "-u", user, "--", *command]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=60, env=os.environ | {"ACCORD_HOME": str(self.dir / "home")})
        return done.returncode, done.stdout

    def refused(self, exit_code: int, error: str, *words, **more) -> str:
        """Error, hint and page, and that exit code."""
        code, said = self.run_it(*words, **more)
        self.assertIn(f"docs/errors/{error}.md", said)
        self.assertEqual(code, exit_code, said)
        for part in ("error: ", "hint:  "):
            self.assertIn(part, said)
        return said

    def init(self) -> Path:
        state = self.dir / "state"
        code, said = self.run_it("accordd", "init", "--state", state, "--listen", f"127.0.0.1:{free_port()}", "--set",
                                 f"http.listen=127.0.0.1:{free_port()}")
        self.assertEqual(code, 0, said)
        return state

    def test_a_wrong_word_has_a_code_and_names_the_help(self):
        for words in (["accordd", "--foo"], ["accordd", "backup"], ["accord-ca", "foo"], ["accord-node", "policy"],
                      ["accord-node", "policy", "check"], ["accord-sim", "foo"], ["accord", "foo"]):
            with self.subTest(words):
                self.refused(USAGE, "cli.usage", *words)
        self.assertIn("See: accord-node policy check --help",
                      self.refused(USAGE, "cli.usage", "accord-node", "policy", "check"))

    def test_a_number_below_nothing_is_no_large_one(self):
        for words in (["generate", "m", "--job", "j", "--tokens", "-5"], ["generate", "m", "--job", "j", "--top-k", "-1"],
                      ["generate", "m", "--job", "j", "--seed", "-1"], ["generate", "m", "--job", "j", "--tokens", "1" * 21],
                      ["run", "--job", "j", "--node", "a=b", "--worth-every", "-1"],
                      ["graduate", "--config", "c", "--job", "j", "--model", "m", "--out", "o", "--steps", "-3"]):
            with self.subTest(words):
                self.assertIn(f'{words[-2]}: "{words[-1]}" is not a whole number from 0 to 18446744073709551615',
                              self.refused(USAGE, "cli.usage", "accord-sim", *words))

    def test_where_a_disk_is_not_mounted_nothing_is_made_and_a_restore_finds_it_empty(self):
        backup, empty = self.dir / "backup", self.dir / "empty"
        self.assertEqual(self.run_it("accordd", "backup", backup, "--state", self.init())[0], 0)
        empty.mkdir()
        self.assertIn("accordd restore", self.refused(FAILED, "identity.missing", "accordd", "--state", empty))
        self.refused(FAILED, "identity.missing", "accordd", "fsck", "--state", empty)
        self.refused(FAILED, "identity.missing", "accordd", "backup", self.dir / "b", "--state", empty)
        self.refused(FAILED, "identity.missing", "accordd", "import-model", "model.safetensors", "--state", empty)
        self.assertEqual(list(empty.iterdir()), [])
        code, said = self.run_it("accordd", "restore", backup, "--state", empty)
        self.assertEqual(code, 0, said)
        self.assertFalse((self.dir / "b").exists())

    def test_fsck_misses_the_key_of_the_ca(self):
        state = self.init()
        self.assertEqual(self.run_it("accordd", "fsck", "--state", state)[0], 0)
        (state / "ca.key").unlink()
        code, said = self.run_it("accordd", "fsck", "--state", state)
        self.assertEqual(code, FAILED)
        self.assertIn(f"DAMAGED  {state / 'ca.key'}", said)

    def test_a_directory_of_nobody_is_named_as_such(self):
        nowhere = self.dir / "nowhere"
        for words in (["accord-ca", "list"], ["accord-ca", "invite", "n"], ["accord-ca"], ["accord-node", "egress"],
                      ["accord-node", "witness", "ke"], ["accord-node", "registry"]):
            with self.subTest(words):
                self.refused(FAILED, "identity.missing", *words, "--state", nowhere)
        self.refused(FAILED, "job.not_found", "accord-node", "jobs", "--state", nowhere)
        self.assertFalse(nowhere.exists())

    def test_a_token_of_another_kind_leaves_nothing(self):
        token = (self.init() / "operator.token").read_text().strip()
        said = self.refused(2, "token.invalid", "accord-node", "join", token, "--state", self.dir / "node")
        self.assertIn("accord join", said)
        self.assertFalse((self.dir / "node").exists())

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("runuser"), "takes root, to be somebody else")
    def test_who_may_not_read_the_state_hears_so(self):
        state = self.init()
        self.dir.chmod(0o755)
        if self.run_it("accordd", "--version", user="nobody")[0] != 0:
            self.skipTest("nobody cannot reach the programs")
        for command in ([], ["fsck"], ["--check-config"]):
            with self.subTest(command):
                said = self.refused(FAILED, "store.io", "accordd", *command, "--state", state, user="nobody")
                self.assertIn("Permission denied", said)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
