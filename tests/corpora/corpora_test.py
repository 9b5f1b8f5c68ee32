"""Tests of scripts/corpora: paragraphs of pages, what is left out, and a whole run over packages made here."""

import hashlib
import importlib.machinery
import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "corpora"
sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("corpora", str(SCRIPT))
corpora = importlib.util.module_from_spec(importlib.util.spec_from_loader("corpora", loader))
sys.modules["corpora"] = corpora  # worker processes look it up by name
loader.exec_module(corpora)

PAGE = """<html><head><title>Title that nobody is to read</title><style>p { color: red }</style></head><body>
<header><p>Navigation that every page repeats</p></header>
<h1>Short</h1>
<p>Die Gr\u00f6&szlig;e des Ordners, mit <code class="command">du</code> gemessen,<br>und eine neue Zeile danach.</p>
<p>U\u0308bung macht den Meister, sagt man,
   und meint   damit: <em>die</em> Wiederholung.<p>Ein Absatz, dessen Vorg\u00e4nger nicht endet.
<pre>int main() { return 0; } // a listing of code</pre>
<p><code class="language-sql">SELECT everything FROM everywhere;</code></p>
<ul><li>Erster Punkt einer l\u00e4ngeren Liste</li><li>Zweiter Punkt einer l\u00e4ngeren Liste</li></ul>
</body></html>"""


class ParagraphsTest(unittest.TestCase):
    def test_takes_what_is_read_and_nothing_else(self) -> None:
        self.assertEqual(corpora.paragraphs(PAGE), [
            "Die Gr\u00f6\u00dfe des Ordners, mit du gemessen,", "und eine neue Zeile danach.",
            "\u00dcbung macht den Meister, sagt man, und meint damit: die Wiederholung.",
            "Ein Absatz, dessen Vorg\u00e4nger nicht endet.",
            "Erster Punkt einer l\u00e4ngeren Liste", "Zweiter Punkt einer l\u00e4ngeren Liste"])

    def test_takes_only_the_display_area_of_a_help_page(self) -> None:
        page = ('<div><p>Menu of all the other pages</p></div>'
                '<div id="DisplayArea" a="b"><p>What the page is about, at last</p></div>')
        self.assertEqual(corpora.paragraphs(page), ["What the page is about, at last"])

    def test_takes_one_of_the_variants_for_operating_systems(self) -> None:
        page = ('<p>Choose <span class="switchinline"><span hidden="true" class="MAC"><span>Office</span> Preferences'
                '</span><span hidden="true">Tools - Options</span></span> and then Load.</p>')
        self.assertEqual(corpora.paragraphs(page), ["Choose Tools - Options and then Load."])


class CleanTest(unittest.TestCase):
    def test_drops_repeated_and_untranslated_paragraphs(self) -> None:
        english = "This is what you can read when the page is not there"
        pages = [["eins", "same in English"], ["eins"], ["zwei", english]]
        self.assertEqual(list(corpora.clean(pages, frozenset(["same in English"]), set())), ["eins", "zwei"])
        self.assertEqual(list(corpora.clean(pages[:1], None, set())), ["eins\nsame in English"])

    def test_knows_english_from_its_relatives(self) -> None:
        self.assertTrue(corpora.is_english("The size of the folder that you chose can be seen here."))
        for other in ["Die Daten in der Tabelle dienen als Grundlage der Beispiele.",
                      "De gegevens in de tabel die u hebt gekozen, dienen als voorbeeld.",
                      "Ouvrez Table of Contents dans le menu du programme pour lire les pages que vous cherchez."]:
            self.assertFalse(corpora.is_english(other), other)


def package(directory: Path, name: str, files: dict[str, str]) -> None:
    """Builds directory/NAME_1_all.deb."""
    root = directory / "root"
    control = (f"Package: {name}\nVersion: 1\nArchitecture: all\nMaintainer: Nobody <nobody@example.org>\n"
               "Description: test\n")
    texts = {"DEBIAN/control": control, f"usr/share/doc/{name}/copyright": f"Licence of {name}\n"}
    for path, text in {**texts, **files}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    subprocess.run(["dpkg-deb", "--build", "--root-owner-group", root, directory / f"{name}_1_all.deb"], check=True,
                   stdout=subprocess.DEVNULL)
    shutil.rmtree(root)


