"""「見え方の目安」: a phone painted beside the editor."""
