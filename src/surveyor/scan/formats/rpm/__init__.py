"""RPM's own formats: its header, the file around it, and the three kinds of database that hold headers.

``header`` reads one header, ``file`` finds it in a ``.rpm``, ``package`` is what it says of a package, ``sqlite``,
``ndb`` and ``bdb`` give the headers of a database, and ``database`` tells which of them one is.
"""