def page(*paragraphs: str) -> str:
    return "<html><body>" + "".join(f"<p>{text}</p>" for text in paragraphs) + "</body></html>"


@unittest.skipUnless(shutil.which("dpkg-deb"), "no dpkg-deb")
class WholeRunTest(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.out = Path(temporary.name) / "out"
        self.packages = Path(temporary.name) / "packages"
        self.packages.mkdir()
        words = "Verzeichnis Rechner Datei Schl\u00fcssel Netz Zeile Ordner Fenster".split()
        many = [f"Satz {i} nennt {words[i % 8]} und {words[i // 8 % 8]} und die Zahl {i * i}." for i in range(3000)]
        book = "usr/share/doc/debian-handbook/html"
        package(self.packages, "debian-handbook", {
            f"{book}/de-DE/b.html": page(*many), f"{book}/de-DE/a.html": page("Die erste Seite nach dem Namen."),
            f"{book}/en-US/a.html": page("The first page when sorted by the name.")})
        help_pages = "usr/share/libreoffice/help/{}/text/shared/1.html"
        for code, text in {"de": [sentence.replace("Satz", "Hilfe") for sentence in many] + [many[0]],
                           "en-us": ["A page of help that nobody translated."]}.items():
            package(self.packages, f"libreoffice-help-{code}", {help_pages.format(code): page(*text)})
        reference = "usr/share/debian-reference/ch01.{0}.html"
        for code in ["de", "en"]:
            package(self.packages, f"debian-reference-{code}",
                    {reference.format(code): page("This sentence nobody has translated yet.")})
        package(self.packages, "installation-guide-amd64", {})
        package(self.packages, "gnome-user-docs", {})

    def run_script(self, *options: str) -> str:
        command = [sys.executable, SCRIPT, "--out", self.out, "--packages", self.packages, "--languages", "de,en"]
        run = subprocess.run([*command, *options], capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stderr)
        return run.stdout

    def test_writes_corpora_sums_and_licences(self) -> None:
        table = self.run_script()
        corpus = [json.loads(line) for line in (self.out / "de.jsonl").read_text(encoding="utf-8").splitlines()]
        self.assertEqual([document["source"] for document in corpus],
                         ["debian-handbook", "debian-handbook", "libreoffice-help"])
        self.assertEqual(corpus[0]["text"], "Die erste Seite nach dem Namen.")
        self.assertEqual(len(corpus[2]["text"].split("\n")), 3000)  # one was in the book
        self.assertIn("debian-handbook", table.splitlines()[1].split()[-1])
        sums = dict(reversed(line.split()) for line in (self.out / "SHA256SUMS").read_text().splitlines())
        self.assertEqual(sums["de.jsonl"], hashlib.sha256((self.out / "de.jsonl").read_bytes()).hexdigest())
        self.assertIn("libreoffice-help-de_1_all.deb: MPL-2.0", (self.out / "NOTICE").read_text())
        self.assertEqual((self.out / "licences/debian-handbook.copyright").read_text(), "Licence of debian-handbook\n")

    @unittest.skipUnless(shutil.which("spm_train"), "no spm_train")
    def test_trains_the_same_vocabulary_twice(self) -> None:
        first = self.run_script("--vocabulary", "400").splitlines()[-1]
        self.assertEqual(self.run_script("--vocabulary", "400").splitlines()[-1], first)
        digest = hashlib.sha256((self.out / "vocabulary-400.model").read_bytes()).hexdigest()
        self.assertIn(f"sha256:{digest}", first)
        self.assertIn("unigram-310.model", self.run_script("--vocabulary", "310", "--kind", "unigram"))

    def test_names_a_language_that_is_not_there(self) -> None:
        run = subprocess.run([sys.executable, SCRIPT, "--languages", "de,xx"], capture_output=True, text=True)
        self.assertEqual(run.returncode, 4)
        self.assertIn("xx", run.stderr)


if __name__ == "__main__":
    unittest.main()
