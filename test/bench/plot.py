"""Horizontal bars on a logarithmic scale, as SVG that can be read on a light and on a dark page."""
import html
import math

WIDTH = 760
LEFT = 150  # Where the bars begin.
RIGHT = 90  # Room for the figures behind them.
ROW = 18
# Grey text is legible on white and on black; what differs is left to the reader's own setting.
STYLE = """
text { font: 12px -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #57606a }
.title { font-size: 14px; font-weight: 600 } .group { font-weight: 600 } .axis { font-size: 10px }
.grid { stroke: #8c959f; stroke-opacity: 0.35 }
.ours { fill: #0969da } .peer { fill: #bf8700 } .sockets { fill: #8c959f }
@media (prefers-color-scheme: dark) {
  text { fill: #9198a1 } .ours { fill: #4493f8 } .peer { fill: #d29922 } .sockets { fill: #6e7681 }
}"""


def colour(peer):
    return {"holdfast": "ours", "holdfast_minimal": "ours", "sockets": "sockets"}.get(peer, "peer")


def bars(title, groups, text_of):
    """`groups`: title and bars of each; a bar: name, value above 0, and the peer, which chooses its colour."""
    values = [value for _, found in groups for _, value, _ in found]
    first = math.floor(math.log10(min(values)))
    last = max(math.ceil(math.log10(max(values))), first + 1)

    def x(value):
        return LEFT + (WIDTH - LEFT - RIGHT) * (math.log10(value) - first) / (last - first)

    height = 34 + sum(ROW * (len(found) + 1) + 8 for _, found in groups) + 16
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img">',
             f"<title>{html.escape(title)}</title><style>{STYLE}</style>",
             f'<text class="title" x="8" y="20">{html.escape(title)}</text>']
    for power in range(first, last + 1):
        at = x(10.0 ** power)
        lines.append(f'<line class="grid" x1="{at:.1f}" y1="34" x2="{at:.1f}" y2="{height - 18}"/>'
                     f'<text class="axis" x="{at:.1f}" y="{height - 5}" text-anchor="middle">{text_of(10.0 ** power)}</text>')
    y = 34
    for group, found in groups:
        lines.append(f'<text class="group" x="8" y="{y + 13}">{html.escape(group)}</text>')
        y += ROW
        for name, value, peer in found:
            # One at the left end of the scale is still to be seen.
            width = max(x(value) - LEFT, 1)
            lines.append(f'<text x="{LEFT - 8}" y="{y + 13}" text-anchor="end">{html.escape(name.replace("`", ""))}</text>'
                         f'<rect class="{colour(peer)}" x="{LEFT}" y="{y + 3}" width="{width:.1f}" height="{ROW - 5}" rx="2"/>'
                         f'<text x="{LEFT + width + 6:.1f}" y="{y + 13}">{text_of(value)}</text>')
            y += ROW
        y += 8
    return "\n".join(lines + ["</svg>"]) + "\n"
