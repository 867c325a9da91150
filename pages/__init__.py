"""The screens. A screen is ours; a Page, with a capital, is Facebook's."""
