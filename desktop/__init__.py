"""What town staff run: the program that writes, counts and sends on the staff's own machine.

Layers, each importing to the right only:
__main__ > app > ui > ( features | sync ) > replica > keys > ( config, paths, errors, log ).
"""
