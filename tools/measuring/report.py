# SPDX-License-Identifier: Apache-2.0
"""Results as a table, JSON and a plot, and two results side by side."""

import json
import statistics

references = ("testpmd io", "testpmd macswap")
colours = {"testpmd io": "#b0b0b0", "testpmd macswap": "#6f9fd8", "guideway": "#d9622b"}


def summary_of(windows):
    """Medians and minimums in nanoseconds a packet, and the rate of guideway against the macswap of the same round."""
    ns = {subject: [window.ns_per_packet for window in given] for subject, given in windows.items()}
    ratios = [swap / ours for swap, ours in zip(ns["testpmd macswap"], ns["guideway"])]
    return {
        "ns": {subject: round(statistics.median(values), 2) for subject, values in ns.items()},
        "ns_min": {subject: round(min(values), 2) for subject, values in ns.items()},
        "of_macswap": round(statistics.median(ratios), 3),
    }


def table_of(results):
    lines = [f"{'point':<26}{'io':>8}{'macswap':>9}{'guideway':>10}{'above':>8}{'Mpps':>7}{'of macswap':>12}"]
    for point in results["points"]:
        io, swap, ours = (point["ns"][subject] for subject in (*references, "guideway"))
        lines.append(
            f"{point['name']:<26}{io:>8.1f}{swap:>9.1f}{ours:>10.1f}{ours - swap:>8.1f}{1000 / ours:>7.2f}"
            f"{point['of_macswap']:>12.2f}"
        )
    lines.append("")
    lines.append("io, macswap, guideway: nanoseconds of one core a packet, medians. above: guideway less macswap. of")
    lines.append("macswap: rate of guideway against macswap, median over the rounds.")
    return "\n".join(lines) + "\n"


def plot_of(results):
    """Horizontal bars, as SVG: nothing but text, so that it can be looked at and compared anywhere."""
    rows = [(point["name"], subject, point["ns"][subject]) for point in results["points"] for subject in colours]
    longest = max(value for _, _, value in rows)
    left, width, bar, gap = 190, 620, 9, 8
    height = len(results["points"]) * (3 * bar + gap) + 50
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 70}" height="{height}"']
    parts[0] += ' font-family="sans-serif" font-size="11">'
    parts.append('<rect width="100%" height="100%" fill="white"/>')
    for at, (subject, colour) in enumerate(colours.items()):
        parts.append(f'<rect x="{left + at * 150}" y="8" width="10" height="10" fill="{colour}"/>')
        parts.append(f'<text x="{left + at * 150 + 15}" y="17">{subject}, ns a packet</text>')
    y = 32
    for number, (name, subject, value) in enumerate(rows):
        if number % 3 == 0:
            y += gap if number else 0
            parts.append(f'<text x="{left - 8}" y="{y + 18}" text-anchor="end">{name}</text>')
        length = value / longest * width
        parts.append(f'<rect x="{left}" y="{y}" width="{length:.1f}" height="{bar - 1}" fill="{colours[subject]}"/>')
        parts.append(f'<text x="{left + length + 4:.1f}" y="{y + 8}" font-size="9">{value:.1f}</text>')
        y += bar
    return "\n".join([*parts, "</svg>"]) + "\n"


def write(results, folder):
    (folder / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    (folder / "results.txt").write_text(table_of(results))
    (folder / "results.svg").write_text(plot_of(results))


def load(path):
    path = path / "results.json" if path.is_dir() else path
    return {point["name"]: point for point in json.loads(path.read_text())["points"]}


def comparison(before, after):
    """Only what both have. `above` is what guideway costs beyond the macswap of its own run."""
    lines = [f"{'point':<26}{'above, before':>14}{'after':>8}{'change':>9}{'of macswap, before':>20}{'after':>7}"]
    for name in before:
        if name not in after:
            continue
        above = [p["ns"]["guideway"] - p["ns"]["testpmd macswap"] for p in (before[name], after[name])]
        change = f"{above[1] - above[0]:+.1f} ns"
        ratios = before[name]["of_macswap"], after[name]["of_macswap"]
        lines.append(f"{name:<26}{above[0]:>14.1f}{above[1]:>8.1f}{change:>9}{ratios[0]:>20.2f}{ratios[1]:>7.2f}")
    if len(lines) == 1:
        lines.append("no point is in both")
    return "\n".join(lines) + "\n"
