"""Runs `scripts/demo languages --quick` on texts of a few words and looks at what a person gets."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as xml
from pathlib import Path

HERE = Path(__file__).resolve().parent
DEMO = HERE.parent.parent / "scripts/demo_languages.py"
STATE = Path(os.environ["ACCORD_DEMO_STATE"])
NATIONS = {"de": "de", "en": "en", "es": "es", "fr": "fr", "it": "it", "pt-br": "pt-BR"}


def write_corpora(directory: Path) -> None:
    """150 kB of each language, a third of them of the source that is held out."""
    for i, language in enumerate(NATIONS.values()):
        with open(directory / f"{language}.jsonl", "w", encoding="utf-8") as out:
            for number in range(150):
                words = " ".join(f"{language}{(number * 7 + word * (i + 3)) % 101}" for word in range(160))
                source = "debian-handbook" if number % 3 == 0 else "other"
                out.write(json.dumps({"text": f"{words}\n" * 2, "source": source}) + "\n")


def demo(*options: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, DEMO, "--quick", *options], capture_output=True, text=True, timeout=1500)


class LanguagesTest(unittest.TestCase):
    def test_every_nation_gets_figures_a_line_and_files(self):
        with tempfile.TemporaryDirectory(prefix="accord-demo-") as corpora:
            write_corpora(Path(corpora))
            done = demo("--json", "--corpora", corpora)
        self.assertEqual(done.returncode, 0, done.stderr)
        result = json.loads(done.stdout)
        self.assertEqual((result["status"], result["rounds"], result["secure"]), ("finished", 6, "malicious"))
        self.assertLess(result["train_bytes"]["pt-br"], result["train_bytes"]["de"])
        for nation in NATIONS:
            figures = result["bits_per_byte"][nation]
            self.assertEqual(set(figures), {"common", "graduate", "alone"})
            for kind, bits in figures.items():
                self.assertTrue(0.5 < bits < 8.5, (nation, kind, bits))
                self.assertTrue(Path(result["models"][kind][nation]).is_file())
            best = min(figures, key=figures.get)
            self.assertIn("ALONE" if best == "alone" else best, result["why"][nation], figures)
            self.assertTrue(result["lines"][nation])
        self.assertIn("they mean nothing", done.stderr)
        self.assertEqual(Path(result["gguf"]).read_bytes()[:4], b"GGUF")
        plot = xml.parse(result["plot"]).getroot()
        marks = {one.find("{*}title").text for one in plot if one.find("{*}title") is not None}
        self.assertEqual(marks, {f"{nation}, {kind}: {worth:.4f}" for nation, figures in result["bits_per_byte"].items()
                                 for kind, worth in figures.items()})
        left = [entry for entry in Path("/proc").glob("[0-9]*/cmdline") if names_state(entry)]
        self.assertEqual(left, [], "no process stays")

    def test_says_which_texts_are_missing(self):
        with tempfile.TemporaryDirectory(prefix="accord-demo-") as nothing:
            done = demo("--json", "--corpora", nothing)
        self.assertEqual(done.returncode, 1)
        self.assertIn("pt-BR", json.loads(done.stdout)["error"])
        self.assertIn("scripts/corpora", done.stderr)


def names_state(entry: Path) -> bool:
    try:
        return f"{STATE}/run".encode() in entry.read_bytes()
    except OSError:
        return False


if __name__ == "__main__":
    unittest.main()
