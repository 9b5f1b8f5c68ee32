"""Plots of figures with names: a row for each name, in it a mark for each kind. SVG, by the standard library alone (matplotlib
is 38 packages, which nothing else here needs). The ground is white in the file itself, so a plot reads the same on light and
dark pages; kinds differ in shape, not in colour alone. Equal figures give equal bytes.
"""

import math
from collections.abc import Callable
from xml.sax.saxutils import escape

# By their place in the order of kinds. Okabe and Ito's colours: people who see few colours tell them apart.
COLOURS = ["#0072b2", "#009e73", "#d55e00"]
WIDTH, TOP, ROW, RIGHT = 720, 84, 36, 30
LETTER = 8.0  # pixels of a letter at 13 pixels, on average and on the wide side
MOST_LINES = 9


def ticks(low: float, high: float) -> list[float]:
    """Round numbers, evenly apart, from below `low` to above `high`: at most MOST_LINES of them."""
    for step in (digit * 10.0**power for power in range(-4, 9) for digit in (1, 2, 5)):
        first, last = math.ceil(low / step) - 1, math.floor(high / step) + 1  # a mark on the frame would be cut
        if last - first < MOST_LINES:
            return [round(step * i, 6) for i in range(first, last + 1)]
    raise ValueError(f"no axis from {low} to {high}")


def _mark(kind: int, x: float, y: float, words: str = "") -> str:
    """A disc, a square or a triangle; `words` are what the mouse is told."""
    colour = COLOURS[kind]
    shape = [f'circle cx="{x:.1f}" cy="{y:.1f}" r="6"',
             f'rect x="{x - 5.5:.1f}" y="{y - 5.5:.1f}" width="11" height="11"',
             f'path d="M{x:.1f} {y - 7:.1f}l7 12.5h-14z"'][kind]
    told = f"<title>{escape(words)}</title>" if words else ""
    return f'<{shape} fill="{colour}" fill-opacity="0.8" stroke="{colour}">{told}</{shape.split()[0]}>'


def _text(x: float, y: float, words: str, anchor: str = "middle", more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{escape(words)}</text>'


def _legend(kinds: list[str], x: float) -> list[str]:
    parts = []
    for kind, name in enumerate(kinds):
        parts += [_mark(kind, x, 50), _text(x + 13, 54.5, name, "start")]
        x += 40 + LETTER * len(name)
    return parts


def _row(name: str, figures: dict[str, list[float]], y: float, x: Callable[[float], float]) -> list[str]:
    """Its marks, an upright stroke at each value where there are several, and a line from the least to the greatest."""
    values = [value for seeds in figures.values() for value in seeds]
    ends = x(min(values)), x(max(values))
    parts = [f'<line x1="{ends[0]:.1f}" y1="{y}" x2="{ends[1]:.1f}" y2="{y}" stroke="#999"/>']
    for kind, seeds in enumerate(figures.values()):
        if len(seeds) > 1:
            parts += [f'<line x1="{x(one):.1f}" y1="{y - 10}" x2="{x(one):.1f}" y2="{y + 10}" stroke="{COLOURS[kind]}"/>'
                      for one in seeds]
    for kind, (label, seeds) in enumerate(figures.items()):
        shown = ", ".join(f"{one:.4f}" for one in seeds)
        parts.append(_mark(kind, x(sum(seeds) / len(seeds)), y, f"{name}, {label}: {shown}"))
    return parts


def dots(title: str, axis: str, table: dict[str, dict[str, list[float]]]) -> str:
    """An SVG of `table`: row name -> kind -> values, one or one for each seed, whose mean is the mark. The same kinds, at most
    three, in each row."""
    left = 30 + LETTER * max(map(len, table))
    values = [value for figures in table.values() for seeds in figures.values() for value in seeds]
    lines = ticks(min(values), max(values))
    digits = max(len(f"{line:g}".partition(".")[2]) for line in lines)
    bottom = TOP + ROW * len(table)

    def x(value: float) -> float:
        return left + (value - lines[0]) / (lines[-1] - lines[0]) * (WIDTH - left - RIGHT)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + 60}" width="{WIDTH}" height="{bottom + 60}" '
             f'font-family="sans-serif" font-size="13" fill="#222"><title>{escape(title)}</title>',
             '<rect width="100%" height="100%" fill="white"/>',
             _text(16, 27, title, "start", ' font-size="16" font-weight="bold"'), *_legend(list(next(iter(table.values()))), 24)]
    for value in lines:
        parts += [f'<line x1="{x(value):.1f}" y1="{TOP - 8}" x2="{x(value):.1f}" y2="{bottom}" stroke="#ddd"/>',
                  _text(x(value), bottom + 19, f"{value:.{digits}f}")]
    parts.append(_text((left + WIDTH - RIGHT) / 2, bottom + 45, axis))
    for i, (name, figures) in enumerate(table.items()):
        y = TOP + ROW * (i + 0.5)
        parts += [_text(left - 14, y + 4.5, name, "end"), *_row(name, figures, y, x)]
    return "\n".join(parts) + "\n</svg>\n"
