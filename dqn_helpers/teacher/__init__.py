"""Lärarens verktyg runt rättningen: det studenterna får, rapporterna, ändringarna och betygen.

`release` gör studenternas böcker av facit. `grading` är kommandot som rättar en klass, `store` det
som sparas, och `reports` och `report/` det som visas. De andra modulerna är examinatorns ändringar,
betygsgränserna och betygskatalogen. Allt bygger på rättarens resultat; rättaren själv vet ingenting
om det. Mappen följer inte med till studenten.
"""
