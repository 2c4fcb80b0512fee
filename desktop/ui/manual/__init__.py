"""「マニュアル」: the pages, F1, printing."""
