"""Coverage-guided fuzzing of everything that reads a target's bytes; ``make fuzz``, never a part of ``make test``."""
