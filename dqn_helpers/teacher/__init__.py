"""Lärarens verktyg runt rättningen: examinatorns ändringar, betygsgränser och betygskatalogen.

De bygger på rättarens resultat; rättaren själv vet ingenting om dem, bara kommandot använder dem.
Följer inte med till studenten.
"""
