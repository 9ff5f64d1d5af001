"""Where readings and pictures go."""

from meter_infer.sinks.base import Sink
from meter_infer.sinks.csv import COLUMNS, CsvSink

__all__ = ["COLUMNS", "CsvSink", "Sink"]
