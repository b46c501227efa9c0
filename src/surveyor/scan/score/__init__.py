"""Evidence → one number: each profile is a folder with its tests, its points and its letters.

A test is one file: evidence in, one outcome of a closed list out. Points, words and letters stand in the profile, so
that another edition of it changes no test.
"""
