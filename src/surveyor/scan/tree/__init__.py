"""The read-only virtual filesystem: bytes seen as named files, never unpacked to disk.

``entry`` is the vocabulary, ``tar`` and ``zip`` read their formats over mapped or inflated bytes, ``stream`` gives them
those bytes within limits, ``overlay`` lays image layers over each other.
"""
