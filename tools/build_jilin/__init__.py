"""Rebuild the Jilin pack from its source tables: ``python -m tools.build_jilin --from FOLDER [--check]``.

The folder holds the collected tables (places.csv, population_county_2020.csv, counties.geojson, roads.geojson,
road_nodes.csv, road_edges.csv, the rail and air tables, statistics.csv, and parameters.csv beside or above them).
The same input gives the same bytes, so a pack can be rebuilt and compared.
"""
