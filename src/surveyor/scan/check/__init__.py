"""Evidence → outcomes → findings: one file per rule, one table of words per domain.

``registry`` lists all; who needs the rules of one domain imports its folder, which brings no other.
"""
