"""A coordinator whose disk is slow, and nodes that refuse a sum at once: the round is over before its sum and model are
on disk, and the coordinator goes on.

usage: slow_disk_test.py DIRECTORY_OF_PROGRAMS SLOW_SYNC_LIBRARY
"""

import sys
import tempfile
import unittest
from pathlib import Path

from lab_federation import LabFederation
from mischief import Once, WrongTag

APPS, SLOW_SYNC = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
HONEST = ["a", "b", "c"]
EVERYBODY = 2  # of four nodes: with so many assumed corrupt each word of each node is needed
SYNC_MS = 500


class SlowDiskTest(unittest.TestCase):
    def test_a_round_that_ends_before_its_sum_is_on_disk(self):
        directory = tempfile.TemporaryDirectory(prefix="accord-slow-")
        self.addCleanup(directory.cleanup)
        federation = LabFederation(APPS, Path(directory.name), HONEST, lambda name: Once(WrongTag()))
        self.addCleanup(federation.close)
        federation.programs["coordinator"].stop()
        federation.start_coordinator({"LD_PRELOAD": str(SLOW_SYNC), "ACCORD_TEST_SYNC_MS": str(SYNC_MS),
                                      "ACCORD_TEST_SYNC_PATH": "/blobs/"})
        job = federation.submit_plan("wrong-tag", len(HONEST) + 1, EVERYBODY, max_wait="1m")
        view = federation.await_end(job)
        tries = [(past["round"], past["committed"], past["survivors"]) for past in view["history"]]
        self.assertEqual(tries, [(1, False, 0), (1, True, 4), (2, True, 4)], federation.log_of(job))
        self.assertIsNone(federation.programs["coordinator"].process.poll())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
