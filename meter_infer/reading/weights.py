"""Weights of the evidence. Written by `meter-infer train confidence`; do not edit by hand."""

ACCEPT = 0.0
BIAS = 30.0
WEIGHTS = (0.0,) * 26

TUBE_ACCEPT = 0.0
TUBE_BIAS = 30.0
TUBE_WEIGHTS = (0.0,) * 13
