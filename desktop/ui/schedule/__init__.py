"""「いつ」: the panel of the editor, and the list of next moments."""
