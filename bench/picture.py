"""A picture of throughput against latency."""

from collections.abc import Mapping, Sequence
from typing import Any


def picture(points: Sequence[Mapping[str, Any]]) -> str:
    """Draw p50 and p99 over throughput as an SVG, one point for each number of callers."""
    wide, high, left, bottom = 640, 360, 70, 50
    most_x = max(point["per_second"] for point in points) * 1.1
    most_y = max(point["p99_ms"] for point in points) * 1.1

    def at(x: float, y: float) -> tuple[float, float]:
        return left + x / most_x * (wide - left - 20), high - bottom - y / most_y * (high - bottom - 20)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" font-family="sans-serif">']
    parts += [f'<rect width="{wide}" height="{high}" fill="white"/>']
    for name, colour in (("p50_ms", "#2a6f97"), ("p99_ms", "#c1121f")):
        places = [at(point["per_second"], point[name]) for point in points]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>' for x, y in places]
        x, y = places[-1]
        parts.append(f'<text x="{x - 60:.1f}" y="{y - 8:.1f}" font-size="12" fill="{colour}">{name[:3]} ms</text>')
    for point in points:
        x, _ = at(point["per_second"], 0)
        parts.append(f'<text x="{x - 10:.1f}" y="{high - 30}" font-size="11">{point["callers"]}</text>')
    parts.append(
        f'<text x="{left}" y="{high - 10}" font-size="12">ballots a second, by callers (0 to {most_x:.0f})</text>'
    )
    parts.append(f'<text x="8" y="20" font-size="12">ms (0 to {most_y:.0f})</text></svg>')
    return "\n".join(parts) + "\n"
