"""Pure functions between frames and networks: colour, resampling, decoding. No I/O, no state."""
