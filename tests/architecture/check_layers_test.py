"""Plants breaches in a small tree and sees each one found, so that a green check_layers.py means something."""

import tempfile
import unittest
from pathlib import Path

import check_layers


class CheckLayersTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.root = Path(self.directory.name)

    def breaches(self, path: str, text: str) -> list[tuple[int, str]]:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return [(breach.line, breach.rule) for breach in check_layers.check_tree(self.root)]

    def assert_breach(self, path: str, text: str, line: int, words: str):
        found = self.breaches(path, text)
        self.assertEqual(len(found), 1, found)
        self.assertEqual(found[0][0], line)
        self.assertIn(words, found[0][1])

    def test_accepts_what_the_table_allows(self):
        self.assertEqual(self.breaches("src/task/task.cc", '#include <vector>\n\n#include "accord/ids.h"\n'
                                       '#include "base/check.h"\n#include "round/round.h"\n'), [])
        self.assertEqual(self.breaches("src/trainer/cnn.cc", '#include <ATen/ATen.h>\n#include "data/dataset.h"\n'), [])
        self.assertEqual(self.breaches("src/rpc/client.cc", '#include "accord/v1/node.pb.h"\n'), [])
        self.assertEqual(self.breaches("include/accord/trainer.h", "#include <stop_token>\n"), [])

    def test_finds_an_include_upwards(self):
        self.assert_breach("src/round/p0_gather.cc", '#include <vector>\n#include "rpc/handlers.h"\n', 2, "upwards")

    def test_finds_an_include_sideways(self):
        self.assert_breach("src/store/blobs.cc", '#include "rpc/handlers.h"\n', 1, "sideways")

    def test_finds_a_third_party_outside_its_module(self):
        self.assert_breach("src/node/node.cc", "#include <torch/torch.h>\n", 1, "(torch)")
        self.assertIn("(openssl)", self.breaches("src/secagg/mask.cc", "#include <openssl/evp.h>\n")[1][1])

    def test_finds_a_group_outside_the_one_file_for_it(self):
        self.assert_breach("src/base/file.cc", "#include <spdlog/spdlog.h>\n", 1, "src/base/log")

    def test_finds_threads_in_a_pure_module_outside_the_one_file_for_them(self):
        self.assertEqual(self.breaches("src/secagg/unmask.cc", "#include <thread>\n"), [])
        self.assert_breach("src/secagg/mask.cc", "#include <thread>\n", 1, "src/secagg/unmask")

    def test_finds_a_clock_in_a_module_whose_one_file_has_threads(self):
        self.assert_breach("src/secagg/unmask.cc", "auto t = std::chrono::steady_clock::now();\n", 1, "pure")

    def test_finds_torch_reached_through_the_trainer(self):
        self.assert_breach("src/cli/model.cc", '#include "trainer/cnn.h"\n', 1, "no torch")

    def test_finds_a_library_that_the_table_does_not_know(self):
        self.assert_breach("src/data/csv.cc", "#include <rapidcsv/rapidcsv.h>\n", 1, "(unknown)")

    def test_finds_a_private_header_in_the_public_api(self):
        self.assert_breach("include/accord/model.h", '#include "base/check.h"\n', 1, "std and accord")

    def test_finds_a_clock_and_a_thread_in_a_pure_module(self):
        found = self.breaches("src/round/step.cc", "#include <mutex>\nauto t = std::chrono::steady_clock::now();\n")
        self.assertEqual([line for line, _ in found], [1, 2])

    def test_finds_a_file_that_is_too_long(self):
        self.assert_breach("src/job/job.cc", "\n" * 401, 401, "at most 400")

    def test_finds_a_sleep_in_a_test(self):
        self.assert_breach("tests/integration/x_test.cc", "  std::this_thread::sleep_for(1s);\n", 1, "never sleep")

    def test_finds_a_directory_without_a_layer(self):
        self.assert_breach("src/util/x.cc", "\n", 1, "no layer")


if __name__ == "__main__":
    unittest.main()
