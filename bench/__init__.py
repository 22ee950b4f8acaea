"""Figures as ratios: ``python -m bench [name …] [--full]`` runs each in a process of its own and prints what it found.

Only ratios and CPU time mean something on a shared machine, so a rival is always measured in the same run, by turns.
"""
