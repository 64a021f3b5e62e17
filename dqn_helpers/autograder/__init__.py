"""Lärarens verktyg: studentversionen av anteckningsböckerna och rättningen av inlämningar.

Inget utanför det här paketet importerar det: studenten behöver det inte.
"""
