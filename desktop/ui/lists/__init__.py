"""「リスト」: tags, people chosen here, and people who enter a code."""
