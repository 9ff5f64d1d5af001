"""Read pointer gauges and liquid levels through ordinary cameras."""

__version__ = "0.1.0"
