"""Det som avgör poängen: dolda fall, misstag och rätta lösningar i andra stilar, bok för bok.

Bara läraren har det. Rättaren läser in det på mappens väg (`dqn_helpers.autograder.catalogue`).
"""
