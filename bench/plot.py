"""Curves as SVG, by matplotlib, which only this needs.

Law: the same figures give the same file, byte for byte.
"""

import io
from collections.abc import Mapping, Sequence


def plotted(
    across: str, up: str, places: Sequence[float], curves: Mapping[str, Sequence[float]]
) -> str | None:
    """Over a logarithmic axis, the other from zero; None without matplotlib."""
    try:
        import matplotlib as mpl  # noqa: PLC0415
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError:
        return None
    mpl.rcParams.update({"svg.hashsalt": "venuewire", "svg.fonttype": "none"})
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    axes = figure.add_subplot()
    for name, heights in curves.items():
        axes.plot(places, heights, marker="o", label=name)
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    axes.grid(visible=True, alpha=0.3)
    axes.legend(frameon=False)
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    return "\n".join(line.rstrip() for line in drawn.getvalue().splitlines()) + "\n"
