"""Resultaten i ord och på sidor: studentens sida, klassens sida och sammanfattningen i terminalen.

Här läses resultaten bara. Vad läraren sedan gör med dem (ändringar, betyg, betygskatalogen) står i
mappen ovanför.
"""
