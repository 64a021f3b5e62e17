"""Det som studenten har skrivit: från en anteckningsboks celler till det som en övning behöver.

| modul | innehåll |
|---|---|
| `cells` | en kodcell som Python: IPythons egna rader bort, syntaxfel på svenska |
| `statements` | en sats i en cell: vilka namn den läser, ger och ändrar |
| `extract` | satserna som varje övning behöver (`slice_notebook`) |

Inget av studentens körs här. Paketet följer med till studenten, så att det som läses före
inlämningen läses likadant när den rättas. Därför importerar det aldrig rättaren.
"""
