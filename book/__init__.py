"""The book: MyST notebooks, one folder for each chapter, and the package that draws its figures."""
