"""Det som studenten har skrivit: från filerna till det som en övning behöver.

| modul | innehåll |
|---|---|
| `files` | filer, mappar och zip-filer, också i varandra |
| `collect` | en rad per inlämnad fil: vems den är, vilken bok, eller vad som är fel |
| `notebook` | innehållet i en anteckningsboks fil till celler |
| `cells` | en kodcell som Python: IPythons egna rader bort, syntaxfel på svenska |
| `statements` | en sats i en cell: vilka namn den läser, ger och ändrar |
| `extract` | satserna som varje övning behöver (`slice_notebook`) |

Inget av studentens körs här. Paketet följer med till studenten, så att det som läses före
inlämningen läses likadant när den rättas. Därför importerar det aldrig rättaren.
"""
