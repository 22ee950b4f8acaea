"""Built-in charts, one a file. Floor: 4.

A chart takes a tile's data, already numbers and words, and says how ECharts draws it. Every datum carries ``shown`` (its
value as text) and ``point``: what the page sends back to open the records behind it. Nothing here knows records.
"""
