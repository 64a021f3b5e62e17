"""Kursen som webbok: `python kurs.py book` gör en svensk webbplats av böckerna.

`chapters.py` lägger fram kapitlen, Sphinx och MyST-NB kör och sätter dem efter `conf.py`, och
`__main__.py` är kommandot.
"""
