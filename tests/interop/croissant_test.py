"""A data set's public description, as `accord data certify` writes it, in a reader of JSON-LD that others wrote: every
term of Croissant 1.1 and of its vocabulary for responsible AI means what their specifications say.

usage: croissant_test.py ACCORD

Without Debian's python3-rdflib all is skipped.
"""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ACCORD = Path(sys.argv[1]).resolve()
SKIPPED = 77
SC, CR, RAI, DCT = ("http://schema.org/", "http://mlcommons.org/croissant/", "http://mlcommons.org/croissant/RAI/",
                    "http://purl.org/dc/terms/")
# "Dataset-level information", required and recommended; what governance asks for besides; croissant-rai-spec.
ONE = {SC + term for term in ("name", "description", "license", "url", "datePublished", "version")} | {
    CR + "isLiveDataset"} | {RAI + term for term in (
        "dataCollection", "dataCollectionTimeframe", "personalSensitiveInformation", "dataBiases", "dataLimitations",
        "dataUseCases")}
MANY = {SC + "creator", SC + "publisher", SC + "inLanguage", SC + "keywords", SC + "distribution", DCT + "conformsTo"}
ABOUT = '''name = "News \\"in\\" Swahili"
description = "Articles.\\nMany of them: ሰላም"
license = "https://creativecommons.org/licenses/by/4.0/"
url = "https://example.org/news"
creators = ["A broadcaster", "Its readers"]
publisher = "A ministry"
published = 2026-01-31
version = "1.2.0"
languages = ["sw", "am"]
formats = ["text/plain", "application/json"]
keywords = ["news"]
[rai]
collection = "Written by journalists."
collection_timeframe = "2010 to 2025"
personal_sensitive_information = "Names of public persons."
biases = "Mostly towns."
limitations = "No dialects."
use_cases = "Language models."
[certificate]
records = 2
modalities = ["text"]
jurisdiction = "Kenya"
legal_basis = "A law"
purposes = ["language-models"]
personal_data = true
not_after = 2099-12-31
'''


def accord(*words) -> dict:
    done = subprocess.run([ACCORD, "--json", *map(str, words)], capture_output=True, check=False)
    assert done.returncode == 0, done
    return json.loads(done.stdout)["data"]


class CroissantTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory(prefix="accord-croissant-")
        cls.addClassCleanup(directory.cleanup)
        path = Path(directory.name)
        (path / "news").mkdir()
        (path / "news/who-was-ill.txt").write_text("x")
        (path / "about.toml").write_text(ABOUT)
        secret = path / "passphrase"
        secret.touch(mode=0o600)
        secret.write_text("correct horse battery")
        accord("key", "create", "--name", "fed.example/ke", "--out", path / "ke.key", "--passphrase-file", secret)
        accord("data", "certify", path / "news", "--member", "ke", "--dataset", "news", "--key", path / "ke.key",
               "--passphrase-file", secret, "--about", path / "about.toml")
        cls.text = (path / "news.certificate/croissant.json").read_text()
        cls.graph = rdflib.Graph().parse(data=cls.text, format="json-ld")
        cls.sets = list(cls.graph.subjects(rdflib.RDF.type, rdflib.URIRef(SC + "Dataset")))

    def values(self, term: str) -> list:
        return list(self.graph.objects(self.sets[0], rdflib.URIRef(term)))

    def test_is_one_data_set_with_all_its_terms(self):
        self.assertEqual(len(self.sets), 1)
        for term in ONE:
            self.assertEqual(len(self.values(term)), 1, term)
        for term in MANY:
            self.assertGreaterEqual(len(self.values(term)), 1, term)

    def test_has_no_term_that_nobody_defined(self):
        known = (SC, CR, RAI, DCT, str(rdflib.RDF))
        for predicate in self.graph.predicates():
            self.assertTrue(str(predicate).startswith(known), predicate)

    def test_says_what_it_conforms_to(self):
        self.assertEqual({str(value) for value in self.values(DCT + "conformsTo")},
                         {CR + "1.1", RAI + "1.0"})

    def test_values_are_those_given(self):
        self.assertEqual(str(self.values(SC + "name")[0]), 'News "in" Swahili')
        self.assertEqual(str(self.values(SC + "description")[0]), "Articles.\nMany of them: ሰላም")
        self.assertEqual({str(value) for value in self.values(SC + "inLanguage")}, {"sw", "am"})
        self.assertFalse(self.values(CR + "isLiveDataset")[0].toPython())
        for term in ("creator", "publisher"):
            for who in self.values(SC + term):
                self.assertEqual(self.graph.value(who, rdflib.RDF.type), rdflib.URIRef(SC + "Organization"))
                self.assertIsNotNone(self.graph.value(who, rdflib.URIRef(SC + "name")))

    def test_its_files_are_a_file_set_without_names(self):
        [files] = self.values(SC + "distribution")
        self.assertEqual(self.graph.value(files, rdflib.RDF.type), rdflib.URIRef(CR + "FileSet"))
        self.assertEqual({str(value) for value in self.graph.objects(files, rdflib.URIRef(SC + "encodingFormat"))},
                         {"text/plain", "application/json"})
        self.assertIsNotNone(self.graph.value(files, rdflib.URIRef(CR + "includes")))
        self.assertNotIn("who-was-ill", self.text)


if __name__ == "__main__":
    try:
        import rdflib
    except ImportError:
        print("skipped: needs Debian's python3-rdflib")
        sys.exit(SKIPPED)
    unittest.main(argv=sys.argv[:1])
