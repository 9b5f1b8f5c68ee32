"""docs/results.md and its plots are what the records beside them say; a plot has its marks where they belong.

usage: check_results.py ROOT
"""

import shutil
import sys
import tempfile
import unittest
import xml.etree.ElementTree as xml
from pathlib import Path

ROOT = Path(sys.argv.pop()).resolve()
sys.path.insert(0, str(ROOT / "studies/language"))

import plot  # noqa: E402
import report  # noqa: E402


def marks(svg: xml.Element) -> dict[str, float]:
    """Where each mark is, by its words."""
    found = {}
    for mark in svg:
        if mark.find("{*}title") is None:
            continue
        middle = {"circle": lambda: mark.get("cx"), "rect": lambda: float(mark.get("x")) + float(mark.get("width")) / 2,
                  "path": lambda: mark.get("d")[1:].split()[0]}[mark.tag.rpartition("}")[2]]
        found[mark.find("{*}title").text] = float(middle())
    return found


def boxes(svg: xml.Element) -> list[tuple[float, float, float, float, str]]:
    """Left, right, top, bottom of each text, its letters taken as wide ones."""
    out = []
    for text in svg.findall("{*}text"):
        size = float(text.get("font-size", svg.get("font-size")))
        x, y, width = float(text.get("x")), float(text.get("y")), 0.57 * size * len(text.text)
        left = x - {"start": 0, "middle": width / 2, "end": width}[text.get("text-anchor")]
        out.append((left, left + width, y - size, y, text.text))
    return out


class Results(unittest.TestCase):
    def test_page_and_plots_are_those_of_the_records(self):
        kept = ROOT / "docs/results"
        with tempfile.TemporaryDirectory() as made:
            docs = Path(made)
            shutil.copy(ROOT / "docs/results.md", docs)
            shutil.copytree(kept, docs / "results", ignore=shutil.ignore_patterns("*.svg"))
            report.write(docs / "results", docs / "results.md")
            self.assertEqual((docs / "results.md").read_text(), (ROOT / "docs/results.md").read_text(), "scripts/results --page")
            plots = sorted(path.name for path in (docs / "results").glob("*.svg"))
            self.assertEqual(plots, sorted(path.name for path in kept.glob("*.svg")))
            self.assertGreaterEqual(len(plots), 5)
            for name in plots:
                self.assertEqual((docs / "results" / name).read_text(), (kept / name).read_text(), "scripts/results --page")

    def test_no_text_of_a_plot_covers_another_or_is_cut(self):
        for path in (ROOT / "docs/results").glob("*.svg"):
            svg = xml.parse(path).getroot()
            found = boxes(svg)
            self.assertGreater(len(found), 8, path)
            for i, (left, right, top, bottom, words) in enumerate(found):
                self.assertTrue(0 <= left and right <= float(svg.get("width")) and bottom <= float(svg.get("height")), (path, words))
                for other in found[:i]:
                    apart = right <= other[0] or other[1] <= left or bottom <= other[2] or other[3] <= top
                    self.assertTrue(apart, (path.name, words, other[4]))

    def test_marks_stand_where_their_figures_are(self):
        table = {"de & fr": {"common": [2.0, 3.0], "alone": [1.5, 1.5]}, "el": {"common": [3.5, 3.5], "alone": [2.5, 2.5]}}
        svg = xml.fromstring(plot.dots("A < B", "bits", table))
        at = marks(svg)
        self.assertEqual(list(at), ["de & fr, common: 2.0000, 3.0000", "de & fr, alone: 1.5000, 1.5000",
                                    "el, common: 3.5000, 3.5000", "el, alone: 2.5000, 2.5000"])
        mean, least, most, middle = at.values()
        self.assertAlmostEqual(mean, middle, delta=0.11)  # both 2.5
        self.assertAlmostEqual(middle - least, most - middle, delta=0.11)
        axis = {text.text: float(text.get("x")) for text in svg.findall("{*}text")}
        self.assertAlmostEqual(axis["1.5"], least, delta=0.11)
        self.assertAlmostEqual(axis["3.5"], most, delta=0.11)

    def test_ticks_are_round_and_enclose(self):
        self.assertEqual(plot.ticks(2.21, 3.31), [2.2, 2.4, 2.6, 2.8, 3.0, 3.2, 3.4])
        self.assertEqual(plot.ticks(2.0, 2.0), [1.9999, 2.0, 2.0001])
        self.assertEqual(plot.ticks(0.1, 0.3)[0], 0.05)


if __name__ == "__main__":
    unittest.main()
