"""Lärarens verktyg runt rättningen: det studenterna får, rapporterna, ändringarna och betygen.

`release` gör studenternas böcker av facit. `reports` och `report/` visar resultaten, och de andra
modulerna är examinatorns ändringar, betygsgränserna och betygskatalogen. Allt bygger på rättarens
resultat; rättaren själv vet ingenting om det, bara kommandot. Följer inte med till studenten.
"""
