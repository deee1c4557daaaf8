#!/usr/bin/env python3
"""Draws the scaling benchmark's results: cycles per packet over a number of things, as SVG.

    plot.py RESULTS.json FOLDER    writes FOLDER/labels.svg, paths.svg, push.svg, next.svg

RESULTS.json is what report.py made of `stage_bench --scaling`.
"""
import json
import math
import pathlib
import sys

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 70, 150, 50, 60
COLOURS = ("#1b6ca8", "#c8553d", "#588157", "#7b2d8b")
TITLES = {
    "labels": ("Swap over random labels", "labels with a rule", True),
    "paths": ("Swap over equal-cost paths", "paths", True),
    "push": ("PUSH of a segment list on IPv4", "labels pushed", False),
    "next": ("NEXT after NEXT, then an IPv4 lookup", "labels popped", False),
}


def series(rows, what, burst):
    """{set: [(number, cycles)...]} of the cases `what N`."""
    lines = {}
    for row in rows:
        name, _, number = row["case"].partition(" ")
        if name == what and row["burst"] == burst:
            lines.setdefault(row["set"], []).append((int(number), row["cycles"]))
    return {kind: sorted(points) for kind, points in lines.items()}


def nice_step(most):
    """A round distance between about five lines."""
    step = 10 ** math.floor(math.log10(most / 5))
    return next(step * factor for factor in (1, 2, 5, 10) if step * factor * 6 >= most)


class Chart:
    def __init__(self, lines, title, x_title, logarithmic):
        self.lines, self.title, self.x_title = lines, title, x_title
        self.logarithmic = logarithmic
        numbers = [x for points in lines.values() for x, _ in points]
        self.least, self.most = min(numbers), max(numbers)
        highest = max(y for points in lines.values() for _, y in points)
        self.step = nice_step(highest * 1.1)
        self.top = math.ceil(highest * 1.1 / self.step) * self.step

    def x(self, number):
        scale = math.log10 if self.logarithmic else float
        span = scale(self.most) - scale(self.least) or 1
        return LEFT + (scale(number) - scale(self.least)) / span * (WIDTH - LEFT - RIGHT)

    def y(self, cycles):
        return HEIGHT - BOTTOM - cycles / self.top * (HEIGHT - TOP - BOTTOM)

    def ticks(self):
        numbers = sorted({x for points in self.lines.values() for x, _ in points})
        return numbers if len(numbers) <= 9 else numbers[::2]

    def svg(self, burst):
        bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
        parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
                 f'width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="13">',
                 f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
                 f'<text x="{LEFT}" y="28" font-size="16" font-weight="bold">{self.title}</text>']
        value = 0
        while value <= self.top + self.step / 2:
            parts.append(f'<line x1="{LEFT}" x2="{right}" y1="{self.y(value):.1f}" '
                         f'y2="{self.y(value):.1f}" stroke="#ddd"/>'
                         f'<text x="{LEFT - 8}" y="{self.y(value) + 4:.1f}" '
                         f'text-anchor="end">{value:g}</text>')
            value += self.step
        for number in self.ticks():
            text = f"{number:,}"
            parts.append(f'<line x1="{self.x(number):.1f}" x2="{self.x(number):.1f}" '
                         f'y1="{bottom}" y2="{bottom + 5}" stroke="#444"/>'
                         f'<text x="{self.x(number):.1f}" y="{bottom + 20}" '
                         f'text-anchor="middle">{text}</text>')
        parts.append(f'<line x1="{LEFT}" x2="{right}" y1="{bottom}" y2="{bottom}" stroke="#444"/>')
        parts.append(f'<text x="{(LEFT + right) / 2}" y="{HEIGHT - 15}" '
                     f'text-anchor="middle">{self.x_title}</text>')
        middle = (TOP + bottom) / 2
        parts.append(f'<text x="20" y="{middle}" text-anchor="middle" '
                     f'transform="rotate(-90 20 {middle})">TSC cycles per packet</text>')
        for n, (kind, points) in enumerate(self.lines.items()):
            colour = COLOURS[n % len(COLOURS)]
            path = " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in points)
            parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" '
                         'stroke-width="2"/>')
            parts += [f'<circle cx="{self.x(x):.1f}" cy="{self.y(y):.1f}" r="3.5" '
                      f'fill="{colour}"/>' for x, y in points]
            row = TOP + 10 + 22 * n
            parts.append(f'<line x1="{right + 15}" x2="{right + 40}" y1="{row}" y2="{row}" '
                         f'stroke="{colour}" stroke-width="2"/>'
                         f'<text x="{right + 46}" y="{row + 4}">{kind} set</text>')
        parts.append(f'<text x="{right + 15}" y="{bottom - 20}" fill="#666">bursts of {burst}</text>')
        return "\n".join([*parts, "</svg>", ""])


def main(arguments):
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    rows = json.loads(pathlib.Path(arguments[0]).read_text())["stage"]
    folder = pathlib.Path(arguments[1])
    folder.mkdir(parents=True, exist_ok=True)
    burst = max((row["burst"] for row in rows if row["burst"] <= 64), default=32)
    for what, (title, x_title, logarithmic) in TITLES.items():
        lines = series(rows, what, burst)
        if lines:
            path = folder / f"{what}.svg"
            path.write_text(Chart(lines, title, x_title, logarithmic).svg(burst))
            print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
