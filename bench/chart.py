"""A chart of latency over throughput."""

from collections.abc import Mapping, Sequence
from typing import Any


def chart(points: Sequence[Mapping[str, Any]]) -> str:
    """Return an SVG chart of p50 and p99 over throughput, with a point for each number of callers."""
    width, height, left, bottom = 640, 360, 70, 50
    most_x = max(point["per_second"] for point in points) * 1.1
    most_y = max(point["p99_ms"] for point in points) * 1.1

    def at(x: float, y: float) -> tuple[float, float]:
        return left + x / most_x * (width - left - 20), height - bottom - y / most_y * (height - bottom - 20)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif">']
    parts += [f'<rect width="{width}" height="{height}" fill="white"/>']
    for name, colour in (("p50_ms", "#2a6f97"), ("p99_ms", "#c1121f")):
        positions = [at(point["per_second"], point[name]) for point in points]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in positions)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>' for x, y in positions]
        x, y = positions[-1]
        parts.append(f'<text x="{x - 60:.1f}" y="{y - 8:.1f}" font-size="12" fill="{colour}">{name[:3]} ms</text>')
    for point in points:
        x, _ = at(point["per_second"], 0)
        parts.append(f'<text x="{x - 10:.1f}" y="{height - 30}" font-size="11">{point["callers"]}</text>')
    parts.append(
        f'<text x="{left}" y="{height - 10}" font-size="12">ballots a second, by callers (0 to {most_x:.0f})</text>'
    )
    parts.append(f'<text x="8" y="20" font-size="12">ms (0 to {most_y:.0f})</text></svg>')
    return "\n".join(parts) + "\n"
