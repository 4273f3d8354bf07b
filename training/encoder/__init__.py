"""The recipe of the fast encoder: token vectors, label-wise attention, the decider, and the folder they ship in."""
