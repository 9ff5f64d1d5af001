"""How good is good: labels, scores by condition, detection precision, pictures of the errors."""
