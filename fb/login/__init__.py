"""The trip to Facebook and back: start, return, fetch, preview, save."""
