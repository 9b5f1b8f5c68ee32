"""Every relative link of a Markdown file in the tree leads to a file that exists. usage: check_links.py ROOT"""

import re
import sys
from pathlib import Path

LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)#\s]+)")
SKIPPED = {"build", "demo-state", ".git"}


def main() -> int:
    root = Path(sys.argv[1]).resolve()
    broken = 0
    for page in sorted(root.rglob("*.md")):
        if SKIPPED & set(page.relative_to(root).parts):
            continue
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
            for target in LINK.findall(line):
                if not (page.parent / target).exists():
                    print(f"{page.relative_to(root)}:{number}: {target} does not exist")
                    broken += 1
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
