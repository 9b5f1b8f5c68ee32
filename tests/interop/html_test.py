"""The public pages in a checker of HTML that others wrote: HTML Tidy (Debian's `tidy`).

usage: html_test.py DIRECTORY_OF_PAGES

Exit code 77, with a word, where there is none.
"""

import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

PAGES = sorted(Path(sys.argv[1]).glob("*.html"))


# Of ARIA 1.1 (2017), which Tidy 5.6 does not know.
KNOWN_HERE = re.compile(r'line .* proprietary attribute "aria-current"\n')


def complaints(html: str) -> str:
    done = subprocess.run(["tidy", "-errors", "-quiet", "-utf8", "--doctype", "html5", "--warn-proprietary-attributes",
                           "yes"], input=html, capture_output=True, text=True, timeout=60)
    return KNOWN_HERE.sub("", done.stderr)


class HtmlTest(unittest.TestCase):
    def test_pages_have_no_errors_and_no_warnings(self) -> None:
        self.assertGreater(len(PAGES), 8)
        for page in PAGES:
            with self.subTest(page.name):
                self.assertEqual(complaints(page.read_text()), "")

    def test_the_checker_would_see_them(self) -> None:
        page = PAGES[0].read_text()
        for harm in (page.replace("</main>", ""), page.replace("<h1>", "<h1><p>"), page.replace("<title>", "<titel>")):
            self.assertNotEqual(complaints(harm), "")


if __name__ == "__main__":
    if shutil.which("tidy") is None:
        print("html_test: skipped, since there is no tidy (apt-get install tidy)")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
